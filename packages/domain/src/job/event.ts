import { deflateRawSync, inflateRawSync } from "node:zlib";
import * as z from "zod";
import type { Context } from "../context.ts";
import { polls, withHold } from "../held.ts";
import { fill, list } from "../query.ts";
import { key, type Row, tryUpdate, ttlIn } from "../table.ts";
import { findJob, getJob, type Job } from "./job.ts";
import { ended } from "./status.ts";

/**
 * What a run on a server reported. The run numbers its events from 1, so a worker that attaches later writes the same rows again. They are
 * kept in the job's and target's own partition for as long as the plan keeps logs.
 */
export const Event = z.object({
  seq: z.number().int(),
  at: z.string(),
  type: z.string(),
  step: z.string().optional(),
  service: z.string().optional(),
  text: z.string().optional(),
  /** What the run will do on the target: a TargetPlan (plan/plan.ts), with the event of type `plan`. */
  plan: z.record(z.string(), z.unknown()).optional(),
});
export type Event = z.infer<typeof Event>;

/** Compressed: writes are billed by the KB, and what programs print is repetitive. */
const pack = (events: readonly Event[]) => deflateRawSync(JSON.stringify(events));

const Batch = z.object({ events: z.instanceof(Uint8Array) });
const textOf = (row: Row) => inflateRawSync(Batch.parse(row).events).toString("utf8");
const parsed = (text: string): Event[] => z.array(Event).parse(JSON.parse(text));
export const eventsOf = (row: Row): Event[] => parsed(textOf(row));

const part = (job: string, target: string) => `JOB#${job}#${target}`;
const sortKey = (seq: number) => String(seq).padStart(9, "0");

/** Stores events as one row. Idempotent: a late worker's shorter batch does not replace a longer one. */
export async function keepEvents(
  ctx: Context,
  at: { job: string; target: string },
  events: readonly Event[],
  days: number,
): Promise<void> {
  const [first] = events;
  if (!first) return;
  const ttl = ttlIn(ctx, days * 86_400);
  await tryUpdate(ctx, key(ctx, sortKey(first.seq), part(at.job, at.target)), {
    change: "SET #events = :events, #last = :last, #ttl = :ttl",
    condition: "attribute_not_exists(#last) OR #last < :last",
    values: { ":events": pack(events), ":last": events.at(-1)?.seq, ":ttl": ttl },
  });
}

/** 0 if no event is kept. */
export async function lastSeq(ctx: Context, at: { job: string; target: string }): Promise<number> {
  const { pk } = key(ctx, "", part(at.job, at.target));
  const { rows } = await list(ctx, { pk, newestFirst: true, limit: 1, consistent: true });
  return rows[0] ? (eventsOf(rows[0]).at(-1)?.seq ?? 0) : 0;
}

export interface EventPage {
  readonly items: readonly (Event & { target: string; name: string })[];
  /** Pass as `after` to get the next page. */
  readonly next: string;
  /** The job has ended, and this page or an earlier one has its last event. */
  readonly done: boolean;
  readonly job: Job;
}

const readCursor = (text: string | undefined): Record<string, number> =>
  Object.fromEntries(
    (text ?? "")
      .split(",")
      .flatMap((pair) => (pair.includes(":") ? [[pair.split(":")[0], Number(pair.split(":")[1]) || 0]] : [])),
  );

/** Approximate. A Lambda function answers at most 6 MB. */
const PAGE_BYTES = 1_500_000;
/** Between polls. With the time that the server and the worker take, a change reaches the client within half a second. */
const LOOK_MILLISECONDS = 200;

/**
 * Events after a cursor, of all targets, oldest first. Waits up to `waitSeconds` for one, or for the job to leave the version `seen` (by
 * default its present one).
 */
export async function listEvents(
  ctx: Context,
  input: {
    job: string;
    after?: string | undefined;
    seen?: number | undefined;
    waitSeconds: number;
    /** The caller already counts as one of the tenant's connections. */
    held?: boolean;
  },
): Promise<EventPage> {
  const until = ctx.now().getTime() + input.waitSeconds * 1000;
  const cursor = readCursor(input.after);
  const job = await getJob(ctx, input.job);
  const page = await readEvents(ctx, job, cursor);
  const seen = input.seen ?? job.version;
  if (page.items.length > 0 || page.done || job.version !== seen || ctx.now().getTime() >= until) return page;
  const wait = () => news(ctx, job, cursor, until);
  await (input.held ? wait() : withHold(ctx, polls, wait));
  return readEvents(ctx, await getJob(ctx, input.job), cursor);
}

/** Polls with eventually consistent reads, only where news can appear: at running and queued targets and, every other time, at the job. */
async function news(ctx: Context, job: Job, cursor: Record<string, number>, until: number): Promise<void> {
  const speaking = Object.values(job.rollouts).filter(({ status }) => status === "running" || status === "queued");
  for (let polls = 1; ctx.now().getTime() < until; polls++) {
    await ctx.sleep(LOOK_MILLISECONDS);
    const found = await Promise.all([
      ...speaking.map(({ target }) => saidMore(ctx, job.id, target, cursor[target] ?? 0)),
      polls % 2 === 0 && movedOn(ctx, job),
    ]);
    if (found.includes(true)) return;
  }
}

async function saidMore(ctx: Context, job: string, target: string, after: number): Promise<boolean> {
  const { pk } = key(ctx, "", part(job, target));
  const { rows } = await list(ctx, { pk, after: after > 0 ? sortKey(after) : undefined, limit: 1 });
  return rows.length > 0;
}

async function movedOn(ctx: Context, job: Job): Promise<boolean> {
  const found = await findJob(ctx, job.id, { consistent: false });
  return found !== undefined && found.version > job.version;
}

async function readEvents(ctx: Context, job: Job, cursor: Record<string, number>): Promise<EventPage> {
  const targets = await Promise.all(
    Object.values(job.rollouts).map((rollout) => readTarget(ctx, job, rollout, cursor[rollout.target] ?? 0)),
  );
  takeTurns(targets);
  const items = targets
    .flatMap(({ target, name, events }) => [...events.values()].map((event) => ({ ...event, target, name })))
    .sort((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : a.seq - b.seq));
  const next = targets.map(({ target, seq }) => `${target}:${seq}`).join(",");
  return { items, next, done: ended(job) && targets.every(({ more }) => !more), job };
}

interface Said {
  readonly target: string;
  readonly name: string;
  readonly rows: readonly Row[];
  /** By number: two workers may have stored the same event. */
  readonly events: Map<number, Event>;
  /** The last event in the page. */
  seq: number;
  more: boolean;
}

async function readTarget(
  ctx: Context,
  job: Job,
  { target, name }: { target: string; name: string },
  after: number,
): Promise<Said> {
  const { pk } = key(ctx, "", part(job.id, target));
  // Pages never stop inside a batch, so none begins at or before the cursor and reaches past it.
  const range = { pk, after: after > 0 ? sortKey(after) : undefined, limit: 50, consistent: true };
  const { items: rows, last } = await fill(ctx, range, (found) => found);
  return { target, name, rows, events: new Map(), seq: after, more: last !== undefined };
}

/** One batch of each target in turn, until the page is full. */
function takeTurns(targets: readonly Said[]): void {
  let room = PAGE_BYTES;
  for (let round = 0; targets.some(({ rows }) => round < rows.length); round++)
    for (const said of targets) {
      const row = said.rows[round];
      // A batch that overlaps the one before goes on the same page.
      if (!row || (room <= 0 && Number(row.sk) > said.seq)) {
        said.more ||= row !== undefined;
        continue;
      }
      const { seq } = said;
      const text = textOf(row);
      room -= Buffer.byteLength(text);
      for (const event of parsed(text)) {
        if (event.seq <= seq && !said.events.has(event.seq)) continue;
        said.events.set(event.seq, event);
        said.seq = Math.max(said.seq, event.seq);
      }
    }
}
