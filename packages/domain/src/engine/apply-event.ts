import type { Context } from "../context.ts";
import { Problem } from "../error.ts";
import { advance, type JobEvent } from "../job/advance.ts";
import { dispatch, findJob, Job, jobKey, moveJob, stepJob } from "../job/job.ts";
import { ended } from "../job/status.ts";
import { get } from "../query.ts";
import { overtaken, tryCommit, type Write } from "../table.ts";
import { dispatchWaiting, finish, moveBehindOthers } from "./finish.ts";
import { kindOf } from "./kinds.ts";

/** Two workers may collide on a job a few times; more often is a bug. */
const TRIES = 20;

/**
 * Applies an event to a job: commits the next state, `also`, and all that the end of the job means, then dispatches the messages that follow.
 * Of two concurrent events the later one applies to the state that the earlier one left. Answers the job as written.
 */
export async function applyEvent(
  ctx: Context,
  id: string,
  event: JobEvent,
  seen?: Job,
  also: readonly Write[] = [],
): Promise<Job> {
  let job = seen ?? (await findJob(ctx, id));
  for (let tries = 1; ; tries++) {
    if (!job) throw new Problem("job.not_found", { detail: `There is no job ${id}.` });
    const { job: next, effects, dueAt } = advance(job, event, kindOf(job));
    if (next === job) return job;
    const move = { dueAt, writeId: Buffer.from(ctx.random(9)).toString("base64url") };
    const writes = [...also, ...(effects.some(({ type }) => type === "yield") ? await moveBehindOthers(ctx, next) : [])];
    const written = ended(next)
      ? await tryCommit(ctx, moveJob(ctx, next, job.version, move), ...(await finish(ctx, next)), ...writes)
      : writes.length > 0
        ? await tryCommit(ctx, moveJob(ctx, next, job.version, move), ...writes)
        : await stepJob(ctx, next, job.version, move);
    if (!written) {
      if (tries === TRIES) throw overtaken;
      const row = await get(ctx, jobKey(ctx, id));
      // An earlier try of this write succeeded and only its answer was lost. Equal rows would not tell whose write it was.
      if (row?.writeId !== move.writeId) {
        job = row && Job.parse(row);
        continue;
      }
    }
    for (const effect of effects)
      if (effect.type === "dispatch") await dispatch(ctx, next, [effect.target], { delaySeconds: effect.delaySeconds });
      else await dispatchWaiting(ctx, next);
    return { ...next, version: job.version + 1 };
  }
}
