import { useQuery } from "@tanstack/preact-query";
import { money } from "../billing/plan-card.tsx";
import { plansQuery } from "../queries.ts";
import { ButtonLink } from "../ui/button.tsx";
import { Page } from "../ui/page.tsx";
import { Hull } from "./quay.tsx";

const promises = [
  [
    "Deployed means verified",
    "A release counts when its health checks pass. One that never gets healthy is taken out by itself, the one before serves again, and the command exits non-zero.",
  ],
  [
    "Known before it is done",
    "A plan says for each server what is created or replaced and why, what is down for a moment, and what data is at risk. It is applied as it was shown, or not at all.",
  ],
  [
    "Nothing to install on the server",
    "Docker with Compose and an SSH port are enough, also for what your compose.yaml builds. It stays as it is, and your apps keep running if you leave.",
  ],
  [
    "From your registry and your pipeline",
    "Private images are pulled with a login that is stored once and sealed. A job of your pipeline signs in by its own identity, without a stored secret.",
  ],
  [
    "A bill never stops an app",
    "When a payment fails, deploys pause. Your apps keep running, and status and logs stay readable.",
  ],
  [
    "Made for terminals and agents",
    "JSON from every command, stable error codes, tokens as narrow as one app and one verb, and every refusal says what to do next.",
  ],
] as const;

/** What Berth is, for somebody who has not seen it. */
export function Landing() {
  const cheapest = useQuery(plansQuery).data?.items[0];
  return (
    <Page
      title="A berth for every app, on your own servers"
      class="landing"
      tab="Compose apps on your own servers"
      lead="Write a compose.yaml, run one command, and your app is live on the servers you already pay for: released with health checks, and one command away from the release before."
      actions={
        <>
          <ButtonLink href="/login" kind="main">
            Sign up
          </ButtonLink>
          <ButtonLink href="/pricing">
            {cheapest ? `From ${money(cheapest.price, cheapest.currency)} a month` : "Pricing"}
          </ButtonLink>
        </>
      }
    >
      <figure class="terminal" aria-label="What a deploy looks like in a terminal">
        <pre>
          <span class="t-dim">$</span> berth deploy{"\n"}
          <span class="t-dim">shop, release 7, to web1 and web2</span>
          {"\n"}
          {"  web1  "}pull <span class="t-good">✓</span> start <span class="t-good">✓</span> verify <span class="t-good">✓</span>
          {"\n"}
          {"  web2  "}pull <span class="t-good">✓</span> start <span class="t-good">✓</span> verify <span class="t-good">✓</span>
          {"\n"}Release 7 is live on web1, web2
        </pre>
        <div class="terminal-quay" aria-hidden="true">
          <span class="pier-place">
            <Hull />
          </span>
          <span class="pier-place">
            <Hull />
          </span>
          <span class="pier-place" />
          <span class="pier-place" />
        </div>
      </figure>
      <ul class="promises">
        {promises.map(([title, text]) => (
          <li key={title}>
            <h2>{title}</h2>
            <p>{text}</p>
          </li>
        ))}
      </ul>
    </Page>
  );
}
