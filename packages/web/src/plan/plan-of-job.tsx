import type { AppStatus, DeploymentPlan } from "@berth/api-client/types.ts";
import { isIdle } from "@berth/domain/plan/plan-words.ts";
import { useQuery } from "@tanstack/preact-query";
import { Link } from "wouter-preact";
import { appQuery, planQuery } from "../queries.ts";
import { Copy } from "../ui/copy.tsx";
import { Loaded } from "../ui/loaded.tsx";
import { Section } from "../ui/page.tsx";
import { PlannedTargets } from "./planned-targets.tsx";

/** What `berth plan` was answered, and how just that is applied. */
export function PlanOfJob({ app, id }: { app: string; id: string }) {
  const plan = useQuery(planQuery(app, id));
  return (
    <Section title="Plan">
      <Loaded query={plan}>
        {(found) => (
          <>
            <PlannedTargets
              planned={found.targets.flatMap(({ name, plan: planned }) => (planned ? [{ name, plan: planned }] : []))}
              policy={found.policy}
            />
            <Apply plan={found} />
          </>
        )}
      </Loaded>
    </Section>
  );
}

/** Releases count up, so where one of this number or a later one is live another deployment came first. */
const overtaken = ({ environment, release, targets }: DeploymentPlan, app: AppStatus | undefined) =>
  app?.environments
    .find(({ name }) => name === environment)
    ?.targets.find((now) => now.release !== null && now.release >= release && targets.some(({ name }) => name === now.name));

function Apply({ plan }: { plan: DeploymentPlan }) {
  const status = useQuery(appQuery(plan.app));
  const { hash, refused, takesSlot, policy, targets } = plan;
  if (hash === null) return null;
  const planned = targets.flatMap((target) => target.plan ?? []);
  if (planned.every(isIdle)) return <p>Nothing would change.</p>;
  const newer = overtaken(plan, status.data);
  if (newer)
    return (
      <p class="note bad">
        This plan no longer holds: release {newer.release} is live on {newer.name} since. Plan again: <code>berth plan</code>
      </p>
    );
  const found = planned.flatMap(({ dangers }) => dangers.map(({ setting }) => setting));
  const ruled = (rule: string) => [...new Set(found)].filter((setting) => policy[setting] === rule);
  if (ruled("deny").length > 0)
    return (
      <p class="note bad">
        It cannot be applied: the policy denies {ruled("deny").join(", ")}.{" "}
        <Link href={`/policy?app=${encodeURIComponent(plan.app)}`}>Policy of {plan.app}</Link>
      </p>
    );
  const besides = [
    ...(planned.some(({ risks }) => risks.length > 0) ? ["--accept-data-risk"] : []),
    ...ruled("ask").map((setting) => `--allow ${setting}`),
  ];
  return (
    <div class="card card-column">
      <h3>Apply it</h3>
      {refused && <p class="note bad">It could not be applied now: {refused.reason}</p>}
      <Copy text={`berth deploy --plan ${hash}`} label="Command that applies this plan" wrap />
      {besides.length > 0 && (
        <p>
          It goes on only with{" "}
          {besides.map((flag) => (
            <code key={flag}>{flag}</code>
          ))}{" "}
          added.
        </p>
      )}
      {takesSlot && <p>It takes one of the app slots of your plan.</p>}
      <p class="hint">
        In the app's folder. It does exactly this, or nothing: the plan is stale as soon as a file, variable or image of the app,
        its servers, or what runs on them is another than when it was made. It is kept for a day.
      </p>
    </div>
  );
}
