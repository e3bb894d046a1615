import { Link } from "wouter-preact";
import { day } from "../ui/time.tsx";
import { useStanding } from "./standing.ts";

/** On every page while a bill is unpaid: until when what goes on, and where to mend it. */
export function Banner() {
  const standing = useStanding();
  if (standing?.state === "grace")
    return (
      <aside class="banner wait" aria-label="Billing notice">
        <p>
          <strong>A payment failed.</strong> Your apps run on and you can roll back
          {standing.until && (
            <>
              {" "}
              until <time dateTime={standing.until}>{day(standing.until)}</time>
            </>
          )}
          ; deploys are paused. <Link href="/billing">Mend the payment</Link>
        </p>
      </aside>
    );
  if (standing?.state === "restricted" && standing.because === "ended")
    return (
      <aside class="banner bad" aria-label="Billing notice">
        <p>
          <strong>Your plan has ended.</strong> Your apps, their data, logs and backups are untouched; changes are off until you
          choose one. <Link href="/plans">Choose a plan</Link>
        </p>
      </aside>
    );
  if (standing?.state === "restricted" && standing.because === "paused")
    return (
      <aside class="banner bad" aria-label="Billing notice">
        <p>
          <strong>Your subscription is paused.</strong> Your apps, their data, logs and backups are untouched; changes are off
          until it is resumed. <Link href="/billing">See billing</Link>
        </p>
      </aside>
    );
  if (standing?.state === "restricted")
    return (
      <aside class="banner bad" aria-label="Billing notice">
        <p>
          <strong>The bill is unpaid.</strong> Your apps, their data, logs and backups are untouched; changes are off until it is
          paid. <Link href="/billing">Pay the open bill</Link>
        </p>
      </aside>
    );
  return null;
}
