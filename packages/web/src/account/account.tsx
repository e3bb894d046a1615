import { useState } from "preact/hooks";
import { Link } from "wouter-preact";
import { useMe } from "../me.ts";
import { Button } from "../ui/button.tsx";
import { Fact, Facts } from "../ui/facts.tsx";
import { Page, Section } from "../ui/page.tsx";
import { CloseAccount } from "./close-account.tsx";
import { Sessions } from "./sessions.tsx";

/** Who is signed in, and how to leave for good. */
export function Account() {
  const me = useMe().data;
  const [closing, setClosing] = useState(false);
  if (!me) return null;
  return (
    <Page title="Account" lead={me.email}>
      <Facts>
        <Fact term="Account">
          <code>{me.tenant}</code>
        </Fact>
      </Facts>
      <p>
        Plan, card and invoices are under <Link href="/billing">Billing</Link>, who may use the API under{" "}
        <Link href="/tokens">Tokens</Link>, what was done under <Link href="/audit">Audit</Link>.
      </p>
      <Section title="Where you are signed in">
        <Sessions />
      </Section>
      <Section title="Close the account">
        <div class="remove">
          <p>
            Ends the subscription at once, without a refund, then erases everything we keep: apps, servers, logs, tokens. What
            runs on your servers keeps running. Invoices stay with the payment service, as the law requires.
          </p>
          <Button kind="danger" onClick={() => setClosing(true)}>
            Close the account
          </Button>
        </div>
        {closing && <CloseAccount onClose={() => setClosing(false)} />}
      </Section>
    </Page>
  );
}
