import { body } from "@berth/api-client/client.ts";
import { useMutation, useQuery, useQueryClient } from "@tanstack/preact-query";
import { useEffect } from "preact/hooks";
import { useLocation, useSearch } from "wouter-preact";
import { api } from "../api.ts";
import { billingQuery, invoicesQuery, paymentQuery, plansQuery, usageQuery } from "../queries.ts";
import { ButtonLink } from "../ui/button.tsx";
import { Skeleton } from "../ui/loaded.tsx";
import { Page } from "../ui/page.tsx";
import { Refusal } from "../ui/refusal.tsx";
import { failed } from "../ui/toast.tsx";

const ASK_AGAIN_MS = 3_000;
const ASK_TIMES = 10;

/** Where Stripe's pages lead back to: from a payment page, whose session the address names, or from the portal. */
export function BillingReturn() {
  const session = new URLSearchParams(useSearch()).get("session_id");
  return session ? <Paid session={session} /> : <FromPortal />;
}

/** Asks for the state of that very payment until it is known. */
function Paid({ session }: { session: string }) {
  const plans = useQuery(plansQuery);
  const queries = useQueryClient();
  const refresh = useQuery({
    ...paymentQuery(session),
    refetchInterval: ({ state }) =>
      state.data?.entitlement !== "active" && !state.error && state.dataUpdateCount < ASK_TIMES ? ASK_AGAIN_MS : false,
  });
  const state = refresh.data;
  useEffect(() => {
    if (!state) return;
    queries.setQueryData(billingQuery.queryKey, state);
    void queries.invalidateQueries(usageQuery);
  }, [queries, state]);
  if (state?.entitlement === "active") {
    const plan = plans.data?.items.find(({ name }) => name === state.plan);
    return (
      <Page title="Your plan is active" narrow>
        <div class="card form" role="status">
          <p>
            {plan
              ? `${plan.title} is paid: ${plan.slots} app slots and ${plan.targets} targets are yours.`
              : "Your plan is paid."}{" "}
            The receipt is under Billing; we have mailed you a link to it as well.
          </p>
          <div class="actions">
            <ButtonLink href="/targets" kind="main">
              Add a target
            </ButtonLink>
            <ButtonLink href="/">Go to apps</ButtonLink>
          </div>
        </div>
      </Page>
    );
  }
  return (
    <Page title="Confirming your payment" lead="This takes a few seconds." narrow>
      <Refusal error={refresh.error} />
      {!refresh.error && <Skeleton lines={2} />}
      {state && <p class="hint">It is not confirmed yet. If you left the payment page before the end, nothing was charged.</p>}
      <div class="actions">
        <ButtonLink href="/billing">See billing</ButtonLink>
        <ButtonLink href="/plans">Back to the plans</ButtonLink>
      </div>
    </Page>
  );
}

/** Whatever was done in the portal holds at once: looks at Stripe again, then shows how things stand. */
function FromPortal() {
  const queries = useQueryClient();
  const [, go] = useLocation();
  const refresh = useMutation({
    mutationFn: () => body(api.billing.refresh.$post({ json: {} })),
    onError: failed,
    onSuccess: (state) => queries.setQueryData(billingQuery.queryKey, state),
    onSettled: async () => {
      await Promise.all([queries.invalidateQueries(usageQuery), queries.invalidateQueries({ queryKey: invoicesQuery.queryKey })]);
      go("/billing", { replace: true });
    },
  });
  const { mutate } = refresh;
  useEffect(() => mutate(), [mutate]);
  return (
    <Page title="Billing" placeholder>
      <Skeleton lines={4} />
    </Page>
  );
}
