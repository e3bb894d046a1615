import { ANY_APP, allow, type Context } from "../context.ts";
import { heldFor, logReaders, polls, withHold } from "../held.ts";
import { isoIn } from "../time.ts";
import type { LogItem } from "./item.ts";
import { batchesAfter, CHECK_SECONDS, changeLog, type LogSession, lastBatch } from "./log.ts";
import { callWorker, getLog, keepOpen } from "./open.ts";

export interface LogPage {
  readonly items: readonly LogItem[];
  readonly next: number;
  readonly ended: boolean;
}

export const WAIT_SECONDS = 15;
/** Extended below this: a waiting request, the worker's next check after it, and a margin. */
const RENEW_SECONDS = WAIT_SECONDS + CHECK_SECONDS + 4;
const POLL_MILLISECONDS = 400;
/** A worker that was called this long ago and has not started is presumed lost. */
const CALL_AGAIN_SECONDS = 10;
const PAGE_BYTES = 1_000_000;

export async function readLogs(ctx: Context, input: { log: string; after: number; waitSeconds: number }): Promise<LogPage> {
  allow(ctx, "read", ANY_APP);
  const session = await getLog(ctx, input.log);
  const page = await pageAfter(ctx, session, input.after);
  if (page.ended || session.closed) return page;
  if ((await heldFor(ctx, logReaders, session.id)) < RENEW_SECONDS) {
    // A complete session can be read to its end without a slot or a worker.
    if ((await lastBatch(ctx, session.id))?.last) return page;
    await keepOpen(ctx, session.id);
  }
  await ensureWorker(ctx, session);
  if (page.items.length > 0 || input.waitSeconds === 0) return page;
  const until = ctx.now().getTime() + input.waitSeconds * 1000;
  await withHold(ctx, polls, async () => {
    while (ctx.now().getTime() < until) {
      await ctx.sleep(POLL_MILLISECONDS);
      const [news] = await batchesAfter(ctx, session.id, input.after, { consistent: false, limit: 1 });
      if (news) return;
    }
  });
  return pageAfter(ctx, session, input.after);
}

async function pageAfter(ctx: Context, session: LogSession, after: number): Promise<LogPage> {
  const items: LogItem[] = [];
  let next = after;
  let bytes = 0;
  for (const batch of await batchesAfter(ctx, session.id, after)) {
    bytes += batch.items.reduce((sum, { text }) => sum + text.length + 60, 0);
    if (next > after && bytes > PAGE_BYTES) return { items, next, ended: false };
    items.push(...batch.items);
    next = batch.seq;
    if (batch.last) return { items, next, ended: true };
  }
  return { items, next, ended: session.closed === true && items.length === 0 };
}

/** A session may have lost its worker, or have none because nobody read it for a while. */
async function ensureWorker(ctx: Context, { id, turn, calledAt }: LogSession): Promise<void> {
  const now = ctx.now();
  const long = isoIn(ctx, -CALL_AGAIN_SECONDS);
  if ((turn && turn.until > now.toISOString()) || calledAt > long) return;
  const values = { ":now": now.toISOString(), ":long": long };
  if (await changeLog(ctx, id, "calledAt = :now", "calledAt <= :long", values)) await callWorker(ctx, id);
}
