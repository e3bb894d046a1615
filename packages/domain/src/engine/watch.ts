import type { Context } from "../context.ts";
import { findJob, type Job, type JobMessage } from "../job/job.ts";
import { READ_SECONDS, within } from "../remote/deadline.ts";
import { RemoteError, type RunInput } from "../remote/remote.ts";
import type { Redact } from "../secret/redact.ts";
import type { Connection } from "../target/connection.ts";
import { cancelOf } from "./input.ts";
import { RENEW_SECONDS, renewLease } from "./lease.ts";

/** Then the worker hands the run over, before its function times out. */
const ATTEND_MINUTES = 10;
const WATCH_SECONDS = 3;

/** Renews the lease and polls for a cancellation while a run lasts. The signal ends the worker's part, not the run. */
export function watching(
  ctx: Context,
  job: Job,
  message: JobMessage,
  fence: number,
  cancel: (signal: AbortSignal) => Promise<boolean>,
) {
  const over = new AbortController();
  const asleep = new AbortController();
  let reason: "lost" | "handover" | undefined;
  let stopping = false;
  const until = ctx.now().getTime() + ATTEND_MINUTES * 60_000;
  const give = (why: "lost" | "handover") => {
    reason = why;
    over.abort();
  };
  const loop = async () => {
    let canceling: Promise<void> | undefined;
    let canceled = false;
    let broken: unknown;
    for (let renewed = ctx.now().getTime(); !asleep.signal.aborted; ) {
      await ctx.sleep(WATCH_SECONDS * 1000, asleep.signal);
      if (asleep.signal.aborted) return;
      const now = ctx.now().getTime();
      if (now >= until) return give("handover");
      if (now - renewed >= RENEW_SECONDS * 1000) {
        if (!(await renewLease(ctx, message.target, fence))) return give("lost");
        renewed = now;
      }
      stopping ||= isStopping(await findJob(ctx, job.id, { consistent: false }), message.target);
      if (broken !== undefined) throw broken;
      if (!stopping || canceled || canceling) continue;
      // Not awaited: a server that does not answer must not keep the lease from being renewed.
      canceling = cancel(asleep.signal)
        .then((done) => {
          canceled = done;
        })
        .catch((error: unknown) => {
          broken = error ?? new Error("the cancel failed");
        })
        .finally(() => {
          canceling = undefined;
        });
    }
  };
  const watched = loop().catch((error: unknown) => {
    ctx.log("error", "watching a run failed", { job: job.id, target: message.target, error });
    give("lost"); // without renewal the lease lapses, and the next worker attaches
  });
  return {
    signal: over.signal,
    why: () => reason,
    stopping: () => stopping,
    async end() {
      asleep.abort();
      await watched;
    },
  };
}

export const isStopping = (job: Job | undefined, target: string) =>
  job !== undefined && (job.cancelAt !== undefined || job.rollouts[target]?.withdrawn === true);

/** Stops the run over a connection of its own; the run then reports that it was canceled. False if the server could not be reached. */
export async function stop(
  ctx: Context,
  connection: Connection,
  run: RunInput,
  redact: Redact,
  over: AbortSignal,
): Promise<boolean> {
  try {
    await within(ctx, READ_SECONDS, (late) =>
      connection.use(redact, (remote) => remote.run(cancelOf(run), () => {}, AbortSignal.any([late, over]))),
    );
    return true;
  } catch (error) {
    if (error instanceof RemoteError) return false;
    throw error;
  }
}
