import type { Context } from "../context.ts";
import { concurrentOf, getAccount, refusal } from "../entitlement/account.ts";
import { failure, isFailureClass } from "../job/failure.ts";
import { dispatch, findJob, type Job, type JobMessage, unfinishedJobs } from "../job/job.ts";
import { jobOf } from "../job/kind.ts";
import { ended } from "../job/status.ts";
import type { Reach } from "../remote/reach.ts";
import { connectionTo } from "../target/connection.ts";
import { applyEvent } from "./apply-event.ts";
import { attend } from "./attend.ts";
import { end } from "./end.ts";
import { kindOf } from "./kinds.ts";
import { takeLease } from "./lease.ts";
import { readTarget } from "./read-target.ts";
import { isStopping } from "./watch.ts";

/** Does what a rollout needs next: waits its turn, runs or attaches to the run on the server, and applies the outcome to the job. */
export async function rollout(ctx: Context, message: JobMessage, reach: Reach): Promise<void> {
  const job = await findJob(ctx, message.job);
  const state = job?.rollouts[message.target];
  if (!job || !state || ended(job) || ended(state)) return;
  const now = ctx.now();
  if (state.nextAt && state.nextAt > new Date(now.getTime() + 1000).toISOString()) return;
  const kind = kindOf(job);
  if (kind.changes === "nothing") return readTarget(ctx, kind, job, message, reach);
  const account = await getAccount(ctx);
  let before: string[] = [];
  if (state.attempts === 0) {
    const refused = refusal(ctx, account, job.rollback ? "rollback" : "grow");
    if (refused && isFailureClass(refused.code)) return end(ctx, job, message, { ok: false, failure: failure(refused.code) });
  }
  const first = kind.first?.(jobOf(kind, job));
  const isFirst = first === undefined || first === message.target || state.begun || isStopping(job, message.target);
  if (!isFirst) {
    const before = job.rollouts[first];
    if (before && !ended(before)) return waits(ctx, job, message, `${before.name}, which comes first`);
    if (before?.status !== "succeeded") return end(ctx, job, message, { ok: false, failure: failure("not.begun") });
  }
  // A run that may be under way has had its turn; stopping one needs none.
  if (state.status !== "running" && !state.begun && !isStopping(job, message.target)) {
    const concurrent = concurrentOf(account);
    before = await stillAhead(ctx, account.deploys, job.id);
    if (before.length >= concurrent)
      return waits(ctx, job, message, `${before[0]}: the plan has ${concurrent} deploy${concurrent === 1 ? "" : "s"} at a time`);
  }
  const taken = await takeLease(ctx, message.target, job.id, before);
  if (taken.kind === "attended") {
    if (message.again)
      await dispatch(ctx, job, [message.target], {
        delaySeconds: Math.ceil((Date.parse(taken.until) - now.getTime()) / 1000) + 1,
      });
    return;
  }
  if (taken.kind === "gone") return end(ctx, job, message, { ok: false, failure: failure("target.not_found") });
  if (taken.kind === "waits") return waits(ctx, job, message, taken.behind);
  const connection = connectionTo(ctx, taken.target, reach);
  try {
    const started = await applyEvent(ctx, job.id, { type: "started", target: message.target, at: ctx.now() }, job);
    // It may have been canceled, refused or rescheduled meanwhile.
    const begun = started.rollouts[message.target];
    if (begun?.status !== "running") return;
    await attend(ctx, kind, started, message, connection, taken, account, reach);
  } finally {
    await connection.close();
  }
}

async function stillAhead(ctx: Context, deploys: readonly string[], job: string): Promise<string[]> {
  const before = await unfinishedJobs(ctx, deploys.slice(0, Math.max(0, deploys.indexOf(job))));
  return before.map(({ id }) => id);
}

async function waits(ctx: Context, job: Job, message: JobMessage, behind: string): Promise<void> {
  if (job.rollouts[message.target]?.waitsFor === behind) return;
  await applyEvent(ctx, job.id, { type: "waits", target: message.target, for: behind, at: ctx.now() });
}
