import { deflateRawSync, inflateRawSync } from "node:zlib";
import * as z from "zod";
import type { Context } from "../context.ts";
import { Problem } from "../error.ts";
import { key, list, type Row, touch, ttlIn } from "../table.ts";
import { ended, getJob, type Job } from "./job.ts";

/**
 * What a run on a server said, in the order it said it. Numbered by the run itself from 1, so that a worker that attaches later writes the
 * same rows again. Kept in the job's and target's own partition for as long as the plan keeps logs.
 */
export const Event = z.object({
  seq: z.number().int(),
  at: z.string(),
  type: z.string(),
  step: z.string().optional(),
  service: z.string().optional(),
  text: z.string().optional(),
});
export type Event = z.infer<typeof Event>;

/** The row holds these events already, and perhaps more. */
const kept = new Problem("version.stale");

/** Compressed: a unit of writing is 1 KB, and what programs print is repetitive. */
const pack = (events: readonly Event[]) => deflateRawSync(JSON.stringify(events));

const Batch = z.object({ events: z.instanceof(Uint8Array) });
/** The events of a batch's row. */
export const eventsOf = (row: Row): Event[] =>
  z.array(Event).parse(JSON.parse(inflateRawSync(Batch.parse(row).events).toString("utf8")));

const part = (job: string, target: string) => `JOB#${job}#${target}`;
const place = (seq: number) => String(seq).padStart(9, "0");

/**
 * Stores a run's next events as one row. The same batch again is the same row, and a worker that comes late with a shorter one leaves the
 * longer one as it is.
 */
export async function keepEvents(
  ctx: Context,
  at: { job: string; target: string },
  events: readonly Event[],
  days: number,
): Promise<void> {
  const [first] = events;
  if (!first) return;
  const ttl = ttlIn(ctx, days * 86_400);
  const change = {
    change: "SET #events = :events, #last = :last, #ttl = :ttl",
    condition: "attribute_not_exists(#last) OR #last < :last",
    values: { ":events": pack(events), ":last": events.at(-1)?.seq, ":ttl": ttl },
  };
  try {
    await touch(ctx, key(ctx, place(first.seq), part(at.job, at.target)), change, kept);
  } catch (error) {
    if (error !== kept) throw error;
  }
}

/** The number of the last event kept, 0 if there is none. */
export async function lastSeq(ctx: Context, at: { job: string; target: string }): Promise<number> {
  const { pk } = key(ctx, "", part(at.job, at.target));
  const { rows } = await list(ctx, { pk, newestFirst: true, limit: 1, consistent: true });
  return rows[0] ? (eventsOf(rows[0]).at(-1)?.seq ?? 0) : 0;
}

export interface EventPage {
  readonly items: readonly (Event & { target: string; name: string })[];
  /** Give it back as `after` for what comes next. */
  readonly next: string;
  /** True when the job has ended and every event is in this page or an earlier one. */
  readonly done: boolean;
  readonly job: Job;
}

const readCursor = (text: string | undefined): Record<string, number> =>
  Object.fromEntries(
    (text ?? "")
      .split(",")
      .flatMap((pair) => (pair.includes(":") ? [[pair.split(":")[0], Number(pair.split(":")[1]) || 0]] : [])),
  );

/**
 * Events after a cursor, of all the job's targets, oldest first. Waits up to `waitSeconds` for one, or for the job to move on from the version
 * that was seen (its present one, unless given).
 */
export async function listEvents(
  ctx: Context,
  input: { job: string; after?: string | undefined; seen?: number | undefined; waitSeconds: number },
): Promise<EventPage> {
  const first = await getJob(ctx, input.job);
  const seen = input.seen ?? first.version;
  const until = ctx.now().getTime() + input.waitSeconds * 1000;
  for (let job = first; ; job = await getJob(ctx, input.job)) {
    const page = await readEvents(ctx, job, readCursor(input.after));
    if (page.items.length > 0 || page.done || job.version !== seen || ctx.now().getTime() >= until) return page;
    await ctx.sleep(400);
  }
}

async function readEvents(ctx: Context, job: Job, cursor: Record<string, number>): Promise<EventPage> {
  const pages = await Promise.all(
    Object.values(job.rollouts).map((rollout) => readTarget(ctx, job, rollout, cursor[rollout.target] ?? 0)),
  );
  const items = pages.flatMap((page) => page.items).sort((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : a.seq - b.seq));
  const next = pages.map(({ target, seq }) => `${target}:${seq}`).join(",");
  return { items, next, done: ended(job) && pages.every((page) => !page.more), job };
}

async function readTarget(ctx: Context, job: Job, { target, name }: { target: string; name: string }, after: number) {
  const { pk } = key(ctx, "", part(job.id, target));
  // A batch may begin at or before the cursor and reach past it only if the reader stopped inside it, which pages do not.
  const { rows, last } = await list(ctx, { pk, after: after > 0 ? place(after) : undefined, limit: 50, consistent: true });
  // Of two workers one after the other both may have kept the same event.
  const events = new Map(rows.flatMap((row) => eventsOf(row).map((event) => [event.seq, event] as const)));
  const items = [...events.values()]
    .filter(({ seq }) => seq > after)
    .sort((a, b) => a.seq - b.seq)
    .map((event) => ({ ...event, target, name }));
  return { target, items, seq: items.at(-1)?.seq ?? after, more: last !== undefined };
}
