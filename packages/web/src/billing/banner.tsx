import { offWords } from "@berth/domain/entitlement/words.ts";
import { Link } from "wouter-preact";
import { day } from "../ui/time.tsx";
import { useEntitlement } from "./entitlement.ts";

/** On every page while a bill is unpaid: what goes on until when, and where to fix it. */
export function Banner() {
  const { state, until, because } = useEntitlement() ?? {};
  if (state !== "grace" && state !== "restricted") return null;
  const why = state === "grace" ? state : (because ?? "unpaid");
  const words = offWords[why];
  return (
    <aside class={why === "grace" ? "banner wait" : "banner bad"} aria-label="Billing notice">
      <p>
        <strong>{words.what}.</strong> {words.keeps}
        {until && (
          <>
            {" "}
            until <time dateTime={until}>{day(until)}</time>
          </>
        )}
        ; {words.off} until {words.until}. <Link href={why === "ended" ? "/plans" : "/billing"}>{words.fix}</Link>
      </p>
    </aside>
  );
}
