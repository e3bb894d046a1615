import { restrictionWords } from "@berth/api-client/entitlement.ts";
import { Link } from "wouter-preact";
import { day } from "../ui/time.tsx";
import { useEntitlement } from "./entitlement.ts";

/** Why changes are off, until when, and where that is fixed. */
const off = {
  ended: { until: "you choose one", link: <Link href="/plans">Choose a plan</Link> },
  paused: { until: "it is resumed", link: <Link href="/billing">See billing</Link> },
  unpaid: { until: "it is paid", link: <Link href="/billing">Pay the open bill</Link> },
} as const;

/** On every page while a bill is unpaid: until when what goes on, and where to fix it. */
export function Banner() {
  const entitlement = useEntitlement();
  if (entitlement?.state === "grace")
    return (
      <aside class="banner wait" aria-label="Billing notice">
        <p>
          <strong>A payment failed.</strong> Your apps keep running and you can roll back
          {entitlement.until && (
            <>
              {" "}
              until <time dateTime={entitlement.until}>{day(entitlement.until)}</time>
            </>
          )}
          ; deploys are paused. <Link href="/billing">Fix the payment</Link>
        </p>
      </aside>
    );
  if (entitlement?.state !== "restricted") return null;
  const why = entitlement.because ?? "unpaid";
  const { until, link } = off[why];
  return (
    <aside class="banner bad" aria-label="Billing notice">
      <p>
        <strong>{restrictionWords[why]}.</strong> Your apps keep running, and status and logs stay readable; changes are off until{" "}
        {until}. {link}
      </p>
    </aside>
  );
}
