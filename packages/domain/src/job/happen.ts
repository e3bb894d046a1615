import type { Context } from "../context.ts";
import { Problem } from "../error.ts";
import { commit } from "../table.ts";
import { advance, type JobEvent } from "./advance.ts";
import { finish, ringWaiting } from "./finish.ts";
import { ended, findJob, type Job, moveJob, ring, stepJob } from "./job.ts";

/** Two workers on one job meet a few times; more often than this something is wrong. */
const TRIES = 20;

/**
 * Lets an event happen to a job: writes the state it leads to, in one commit with everything that ending the job means, then rings the
 * bells that follow. Of two events at once the later one happens to the state the earlier one left. Answers the job as it became.
 */
export async function happen(ctx: Context, id: string, event: JobEvent, seen?: Job): Promise<Job> {
  let job = seen ?? (await findJob(ctx, id));
  for (let tries = 1; ; tries++) {
    if (!job) throw new Problem("job.not_found", { detail: `There is no job ${id}.` });
    const { job: next, effects, dueAt } = advance(job, event);
    if (next === job) return job;
    try {
      if (ended(next)) await commit(ctx, moveJob(ctx, next, job.version, dueAt), ...(await finish(ctx, next)));
      else await stepJob(ctx, next, job.version, dueAt);
    } catch (error) {
      if (!(error instanceof Problem && error.code === "version.stale") || tries === TRIES) throw error;
      job = await findJob(ctx, id);
      continue;
    }
    for (const effect of effects)
      if (effect.type === "ring") await ring(ctx, next, [effect.target], { delaySeconds: effect.delaySeconds });
      else await ringWaiting(ctx, next);
    return { ...next, version: job.version + 1 };
  }
}
