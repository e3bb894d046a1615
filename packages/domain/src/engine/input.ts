import type { Context } from "../context.ts";
import type { Account } from "../entitlement/account.ts";
import { lastSeq } from "../job/event.ts";
import type { Job } from "../job/job.ts";
import { type Change, jobOf } from "../job/kind.ts";
import type { Reach } from "../remote/reach.ts";
import type { RunInput } from "../remote/remote.ts";
import type { Redact } from "../secret/redact.ts";
import { RUN_SPAN } from "./recorder.ts";

export async function inputOf(
  ctx: Context,
  kind: Change,
  job: Job,
  target: string,
  fence: number,
  account: Account,
  reach: Reach,
): Promise<{ run: RunInput; redact: Redact }> {
  const { redact, ...asked } = await kind.run(ctx, jobOf(kind, job), target, account, reach);
  const known = (job.rollouts[target]?.attempts ?? 0) > 1 ? await lastSeq(ctx, { job: job.id, target }) : 0;
  const from = Math.max(0, known - baseOf(job, target)); // of an earlier run none are of this one
  const values = { ...asked.values, resource: target };
  return { run: { ...asked, job: runId(job, target), fence, from, values }, redact };
}

export const cancelOf = (run: RunInput): RunInput => {
  const { resource = "", project = "" } = run.values;
  return {
    op: "cancel",
    job: `${run.job}-cancel`,
    fence: run.fence,
    from: run.from,
    files: [],
    values: { run: run.job, resource, project },
    logins: run.logins,
  };
};

/** Added to the numbers of this run's events. */
export const baseOf = (job: Job, target: string) => (job.rollouts[target]?.runs ?? 0) * RUN_SPAN;

/** A retry is a new run only after a verdict of the server's own; otherwise it attaches to the run that is there. */
const runId = (job: Job, target: string) => {
  const runs = job.rollouts[target]?.runs ?? 0;
  return runs === 0 ? job.id : `${job.id}-${runs}`;
};
