import * as z from "zod";
import { Who, whoIs } from "../audit/who.ts";
import { ANY_APP, allow, type Context, mayUse, type World } from "../context.ts";
import { shardOf, shardsOf } from "../due.ts";
import { Problem } from "../error.ts";
import { newId } from "../id.ts";
import type { Page, Paging } from "../page.ts";
import { fill, get, getAll } from "../query.ts";
import { HostKey } from "../remote/host-key.ts";
import { insert, key, type Row, replace, tryReplace, ttlIn, type Write } from "../table.ts";
import { ended } from "./status.ts";
import { jobKinds } from "./words.ts";

/**
 * A job is background work, written in the commit that promises it; a queue message only names it. A deployment is a job of kind
 * `deployment`. Rollouts do the work, one per target:
 *
 *   job      queued -> running -> succeeded | failed | canceled
 *   rollout  queued -> waiting | running | retrying -> succeeded | failed | canceled
 *
 * The commit that ends a job releases everything it claimed: a claim of a job that has ended is no claim.
 */
export const RolloutStatus = z.enum(["queued", "waiting", "running", "retrying", "succeeded", "failed", "canceled"]);

/** `class` is stable; docs/errors.md explains each. */
export const Failure = z.object({
  class: z.string(),
  message: z.string(),
  step: z.string().optional(),
  service: z.string().optional(),
  /** The container's last lines. */
  log: z.array(z.string()).optional(),
  remedy: z.string().optional(),
  rolledBack: z.boolean().optional(),
});
export type Failure = z.infer<typeof Failure>;

export const CheckResult = z.object({ hostKey: HostKey.optional(), facts: z.record(z.string(), z.string()).optional() });
export type CheckResult = z.infer<typeof CheckResult>;

export const Rollout = z.object({
  target: z.string(),
  name: z.string(),
  status: RolloutStatus,
  attempts: z.number().int(),
  retries: z.number().int().optional(),
  /** Runs that ended in a retryable verdict; each such retry is a new run. */
  runs: z.number().int().optional(),
  /** A run may have begun, and the server has not said what became of it. */
  begun: z.boolean().optional(),
  /** Out of retries or time: the server is only asked to stop the run, or how it ended. */
  withdrawn: z.boolean().optional(),
  waitsFor: z.string().optional(),
  nextAt: z.iso.datetime().optional(),
  startedAt: z.iso.datetime().optional(),
  endedAt: z.iso.datetime().optional(),
  failure: Failure.optional(),
  /** Milliseconds without an answer from the app, measured on the server. */
  downMs: z.number().optional(),
  /** There was nothing to change, and nothing was done there. */
  unchanged: z.boolean().optional(),
  found: CheckResult.optional(),
});
export type Rollout = z.infer<typeof Rollout>;

export const JobStatus = z.enum(["queued", "running", "succeeded", "failed", "canceled"]);
export const JobKind = z.enum(jobKinds);

export const Job = z.object({
  id: z.string(),
  kind: JobKind,
  status: JobStatus,
  app: z.string().optional(),
  appId: z.string().optional(),
  environment: z.string().optional(),
  release: z.number().int().optional(),
  /** The release that was live when a deployment was accepted, by target id: until it ends, nothing else changes that. */
  live: z.record(z.string(), z.number().int()).optional(),
  rollback: z.boolean().optional(),
  /** A rollback to the live release, to start containers that are down. */
  again: z.boolean().optional(),
  /** Kind-specific, such as whether to delete volumes. */
  input: z.record(z.string(), z.string()).optional(),
  rollouts: z.record(z.string(), Rollout),
  cancelAt: z.iso.datetime().optional(),
  by: Who,
  createdAt: z.iso.datetime(),
  startedAt: z.iso.datetime().optional(),
  endedAt: z.iso.datetime().optional(),
  /** Of the first rollout that failed. */
  failure: Failure.optional(),
  version: z.number().int(),
});
export type Job = z.infer<typeof Job>;

export const succeededRollouts = (job: Job) => Object.values(job.rollouts).filter((rollout) => rollout.status === "succeeded");

/** `own`: the fields of the kind's input schema. */
export const newJob = (
  ctx: Context,
  kind: Job["kind"],
  targets: readonly { readonly id: string; readonly name: string }[],
  own: Partial<Omit<Job, "kind" | "rollouts">> = {},
): Job => ({
  id: newId(ctx, "job"),
  kind,
  status: "queued",
  ...own,
  rollouts: Object.fromEntries(targets.map(({ id, name }) => [id, { target: id, name, status: "queued", attempts: 0 }])),
  by: whoIs(ctx.actor),
  createdAt: ctx.now().toISOString(),
  version: 1,
});

export const jobKey = (ctx: Pick<Context, "tenant">, id: string) => key(ctx, `JOB#${id}`);

/** Time before the sweep dispatches a new job again: a quick job never costs a sweep. */
export const FIRST_SWEEP_SECONDS = 10;
/** Time without news before the sweep dispatches again: just under its minute, so that no sweep skips a job. */
export const REDISPATCH_SECONDS = 50;
const KEEP_SECONDS = 365 * 86_400;

export const dueShards = shardsOf("DUE");

/** Attributes of the sparse due index. A job that has ended is not in it. */
function due(job: Job, at: Date): Row {
  if (ended(job)) return {};
  return { duePk: shardOf("DUE", job.id), dueAt: at.toISOString() };
}

const row = (ctx: World, job: Job, dueAt: Date): Row => ({
  ...job,
  ...due(job, dueAt),
  ttl: ttlIn(ctx, KEEP_SECONDS),
});

/** Follow the commit with `dispatch`. If that is lost, the stream and the sweep dispatch the job. */
export const enqueue = (ctx: Context, job: Job): Write =>
  insert(ctx, jobKey(ctx, job.id), row(ctx, job, new Date(Date.parse(job.createdAt) + FIRST_SWEEP_SECONDS * 1000)));

/** `writeId` identifies the write: a writer that got no answer recognizes its own. */
export interface Move {
  readonly dueAt: Date;
  readonly writeId?: string;
}
const moved = (ctx: Context, job: Job, seen: number, { dueAt, writeId }: Move) => ({
  ...row(ctx, job, dueAt),
  ...(writeId && { writeId }),
  version: seen + 1,
});

export const moveJob = (ctx: Context, job: Job, seen: number, move: Move): Write =>
  replace(ctx, jobKey(ctx, job.id), moved(ctx, job, seen, move), seen);

/** `moveJob` outside a commit, at half the price: for progress that ends nothing. False when another write was first. */
export const stepJob = (ctx: Context, job: Job, seen: number, move: Move): Promise<boolean> =>
  tryReplace(ctx, jobKey(ctx, job.id), moved(ctx, job, seen, move), seen);

/** `consistent: false` costs half and may lag: for polling. */
export async function findJob(ctx: Context, id: string, options: { consistent?: boolean } = {}): Promise<Job | undefined> {
  const found = await get(ctx, jobKey(ctx, id), options);
  return found && Job.parse(found);
}

/** In the order given. A job that has ended stays so: only the others are read consistently. */
export async function unfinishedJobs(ctx: Context, ids: readonly string[]): Promise<Job[]> {
  const read = async (wanted: readonly string[], consistent: boolean) => {
    const keys = wanted.map((id) => jobKey(ctx, id));
    return new Map((await getAll(ctx, keys, { consistent })).flatMap((row) => (row ? [[String(row.id), Job.parse(row)]] : [])));
  };
  const before = await read(ids, false);
  const open = ids.filter((id) => {
    const job = before.get(id);
    return !job || !ended(job);
  });
  return [...(await read(open, true)).values()].filter((job) => !ended(job));
}

/** @throws Problem job.not_found, also for a job of an app the credential is not for */
export async function getJob(ctx: Context, id: string): Promise<Job> {
  allow(ctx, "read", ANY_APP);
  const job = await findJob(ctx, id);
  if (!job || !mayUse(ctx, job)) throw new Problem("job.not_found", { detail: `There is no job ${id}.` });
  return job;
}

/** Newest first. */
export async function listJobs(
  ctx: Context,
  input: Paging & { app?: string | undefined; kind?: Job["kind"] | undefined },
): Promise<Page<Job>> {
  allow(ctx, "read", ANY_APP);
  if (input.cursor !== undefined && !input.cursor.startsWith("job_"))
    throw new Problem("input.invalid", { detail: "query.cursor: not one of this list" });
  const after = input.cursor && `JOB#${input.cursor}`;
  const range = { pk: key(ctx, "").pk, prefix: "JOB#", after, limit: input.limit, newestFirst: true };
  const wanted = (job: Job) =>
    mayUse(ctx, job) && (!input.app || job.app === input.app) && (!input.kind || job.kind === input.kind) ? job : undefined;
  const { items, last } = await fill(ctx, range, (rows) => rows.map((row) => wanted(Job.parse(row))));
  return { items, next: last?.slice("JOB#".length) ?? null };
}

/** Names a job's part on one target. The worker reads everything again, so a duplicate does nothing. */
export interface JobMessage {
  readonly job: string;
  readonly target: string;
  /** Sent by the sweep: if a worker seems to hold the lease, look again when it would have lapsed. */
  readonly again?: boolean | undefined;
}

/** Sends a message for each target. Never fails: the job is written already, and the stream and the sweep send what was lost. */
export async function dispatch(
  ctx: Context,
  job: Job,
  targets: readonly string[] = Object.keys(job.rollouts),
  { delaySeconds = 0, again = false } = {},
): Promise<void> {
  for (const target of targets)
    try {
      await ctx.send(
        "jobs",
        { tenant: ctx.tenant, job: job.id, target, ...(again && { again }) },
        { group: ctx.tenant, ...(delaySeconds && { delaySeconds }) },
      );
    } catch (error) {
      ctx.log("error", "a message was not sent", { job: job.id, target, error });
    }
}
