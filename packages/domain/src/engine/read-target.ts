import type { Context } from "../context.ts";
import { retryDelay, take } from "../held.ts";
import { advance } from "../job/advance.ts";
import { connectionFailure, failure } from "../job/failure.ts";
import { dispatch, findJob, type Job, type JobMessage, stepJob } from "../job/job.ts";
import { jobOf, type Read } from "../job/kind.ts";
import type { Outcome } from "../job/outcome.ts";
import { ended } from "../job/status.ts";
import { get } from "../query.ts";
import { READER_SECONDS, readers } from "../remote/deadline.ts";
import type { Reach } from "../remote/reach.ts";
import { RemoteError } from "../remote/remote.ts";
import { StoredTarget, targetKey } from "../target/target.ts";
import { applyEvent } from "./apply-event.ts";
import { end } from "./end.ts";

/**
 * Takes no lease: one worker reads at a time, with a deadline and within the tenant's share. Without room the message is sent again; the
 * sweep's is not, since the first one still comes.
 */
export async function readTarget(ctx: Context, kind: Read, job: Job, message: JobMessage, reach: Reach): Promise<void> {
  const row = await get(ctx, targetKey(ctx, message.target));
  if (!row) return end(ctx, job, message, { ok: false, failure: failure("target.not_found") });
  if (readBy(job, message.target) > ctx.now()) return;
  const hold = await take(ctx, readers);
  if ("freeInSeconds" in hold) {
    if (!message.again) await dispatch(ctx, job, [message.target], { delaySeconds: await retryDelay(ctx, readers) });
    return;
  }
  try {
    const started = await begin(ctx, kind, job, message.target);
    if (!started) return;
    const attempt = started.rollouts[message.target]?.attempts;
    const outcome = await kind.read(ctx, jobOf(kind, started), StoredTarget.parse(row), reach).catch(unreached);
    await applyEvent(ctx, job.id, { type: "ended", target: message.target, outcome, attempt, at: ctx.now() });
  } finally {
    await hold.release();
  }
}

function unreached(error: unknown): Outcome {
  if (!(error instanceof RemoteError)) throw error;
  return { ok: false, failure: connectionFailure(error) };
}

/** Of many workers one begins. The job's other targets may begin at the same moment, so a stale version is tried again. */
async function begin(ctx: Context, kind: Read, seen: Job, target: string): Promise<Job | undefined> {
  for (let job: Job | undefined = seen; job; job = await findJob(ctx, seen.id)) {
    const rollout = job.rollouts[target];
    if (ended(job) || !rollout || ended(rollout) || readBy(job, target) > ctx.now()) return undefined;
    const { job: next, dueAt } = advance(job, { type: "started", target, at: ctx.now() }, kind);
    if (await stepJob(ctx, next, job.version, { dueAt })) return { ...next, version: job.version + 1 };
  }
  return undefined;
}

/** The current reader's deadline; 1970 if there is no reader. */
const readBy = (job: Job, target: string): Date => {
  const { status, startedAt } = job.rollouts[target] ?? {};
  return new Date(status === "running" && startedAt ? Date.parse(startedAt) + READER_SECONDS * 1000 : 0);
};
