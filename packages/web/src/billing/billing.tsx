import { body } from "@berth/api-client/client.ts";
import { offWords } from "@berth/domain/entitlement/words.ts";
import { useMutation, useQuery, useQueryClient } from "@tanstack/preact-query";
import { Link } from "wouter-preact";
import { api } from "../api.ts";
import { needsProof, Prove } from "../auth/prove.tsx";
import { useMe } from "../me.ts";
import { billingQuery, plansQuery, usageQuery } from "../queries.ts";
import { Button, ButtonLink } from "../ui/button.tsx";
import { Fact, Facts } from "../ui/facts.tsx";
import { Loaded } from "../ui/loaded.tsx";
import { Page, Section } from "../ui/page.tsx";
import { Refusal } from "../ui/refusal.tsx";
import { Status, type Tone } from "../ui/status.tsx";
import { Ago, Day } from "../ui/time.tsx";
import { said } from "../ui/toast.tsx";
import { Invoices } from "./invoices.tsx";
import { leaveTo } from "./leave.ts";

const meaning = (why: keyof typeof offWords) => {
  const { keeps, off, until } = offWords[why];
  return `${keeps}; ${off} until ${until}.`;
};

const entitlementWords = {
  none: { tone: "off", word: "No plan", means: "You can look around; deploying needs a plan." },
  active: { tone: "good", word: "Active", means: "Everything works." },
  grace: { tone: "wait", word: "Payment failed", means: meaning("grace") },
  restricted: { tone: "bad", word: "Unpaid", means: meaning("unpaid") },
  ended: { tone: "bad", word: "Ended", means: meaning("ended") },
  paused: { tone: "bad", word: "Paused", means: meaning("paused") },
} as const satisfies Record<string, { tone: Tone; word: string; means: string }>;

/** What one goes to Stripe's page for. */
const portalNames = {
  active: "Card, invoices, cancelling",
  grace: offWords.grace.fix,
  restricted: offWords.grace.fix,
  unpaid: offWords.grace.fix,
  ended: "Card and invoices",
  paused: "Card and invoices",
} as const;

export function Billing() {
  const queries = useQueryClient();
  const support = useMe().data?.support;
  const plans = useQuery(plansQuery);
  const billing = useQuery(billingQuery);
  const usage = useQuery(usageQuery);
  const portal = useMutation({
    mutationFn: () => body(api.billing.portal.$post()),
    onSuccess: ({ url }) => leaveTo(url),
  });
  const refresh = useMutation({
    mutationFn: () => body(api.billing.refresh.$post({ json: {} })),
    onSuccess: async (state) => {
      queries.setQueryData(billingQuery.queryKey, state);
      await queries.invalidateQueries(usageQuery);
      said("Looked again just now.");
    },
  });
  const title = (name: string | null) => plans.data?.items.find((plan) => plan.name === name)?.title ?? name;
  return (
    <Page title="Billing">
      <Loaded query={billing} lines={4}>
        {(state) => {
          const words =
            entitlementWords[state.because === "ended" || state.because === "paused" ? state.because : state.entitlement];
          const choose = state.entitlement === "none" || state.because === "ended";
          return (
            <>
              <div class="card billing">
                <div class="billing-head">
                  <p class="billing-plan">
                    {state.plan ? title(state.plan) : state.because ? "No plan any more" : "No plan yet"}
                  </p>
                  <Status tone={words.tone}>{words.word}</Status>
                </div>
                <p>{words.means}</p>
                {state.reason === "authentication_required" && (
                  <p class="note">Your bank asks you to confirm the payment: open the invoice below that is open.</p>
                )}
                {support && (state.hold || state.because === "paused") && (
                  <p>
                    To settle it, write to <a href={`mailto:${support}`}>{support}</a>.
                  </p>
                )}
                {state.hold && <p class="note bad">A payment is disputed, so nothing can be added until that is settled.</p>}
                <Facts>
                  {state.entitlement === "grace" && state.graceUntil && (
                    <Fact term="Grace ends">
                      <strong>
                        <Day at={state.graceUntil} />
                      </strong>
                      , <Ago at={state.graceUntil} />
                    </Fact>
                  )}
                  {state.entitlement === "active" && state.periodEnd && !state.cancelAt && !state.hold && (
                    <Fact term="Paid until">
                      <Day at={state.periodEnd} />
                    </Fact>
                  )}
                  {state.cancelAt && (
                    <Fact term="Ends">
                      <Day at={state.cancelAt} />, as you asked
                    </Fact>
                  )}
                  {state.pendingPlan && <Fact term="Then">{title(state.pendingPlan)}</Fact>}
                  {state.syncedAt && (
                    <Fact term="As of">
                      <Ago at={state.syncedAt} />
                    </Fact>
                  )}
                </Facts>
                {needsProof(portal.error) && <Prove onProved={() => portal.mutate()} onClose={() => portal.reset()} />}
                <Refusal error={(needsProof(portal.error) ? null : portal.error) ?? refresh.error} />
                <div class="actions">
                  {choose && (
                    <ButtonLink href="/plans" kind="main">
                      Choose a plan
                    </ButtonLink>
                  )}
                  {state.entitlement !== "none" && (
                    <Button kind={choose ? "plain" : "main"} busy={portal.isPending} onClick={() => portal.mutate()}>
                      {portalNames[state.because ?? state.entitlement]}
                    </Button>
                  )}
                  {state.entitlement === "active" && <ButtonLink href="/plans">Change the plan</ButtonLink>}
                  <Button busy={refresh.isPending} onClick={() => refresh.mutate()}>
                    Refresh
                  </Button>
                </div>
                <p class="hint">
                  Cards and invoices are kept by Stripe and shown on its page. See what <Link href="/pricing">each plan</Link>{" "}
                  includes.
                </p>
              </div>
              {state.over && (
                <p class="note">
                  More is used than the plan covers. All of it keeps running; nothing can be added until it fits.
                </p>
              )}
              <Section title="Usage">
                <Loaded query={usage} lines={2}>
                  {(used) => (
                    <>
                      <ul class="meters">
                        <Meter what="App slots" used={used.slots.used} limit={used.slots.limit} />
                        <Meter what="Targets" used={used.targets.used} limit={used.targets.limit} />
                      </ul>
                      {used.logsShorter && (
                        <p class="note">
                          New logs are kept {used.logDays} days; from <Day at={used.logsShorter.at} /> on {used.logsShorter.days}{" "}
                          days.
                        </p>
                      )}
                    </>
                  )}
                </Loaded>
              </Section>
              {state.entitlement !== "none" && <Invoices />}
            </>
          );
        }}
      </Loaded>
    </Page>
  );
}

function Meter({ what, used, limit }: { what: string; used: number; limit: number }) {
  return (
    <li class="meter">
      <span>{what}</span>
      <strong>{limit > 0 ? `${used} of ${limit}` : used}</strong>
      <svg class="gauge" viewBox="0 0 100 1" preserveAspectRatio="none" aria-hidden="true">
        <rect width={limit > 0 ? Math.min(100, (100 * used) / limit) : 0} height="1" />
      </svg>
    </li>
  );
}
