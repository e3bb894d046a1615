import type { Context } from "../context.ts";
import { Problem } from "../error.ts";
import { awayFor, take } from "../held.ts";
import { advance, type Outcome } from "../job/advance.ts";
import { failure, failureOf, failureOfLine } from "../job/failure.ts";
import { type Bell, ended, findJob, type Job, ring, rolloutEnded, stepJob } from "../job/job.ts";
import { CONNECT_SECONDS, READER_SECONDS, readers, within } from "../remote/deadline.ts";
import type { Reach } from "../remote/reach.ts";
import { RemoteError } from "../remote/remote.ts";
import { asTold } from "../secret/redact.ts";
import { get } from "../table.ts";
import { ask } from "../target/connection.ts";
import { StoredTarget, targetKey } from "../target/target.ts";
import { applyEvent } from "./apply-event.ts";
import { end } from "./end.ts";

/**
 * Work that only reads a server: no lease and no fence, but one worker at a time, its own end to every wait, and no more workers than the tenant's
 * share. What finds no room comes again; of the sweep's messages none does, for the first one goes on coming.
 */
export async function look(ctx: Context, job: Job, bell: Bell, reach: Reach): Promise<void> {
  const row = await get(ctx, targetKey(ctx, bell.target));
  if (!row) return end(ctx, job, bell, { ok: false, failure: failure("target.not_found") });
  if (readBy(job, bell.target) > ctx.now()) return;
  const hold = await take(ctx, readers);
  if ("freeInSeconds" in hold) {
    if (!bell.again) await ring(ctx, job, [bell.target], { delaySeconds: await awayFor(ctx, readers) });
    return;
  }
  try {
    const started = await begin(ctx, job, bell.target);
    if (!started) return;
    const attempt = started.rollouts[bell.target]?.attempts;
    const outcome = await answerOf(ctx, started, StoredTarget.parse(row), reach);
    await applyEvent(ctx, job.id, { type: "ended", target: bell.target, outcome, attempt, at: ctx.now() });
  } finally {
    await hold.release();
  }
}

/** Says that somebody is at it, if nobody is; so of many workers one reads. The job's other targets are begun at the same moment by others. */
async function begin(ctx: Context, seen: Job, target: string): Promise<Job | undefined> {
  for (let job: Job | undefined = seen; job; job = await findJob(ctx, seen.id)) {
    const rollout = job.rollouts[target];
    if (ended(job) || !rollout || rolloutEnded(rollout) || readBy(job, target) > ctx.now()) return undefined;
    const { job: next, dueAt } = advance(job, { type: "started", target, at: ctx.now() });
    try {
      await stepJob(ctx, next, job.version, { dueAt });
      return { ...next, version: job.version + 1 };
    } catch (error) {
      if (!(error instanceof Problem && error.code === "version.stale")) throw error;
    }
  }
  return undefined;
}

/** Until when somebody is at it; long ago where nobody is. */
const readBy = (job: Job, target: string): Date => {
  const { status, startedAt } = job.rollouts[target] ?? {};
  return new Date(status === "running" && startedAt ? Date.parse(startedAt) + READER_SECONDS * 1000 : 0);
};

async function answerOf(ctx: Context, job: Job, target: StoredTarget, reach: Reach): Promise<Outcome> {
  try {
    return await check(ctx, job, target, reach);
  } catch (error) {
    if (!(error instanceof RemoteError)) throw error;
    const shown = error.class === "hostkey.changed" ? await scan(ctx, target, reach).catch(unseen) : undefined;
    return { ok: false, failure: failureOfLine(error), ...(shown && { found: { hostKey: shown } }) };
  }
}

/** It showed a key a moment ago and does not any more: then there is none to confirm. */
const unseen = (error: unknown) => {
  if (!(error instanceof RemoteError)) throw error;
  return undefined;
};

const scan = (ctx: Context, target: StoredTarget, reach: Reach) =>
  within(ctx, CONNECT_SECONDS, async () =>
    reach.scan(await reach.resolve(target.host, { allowPrivate: ctx.privateTargets }), target.port),
  );

async function check(ctx: Context, job: Job, target: StoredTarget, reach: Reach): Promise<Outcome> {
  if (!target.hostKey) return { ok: true, found: { hostKey: await scan(ctx, target, reach) } };
  const exit = await ask(ctx, target, reach, { op: "check", job: job.id, fence: 0, from: 0, files: [], plan: {} }, asTold);
  return exit.code === 0 ? { ok: true, found: { facts: exit.data } } : { ok: false, failure: failureOf(exit) };
}
