import * as z from "zod";
import { Who, whoIs } from "../audit/who.ts";
import { ANY_APP, allow, type Context, mayUse, type World } from "../context.ts";
import { Problem } from "../error.ts";
import { newId } from "../id.ts";
import type { Page, Paging } from "../page.ts";
import { fill, get, getAll } from "../query.ts";
import { HostKey } from "../remote/host-key.ts";
import { insert, key, type Row, replace, replaceOne, ttlIn, type Write } from "../table.ts";
import { jobKinds } from "./kind-name.ts";
import { ended } from "./status.ts";

/**
 * A job is promised background work, written in the commit that promises it; a queue message is only its message. A deployment is a job of
 * kind `deploy`. It is done by rollouts, one per target:
 *
 *   job      queued -> running -> succeeded | failed | canceled
 *   rollout  queued -> waiting | running | retrying -> succeeded | failed | canceled
 *
 * The one commit that ends a job is what frees everything it claimed: a claim held by a job that has ended is no claim.
 */
export const RolloutStatus = z.enum(["queued", "waiting", "running", "retrying", "succeeded", "failed", "canceled"]);

/** Why a rollout failed and what to do about it. `class` is stable; docs/errors.md explains each. */
export const Failure = z.object({
  class: z.string(),
  message: z.string(),
  step: z.string().optional(),
  service: z.string().optional(),
  /** The container's last lines. */
  log: z.array(z.string()).optional(),
  remedy: z.string().optional(),
  /** True when the previous release serves again. */
  rolledBack: z.boolean().optional(),
});
export type Failure = z.infer<typeof Failure>;

/** The host key a server showed, and what is there: versions, architecture, disk. */
export const Found = z.object({ hostKey: HostKey.optional(), facts: z.record(z.string(), z.string()).optional() });
export type Found = z.infer<typeof Found>;

export const Rollout = z.object({
  target: z.string(),
  name: z.string(),
  status: RolloutStatus,
  attempts: z.number().int(),
  /** How often it was put off because of something that may pass. */
  retries: z.number().int().optional(),
  /** Runs on the server that came to a verdict worth trying again; each try after one is a run of its own. */
  runs: z.number().int().optional(),
  /** A run on the server may have begun, and the server has not said what became of it. */
  begun: z.boolean().optional(),
  /** Out of tries or of time: the server is only asked to stop the run, or to say how it ended. */
  withdrawn: z.boolean().optional(),
  /** What it waits for, or when it is tried again. */
  waitsFor: z.string().optional(),
  nextAt: z.iso.datetime().optional(),
  startedAt: z.iso.datetime().optional(),
  endedAt: z.iso.datetime().optional(),
  failure: Failure.optional(),
  /** Milliseconds in which the app did not answer, as measured on the server. */
  downMs: z.number().optional(),
  /** What a check found. */
  found: Found.optional(),
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
  /** The release a deploy makes live. */
  release: z.number().int().optional(),
  /** True where an earlier release is deployed again. */
  rollback: z.boolean().optional(),
  /** True where that is the one that is live, to start what is down. */
  again: z.boolean().optional(),
  /** Kind-specific input, such as what is to become of volumes. */
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

/** A job that is accepted now. `own`: what its kind's input schema asks for. */
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

/** Seconds after its acceptance in which a job gets no look of the sweep: a quick one never costs one. */
export const FIRST_LOOK_SECONDS = 10;
/** Seconds without news after which it gets another: a little less than the sweep's minute, so that none is passed over. */
export const RING_AGAIN_SECONDS = 50;
const SHARDS = 16;
/** History is kept a year. */
const KEEP_SECONDS = 365 * 86_400;

export const dueShards = Array.from({ length: SHARDS }, (_, shard) => `DUE#${shard}`);

/** The sparse index attributes: when somebody has to look at the job next. A job that has ended is in no index. */
function due(job: Job, at: Date): Row {
  if (ended(job)) return {};
  let shard = 0;
  for (const char of job.id) shard = (shard * 31 + char.charCodeAt(0)) % SHARDS;
  return { duePk: `DUE#${shard}`, dueAt: at.toISOString() };
}

const row = (ctx: World, job: Job, dueAt: Date): Row => ({
  ...job,
  ...due(job, dueAt),
  ttl: ttlIn(ctx, KEEP_SECONDS),
});

/** Promises the job. Follow the commit with `ring`; the stream and the sweep are the guarantee behind it. */
export const enqueue = (ctx: Context, job: Job): Write =>
  insert(ctx, jobKey(ctx, job.id), row(ctx, job, new Date(Date.parse(job.createdAt) + FIRST_LOOK_SECONDS * 1000)));

/** When somebody has to look at the job next, and by what the writer knows its own write again when the answer was lost. */
export interface Move {
  readonly dueAt: Date;
  readonly mark?: string;
}
const moved = (ctx: Context, job: Job, seen: number, { dueAt, mark }: Move) => ({
  ...row(ctx, job, dueAt),
  ...(mark && { mark }),
  version: seen + 1,
});

/** Moves a job from the version that was seen to the next. */
export const moveJob = (ctx: Context, job: Job, seen: number, move: Move): Write =>
  replace(ctx, jobKey(ctx, job.id), moved(ctx, job, seen, move), seen);

/** The same for progress that ends nothing, at half the price. */
export const stepJob = (ctx: Context, job: Job, seen: number, move: Move): Promise<void> =>
  replaceOne(ctx, jobKey(ctx, job.id), moved(ctx, job, seen, move), seen);

/** `consistent: false`, at half the price, tells what was a moment ago: for looks that come again. */
export async function findJob(ctx: Context, id: string, options: { consistent?: boolean } = {}): Promise<Job | undefined> {
  const found = await get(ctx, jobKey(ctx, id), options);
  return found && Job.parse(found);
}

/** Those of the jobs that have not ended, in the order given. One that has ended stays so: only the others are read consistently. */
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

/** A job's part on one target. The message that leads here is only a message: everything is read again, and a message too many does nothing. */
export interface JobMessage {
  readonly job: string;
  readonly target: string;
  /** From the sweep: nobody may be at it, so if somebody seems to be, look once more when the lease would have lapsed. */
  readonly again?: boolean | undefined;
}

/**
 * Rings for every target of the job that still has work. Only a message: what it is for is written already, and one that could not be sent is
 * sent by the stream and the sweep. So this never fails.
 */
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
