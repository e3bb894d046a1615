import { useMutation, useQuery } from "@tanstack/preact-query";
import { api, read } from "../api.ts";
import { Button } from "../ui/button.tsx";
import { Loaded } from "../ui/loaded.tsx";
import { Page } from "../ui/page.tsx";
import { Refusal } from "../ui/refusal.tsx";
import { billingKey } from "./billing.tsx";
import { leaveTo } from "./leave.ts";
import { PlanCard, type PlanView, usePlans } from "./plan-card.tsx";

/** Choosing a plan; paying happens on Stripe's page. */
export function Plans() {
  const plans = usePlans();
  const billing = useQuery({ queryKey: billingKey, queryFn: () => read(api.billing.$get()) });
  const choose = useMutation({
    mutationFn: (plan: PlanView["name"]) => read(api.billing.checkout.$post({ json: { plan } })),
    onSuccess: ({ url }) => leaveTo(url),
  });
  const current = billing.data?.entitlement === "none" ? null : billing.data?.plan;
  const taken = current ? "Change plans in the billing portal" : undefined;
  return (
    <Page title="Choose a plan" lead="Flat, monthly, nothing metered. It takes effect the moment it is paid.">
      <Refusal error={choose.error} />
      <Loaded query={plans} lines={4}>
        {({ items }) => (
          <ul class="plans">
            {items.map((plan) => (
              <PlanCard key={plan.name} plan={plan} mark={plan.name === current ? "Yours" : undefined}>
                <Button
                  kind={current ? "plain" : "main"}
                  label={`Choose ${plan.title}`}
                  busy={choose.isPending && choose.variables === plan.name}
                  reason={plan.name === current ? "This is your plan" : taken}
                  onClick={() => choose.mutate(plan.name)}
                >
                  Choose {plan.title}
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
    </Page>
  );
}
