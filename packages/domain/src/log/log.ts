import { deflateRawSync, inflateRawSync } from "node:zlib";
import * as z from "zod";
import type { Context } from "../context.ts";
import { get, list } from "../query.ts";
import { key, tryUpdate, ttlIn } from "../table.ts";
import { LogItem } from "./item.ts";

/**
 * A log session: somebody reading an app's logs. It is not a job. Readers' requests keep it open; meanwhile one worker at a time
 * follows the app's servers for a turn and hands over to the next. Each numbered batch is written once, with the position reached
 * in every container, so the next worker resumes exactly there and concurrent workers cannot both write.
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
  calledAt: z.iso.datetime(),
  /** The worker in charge, until the time given unless it renews. */
  turn: z.object({ id: z.string(), until: z.iso.datetime() }).optional(),
  closed: z.boolean().optional(),
});
export type LogSession = z.infer<typeof LogSession>;

/** The timestamp of a container's last line, by the server's clock, and how many lines have that timestamp. */
const Position = z.object({ at: z.string(), count: z.number().int() });
export type Position = z.infer<typeof Position>;

export const Progress = z.object({
  begun: z.string().optional(),
  containers: z.record(z.string(), Position),
  /** Hashes of Docker's messages that replace lines; each is reported once. */
  notes: z.array(z.string()),
  trouble: z.string().optional(),
  over: z.boolean().optional(),
});
export type Progress = z.infer<typeof Progress>;

const Batch = z.object({
  items: z.array(LogItem),
  progress: z.record(z.string(), Progress),
  last: z.boolean(),
});
export type Batch = z.infer<typeof Batch>;

const KEEP_SECONDS = 3600;
export const sessionTtl = (ctx: Context) => ttlIn(ctx, KEEP_SECONDS);
export const batchTtl = (ctx: Context) => ttlIn(ctx, 2 * KEEP_SECONDS);

/** How often a worker renews its turn and checks for readers. */
export const CHECK_SECONDS = 7;

export const logKey = (ctx: Pick<Context, "tenant">, id: string) => key(ctx, `LOG#${id}`);
const part = (id: string) => `LOG#${id}`;
const sortKey = (seq: number) => String(seq).padStart(9, "0");
export const batchKey = (ctx: Pick<Context, "tenant">, id: string, seq: number) => key(ctx, sortKey(seq), part(id));

export const pack = (batch: Batch) => deflateRawSync(JSON.stringify(batch));
const unpack = (row: Record<string, unknown>) => {
  const { batch } = z.object({ batch: z.instanceof(Uint8Array) }).parse(row);
  return Batch.parse(JSON.parse(inflateRawSync(batch).toString("utf8")));
};

export async function findLog(ctx: Context, id: string, options: { consistent?: boolean } = {}): Promise<LogSession | undefined> {
  const row = await get(ctx, logKey(ctx, id), options);
  return row && LogSession.parse(row);
}

export async function changeLog(ctx: Context, id: string, set: string, condition: string, values: object): Promise<boolean> {
  const change = { change: `SET ${set}`, condition: `attribute_exists(pk) AND ${condition}`, values: { ...values } };
  return (await tryUpdate(ctx, logKey(ctx, id), change)) !== undefined;
}

const PAGE = 10;

export async function batchesAfter(
  ctx: Context,
  id: string,
  seq: number,
  { consistent = true, limit = PAGE } = {},
): Promise<(Batch & { seq: number })[]> {
  const { pk } = batchKey(ctx, id, 0);
  const { rows } = await list(ctx, { pk, after: seq > 0 ? sortKey(seq) : undefined, limit, consistent });
  return rows.map((row) => ({ seq: Number(row.sk), ...unpack(row) }));
}

export async function lastBatch(ctx: Context, id: string): Promise<(Batch & { seq: number }) | undefined> {
  const { pk } = batchKey(ctx, id, 0);
  const { rows } = await list(ctx, { pk, newestFirst: true, limit: 1, consistent: true });
  return rows[0] && { seq: Number(rows[0].sk), ...unpack(rows[0]) };
}
