import { type Context, systemContext, type World } from "../context.ts";
import { eraseReleases, isErasure } from "../deployment/erase.ts";
import { LIFE_MINUTES, nextSweepAt } from "../job/advance.ts";
import { dispatch, dueShards, findJob, type Job, stepJob } from "../job/job.ts";
import { ended } from "../job/status.ts";
import { listDue } from "../query.ts";
import { tenantOf } from "../table.ts";
import { applyEvent } from "./apply-event.ts";

/** Dispatches every job that is due by the sparse index, so an idle system costs one small query a shard. Answers how many it dispatched. */
export async function sweep(world: World): Promise<number> {
  const counts = await Promise.all(dueShards.map((shard) => sweepShard(world, shard)));
  return counts.reduce((sum, count) => sum + count, 0);
}

async function sweepShard(world: World, shard: string): Promise<number> {
  let sent = 0;
  for await (const row of listDue(world, shard, world.now())) {
    const tenant = tenantOf(row);
    const ctx = systemContext(world, tenant, "sweep");
    const sk = String(row.sk);
    if (isErasure(sk)) {
      await eraseReleases(ctx, sk).catch((error: unknown) => {
        world.log("error", "what a removed app left cannot be erased", { tenant, row: sk, error });
      });
      continue;
    }
    const job = sk.slice("JOB#".length);
    // A job that fails must not hide the others. It stays due, so every sweep logs it again.
    const found = await sweepJob(ctx, job).catch((error: unknown) => {
      world.log("error", "a due job cannot be looked at", { tenant, job, error });
      return false;
    });
    if (found) sent++;
  }
  return sent;
}

async function sweepJob(ctx: Context, id: string): Promise<boolean> {
  const job = await findJob(ctx, id);
  if (!job || ended(job)) return false;
  const now = ctx.now();
  if (now.getTime() - Date.parse(job.createdAt) > LIFE_MINUTES * 60_000) {
    const after = await applyEvent(ctx, id, { type: "overdue", at: now }, job);
    if (after !== job) return false;
  }
  // Of two sweeps at once, only the one that moves the due time dispatches.
  const pushed = await stepJob(ctx, job, job.version, { dueAt: nextSweepAt(job, now) });
  if (pushed) await dispatch(ctx, job, unfinished(job), { again: true });
  return pushed;
}

const unfinished = (job: Job) =>
  Object.values(job.rollouts)
    .filter((rollout) => !ended(rollout))
    .map(({ target }) => target);
