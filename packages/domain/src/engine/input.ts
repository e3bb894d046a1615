import { projectOf } from "../app/app.ts";
import type { Context } from "../context.ts";
import { type Account, logDays } from "../entitlement/account.ts";
import { lastSeq } from "../job/event.ts";
import type { Job } from "../job/job.ts";
import { filesOf } from "../release/files.ts";
import { pinsOf } from "../release/images.ts";
import { getBundle } from "../release/release.ts";
import { redactorOf } from "../release/secrets.ts";
import type { RunInput } from "../remote/remote.ts";
import type { Redact } from "../secret/redact.ts";
import { placeOf } from "./end.ts";
import { RUN_SPAN } from "./recorder.ts";

/** The server and what to run there, put together from the table. */
export async function inputOf(
  ctx: Context,
  job: Job,
  target: string,
  fence: number,
  account: Account,
): Promise<{ run: RunInput; redact: Redact; days: number }> {
  const state = job.rollouts[target];
  const days = logDays(account, ctx.now());
  const environment = job.environment ?? "";
  const plan = { project: projectOf(job.app ?? "", environment), app_id: `${ctx.tenant}/${job.appId}`, resource: target };
  const common = { job: runId(job, target), fence, from: 0, files: [], plan };
  const place = { app: job.app ?? "", appId: job.appId ?? "", environment, target, name: state?.name ?? target };
  if (job.kind === "remove")
    return {
      run: { ...common, op: "remove", plan: { ...plan, volumes: job.input?.volumes ?? "keep" } },
      redact: await redactorOf(ctx, place),
      days,
    };
  const number = job.release ?? 0;
  const { release, bundle } = await getBundle(ctx, job.appId ?? "", environment, number);
  const known = state && state.attempts > 1 ? await lastSeq(ctx, { job: job.id, target }) : 0;
  return {
    run: {
      ...common,
      op: "deploy",
      from: Math.max(0, known - baseOf(job, target)), // of an earlier run none are of this one
      files: filesOf(bundle),
      plan: {
        ...plan,
        release: String(number),
        ...(await imagesFor(ctx, job, target)),
        ...(release.waitSeconds && { wait_seconds: String(release.waitSeconds) }),
        ...(job.input?.files === "replace" && { replace_files: "1" }),
      },
    },
    redact: await redactorOf(ctx, place, { release, bundle }),
    days,
  };
}

export const cancelOf = (run: RunInput): RunInput => {
  const { resource = "", project = "" } = run.plan;
  return {
    op: "cancel",
    job: `${run.job}-cancel`,
    fence: run.fence,
    from: run.from,
    files: [],
    plan: { run: run.job, resource, project },
  };
};

export const releaseOf = (job: Job) => ({ ...placeOf(job), number: job.release ?? 0 });

/** Going back needs no registry where the images are still on the server, and asks one for nothing but their digests. */
async function imagesFor(ctx: Context, job: Job, target: string): Promise<{ pull: string; pins?: string }> {
  if (!job.rollback) return { pull: "always" };
  const pins = await pinsOf(ctx, releaseOf(job), target);
  return { pull: "missing", ...(pins && { pins }) };
}

/** Where the numbers of this run's events begin. */
export const baseOf = (job: Job, target: string) => (job.rollouts[target]?.runs ?? 0) * RUN_SPAN;

/** The run's name on the server. A new one only after the server itself gave a verdict that is worth trying again. */
const runId = (job: Job, target: string) => {
  const runs = job.rollouts[target]?.runs ?? 0;
  return runs === 0 ? job.id : `${job.id}-${runs}`;
};
