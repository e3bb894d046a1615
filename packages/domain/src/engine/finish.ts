import type { Context } from "../context.ts";
import { accountKey, getAccount } from "../entitlement/account.ts";
import { dispatch, type Job, unfinishedJobs } from "../job/job.ts";
import { jobOf } from "../job/kind.ts";
import { planOf } from "../plan/plan.ts";
import { update, type Write } from "../table.ts";
import { targetKey } from "../target/target.ts";
import { kindOf } from "./kinds.ts";

/** Everything the end of a job means beside its own row; part of the commit that ends it. */
export async function finish(ctx: Context, job: Job): Promise<Write[]> {
  const kind = kindOf(job);
  return [...(await kind.finish(ctx, jobOf(kind, job))), ...(kind.changes === "target" ? markChanged(ctx, job) : [])];
}

/** A server that showed another host key is marked, so that people see it before they try again. */
function markChanged(ctx: Context, job: Job): Write[] {
  return Object.values(job.rollouts)
    .filter((rollout) => rollout.failure?.class === "hostkey.changed" && rollout.status === "failed")
    .map(({ target }) =>
      update(ctx, targetKey(ctx, target), {
        change: "SET #status = :changed",
        condition: "attribute_exists(pk)",
        values: { ":changed": "changed" },
      }),
    );
}

/**
 * A job that waits for its next try and holds nothing goes behind the tenant's others: a server that is away keeps none of them waiting.
 * Its turn is looked at again then.
 */
export async function letOthersGo(ctx: Context, job: Job): Promise<Write[]> {
  const { deploys } = await getAccount(ctx);
  if (!deploys.includes(job.id) || deploys.at(-1) === job.id) return [];
  return [
    update(ctx, accountKey(ctx), {
      change: "SET deploys = :next",
      condition: "deploys = :seen",
      values: { ":seen": deploys, ":next": [...deploys.filter((id) => id !== job.id), job.id] },
    }),
  ];
}

/**
 * Rings for those who waited for what the job held: the tenant's oldest deploys that may run now. Whoever waits for one of its targets is
 * among them, for targets are the tenant's own.
 */
export async function ringWaiting(ctx: Context, job: Job): Promise<void> {
  if (kindOf(job).changes === "nothing") return;
  const account = await getAccount(ctx);
  const others = account.deploys.filter((id) => id !== job.id);
  const waiting = await unfinishedJobs(ctx, others);
  for (const next of waiting.slice(0, account.plan ? planOf(account.plan).concurrent : 1)) await dispatch(ctx, next);
}
