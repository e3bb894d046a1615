import type { Context } from "../context.ts";
import { accountKey, concurrentOf, findAccount, getAccount } from "../entitlement/account.ts";
import { dispatch, type Job, unfinishedJobs } from "../job/job.ts";
import { jobOf } from "../job/kind.ts";
import { update, type Write } from "../table.ts";
import { targetKey } from "../target/target.ts";
import { kindOf } from "./kinds.ts";

/** What the end of a job means beside its own row; part of the same commit. */
export async function finish(ctx: Context, job: Job): Promise<Write[]> {
  const kind = kindOf(job);
  return [...(await kind.finish(ctx, jobOf(kind, job))), ...(kind.changes === "target" ? markChanged(ctx, job) : [])];
}

/** People see the changed host key before they try again. */
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

/** Moves a job that waits for its retry and holds nothing behind the tenant's others, so that an unreachable server delays none of them. */
export async function moveBehindOthers(ctx: Context, job: Job): Promise<Write[]> {
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

/** Dispatches the tenant's oldest jobs that may run now. Targets belong to one tenant, so the jobs that waited for this one's targets are among them. */
export async function dispatchWaiting(ctx: Context, job: Job): Promise<void> {
  if (kindOf(job).changes === "nothing") return;
  // A moment late at worst: the sweep dispatches what was accepted in it.
  const account = await findAccount(ctx, { consistent: false });
  if (!account) return;
  const others = account.deploys.filter((id) => id !== job.id);
  const waiting = await unfinishedJobs(ctx, others);
  for (const next of waiting.slice(0, concurrentOf(account))) await dispatch(ctx, next);
}
