import { type Context, systemContext, type World } from "../context.ts";
import { LIFE_MINUTES, nextLook } from "../job/advance.ts";
import { dispatch, dueShards, findJob, type Job, stepJob } from "../job/job.ts";
import { ended } from "../job/status.ts";
import { listDue } from "../query.ts";
import { eraseReleases, isErasure } from "../release/erase.ts";
import { tenantOf } from "../table.ts";
import { applyEvent } from "./apply-event.ts";

/**
 * Looks at every job nothing was heard of in time and rings its message again. It finds them by the sparse due index, so an idle system costs
 * one small query a shard, however many tenants there are. Answers how many messages it rang.
 */
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
    // One job that cannot be looked at must not hide the others; it stays due, so every sweep says so again.
    const found = await lookAgain(ctx, job).catch((error: unknown) => {
      world.log("error", "a due job cannot be looked at", { tenant, job, error });
      return false;
    });
    if (found) sent++;
  }
  return sent;
}

async function lookAgain(ctx: Context, id: string): Promise<boolean> {
  const job = await findJob(ctx, id);
  if (!job || ended(job)) return false;
  const now = ctx.now();
  if (now.getTime() - Date.parse(job.createdAt) > LIFE_MINUTES * 60_000) {
    const after = await applyEvent(ctx, id, { type: "overdue", at: now }, job);
    if (after !== job) return false;
  }
  // Pushing the due time on is what lets only one of two sweeps ring.
  const pushed = await stepJob(ctx, job, job.version, { dueAt: nextLook(job, now) }).then(
    () => true,
    (error: unknown) => {
      if (error instanceof Error && "code" in error && error.code === "version.stale") return false;
      throw error;
    },
  );
  if (pushed) await dispatch(ctx, job, unfinished(job), { again: true });
  return pushed;
}

const unfinished = (job: Job) =>
  Object.values(job.rollouts)
    .filter((rollout) => !ended(rollout))
    .map(({ target }) => target);
