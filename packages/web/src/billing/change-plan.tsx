import { body } from "@berth/api-client/client.ts";
import type { PlanChange } from "@berth/api-client/types.ts";
import type { PricingPlanName } from "@berth/domain/pricing/plans.ts";
import { useMutation, useQuery, useQueryClient } from "@tanstack/preact-query";
import { api } from "../api.ts";
import { useOnce } from "../once.ts";
import { billingQuery, planChangeQuery, usageQuery } from "../queries.ts";
import { Button } from "../ui/button.tsx";
import { Dialog } from "../ui/dialog.tsx";
import { Loaded } from "../ui/loaded.tsx";
import { Refusal } from "../ui/refusal.tsx";
import { day } from "../ui/time.tsx";
import { said } from "../ui/toast.tsx";
import { leaveTo } from "./leave.ts";
import { money } from "./plan-card.tsx";

interface Props {
  readonly plan: { readonly name: PricingPlanName; readonly title: string };
  readonly onClose: () => void;
}

/** Changing the plan, after seeing what it costs now and when it holds. */
export function ChangePlan({ plan, onClose }: Props) {
  const queries = useQueryClient();
  const once = useOnce();
  const preview = useQuery(planChangeQuery(plan.name));
  const change = useMutation({
    mutationFn: () => {
      const json = { plan: plan.name };
      return body(api.billing.plan.$post({ json }, once(json)));
    },
    onSuccess: async (done) => {
      if (done.url) return leaveTo(done.url);
      await Promise.all([queries.invalidateQueries(billingQuery), queries.invalidateQueries(usageQuery)]);
      said(
        done.status === "planned"
          ? `${plan.title} begins on ${day(done.at)}. Until then everything stays as it is.`
          : `${plan.title} is in force.`,
      );
      onClose();
    },
  });
  return (
    <Dialog title={`Change to ${plan.title}?`} onClose={onClose}>
      <Loaded query={preview} lines={2}>
        {(found) => (
          <>
            <Terms change={found} title={plan.title} />
            <Refusal error={change.error} />
            <div class="actions">
              <Button kind="main" busy={change.isPending} onClick={() => change.mutate()}>
                {found.kind === "upgrade" ? `Pay ${money(found.due, found.currency)} and change` : "Change it"}
              </Button>
              <Button onClick={onClose}>Leave it</Button>
            </div>
          </>
        )}
      </Loaded>
      {preview.error && (
        <div class="actions">
          <Button onClick={onClose}>Close</Button>
        </div>
      )}
    </Dialog>
  );
}

function Terms({ change, title }: { change: PlanChange; title: string }) {
  const { slots, targets } = change.over;
  return (
    <>
      {change.kind === "upgrade" && (
        <p>
          It takes effect when <strong>{money(change.due, change.currency)}</strong> is paid: the difference for the rest of this
          month.
        </p>
      )}
      {change.kind === "downgrade" && (
        <p>
          It begins on <strong>{day(change.at)}</strong>, when what is paid ends. Nothing is charged now.
        </p>
      )}
      {change.kind === "keep" && <p>The planned change is taken back; your plan stays {title}.</p>}
      {(slots > 0 || targets > 0) && (
        <p class="note">
          {[slots > 0 && `${slots} app${slots === 1 ? "" : "s"}`, targets > 0 && `${targets} target${targets === 1 ? "" : "s"}`]
            .filter(Boolean)
            .join(" and ")}{" "}
          more than {title} covers. They keep running; nothing can be added until it fits.
        </p>
      )}
    </>
  );
}
