import { body } from "@berth/api-client/client.ts";
import { useMutation, useQuery } from "@tanstack/preact-query";
import { useState } from "preact/hooks";
import { api } from "../api.ts";
import { billingQuery, plansQuery } from "../queries.ts";
import { Button } from "../ui/button.tsx";
import { Loaded } from "../ui/loaded.tsx";
import { Page } from "../ui/page.tsx";
import { Refusal } from "../ui/refusal.tsx";
import { Day } from "../ui/time.tsx";
import { ChangePlan } from "./change-plan.tsx";
import { leaveTo } from "./leave.ts";
import { PlanCard, type PlanView } from "./plan-card.tsx";
import { growReason } from "./reason.ts";

/** Choosing a plan, paid on Stripe's page; or changing the one there is. */
export function Plans() {
  const plans = useQuery(plansQuery);
  const billing = useQuery(billingQuery);
  const [changing, setChanging] = useState<PlanView>();
  const choose = useMutation({
    mutationFn: (plan: PlanView["name"]) => body(api.billing.checkout.$post({ json: { plan } })),
    onSuccess: ({ url }) => leaveTo(url),
  });
  const state = billing.data;
  const current = state === undefined || state.entitlement === "none" ? null : state.plan;
  const later = state?.pendingPlan ? plans.data?.items.find(({ name }) => name === state.pendingPlan)?.title : undefined;
  const reasonOf = (plan: PlanView) => {
    if (!current) return undefined;
    if (plan.name === current && !state?.pendingPlan) return "This is your plan";
    if (plan.name === state?.pendingPlan) return "Planned already";
    return growReason(state && { state: state.entitlement, because: state.because });
  };
  return (
    <Page
      title="Plans"
      lead={
        current
          ? "A larger plan starts at once, a smaller one at the end of the paid month."
          : "Flat, monthly, nothing metered. It takes effect the moment it is paid."
      }
    >
      {later && state?.periodEnd && (
        <p class="note">
          {later} begins on <Day at={state.periodEnd} />.
        </p>
      )}
      <Refusal error={choose.error ?? (billing.error || undefined)} />
      <Loaded query={plans} lines={4}>
        {({ items }) => (
          <ul class="plans">
            {items.map((plan) => (
              <PlanCard key={plan.name} plan={plan} mark={plan.name === current ? "Yours" : undefined}>
                <Button
                  kind={current ? "plain" : "main"}
                  busy={choose.isPending && choose.variables === plan.name}
                  reason={reasonOf(plan)}
                  onClick={() => (current ? setChanging(plan) : choose.mutate(plan.name))}
                >
                  {!current ? `Choose ${plan.title}` : plan.name === current ? `Keep ${plan.title}` : `Change to ${plan.title}`}
                </Button>
              </PlanCard>
            ))}
          </ul>
        )}
      </Loaded>
      <p class="hint">
        One slot is one running app, however many containers and environments it has. Payment is taken by Stripe; card numbers
        never reach us.
      </p>
      {changing && <ChangePlan plan={changing} onClose={() => setChanging(undefined)} />}
    </Page>
  );
}
