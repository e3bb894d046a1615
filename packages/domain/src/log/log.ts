import { deflateRawSync, inflateRawSync } from "node:zlib";
import * as z from "zod";
import type { Context } from "../context.ts";
import { Problem } from "../error.ts";
import { get, key, list, touch, ttlIn } from "../table.ts";
import { LogItem } from "./item.ts";

/**
 * A reading of an app's logs: a session, and no job. Somebody reads it or it ends: a reader's questions keep it open, and while it is open one
 * worker at a time follows all of the app's servers for a minute and hands over to the next. What they say becomes batches, numbered from 1, each
 * written once: it holds its lines and, for every container, how far they reach. So a worker that comes after one that was killed goes on exactly
 * there, and of two at once only one can write the next batch. A reader that was away asks for what comes after the last batch it has.
 */
export const LogSession = z.object({
  id: z.string(),
  app: z.string(),
  appId: z.string(),
  environment: z.string(),
  targets: z.array(z.object({ id: z.string(), name: z.string() })),
  services: z.array(z.string()),
  tail: z.number().int(),
  since: z.string().optional(),
  follow: z.boolean(),
  createdAt: z.iso.datetime(),
  /** When a worker was called last. */
  calledAt: z.iso.datetime(),
  /** The worker that is at it, until when unless it says so again. */
  turn: z.object({ id: z.string(), until: z.iso.datetime() }).optional(),
  closed: z.boolean().optional(),
});
export type LogSession = z.infer<typeof LogSession>;

/** How far the lines of a container reach: the moment of the last one, as its server wrote it, and how many lines of that moment there were. */
const Position = z.object({ at: z.string(), count: z.number().int() });
export type Position = z.infer<typeof Position>;

/** What is known of a target: how far its containers were read, since when by its own clock, and why it cannot be read. */
export const Place = z.object({
  begun: z.string().optional(),
  containers: z.record(z.string(), Position),
  /** What Docker said in the place of lines, as hashes; it is told once. */
  notes: z.array(z.string()),
  trouble: z.string().optional(),
  /** It is not tried again. */
  over: z.boolean().optional(),
});
export type Place = z.infer<typeof Place>;

const Batch = z.object({
  items: z.array(LogItem),
  places: z.record(z.string(), Place),
  /** Nothing comes after it. */
  last: z.boolean(),
});
export type Batch = z.infer<typeof Batch>;

/** Rows are of no use to a reader that was away for longer. */
const KEEP_SECONDS = 3600;
export const sessionTtl = (ctx: Context) => ttlIn(ctx, KEEP_SECONDS);
export const batchTtl = (ctx: Context) => ttlIn(ctx, 2 * KEEP_SECONDS);

/** A worker says so often that it is there, and looks whether somebody reads: it goes when the reader's place would lapse before it looks again. */
export const LOOK_SECONDS = 7;

export const logKey = (ctx: Pick<Context, "tenant">, id: string) => key(ctx, `LOG#${id}`);
const part = (id: string) => `LOG#${id}`;
const place = (seq: number) => String(seq).padStart(9, "0");
export const batchKey = (ctx: Pick<Context, "tenant">, id: string, seq: number) => key(ctx, place(seq), part(id));

export const pack = (batch: Batch) => deflateRawSync(JSON.stringify(batch));
const unpack = (row: Record<string, unknown>) => {
  const { batch } = z.object({ batch: z.instanceof(Uint8Array) }).parse(row);
  return Batch.parse(JSON.parse(inflateRawSync(batch).toString("utf8")));
};

export async function findLog(ctx: Context, id: string, options: { consistent?: boolean } = {}): Promise<LogSession | undefined> {
  const row = await get(ctx, logKey(ctx, id), options);
  return row && LogSession.parse(row);
}

const notSo = new Problem("version.stale");

/** Changes a session's row while the condition holds; false where it does not, or the session is gone. */
export async function changeLog(ctx: Context, id: string, set: string, condition: string, values: object): Promise<boolean> {
  const change = { change: `SET ${set}`, condition: `attribute_exists(pk) AND ${condition}`, values: { ...values } };
  try {
    await touch(ctx, logKey(ctx, id), change, notSo);
    return true;
  } catch (error) {
    if (error === notSo) return false;
    throw error;
  }
}

/** Batches read in one round trip. */
const PAGE = 10;

/** The next batches after one, oldest first, each with its number. */
export async function batchesAfter(
  ctx: Context,
  id: string,
  seq: number,
  { consistent = true, limit = PAGE } = {},
): Promise<(Batch & { seq: number })[]> {
  const { pk } = batchKey(ctx, id, 0);
  const { rows } = await list(ctx, { pk, after: seq > 0 ? place(seq) : undefined, limit, consistent });
  return rows.map((row) => ({ seq: Number(row.sk), ...unpack(row) }));
}

/** The newest batch; none before the first. */
export async function lastBatch(ctx: Context, id: string): Promise<(Batch & { seq: number }) | undefined> {
  const { pk } = batchKey(ctx, id, 0);
  const { rows } = await list(ctx, { pk, newestFirst: true, limit: 1, consistent: true });
  return rows[0] && { seq: Number(rows[0].sk), ...unpack(rows[0]) };
}
