import { projectValues } from "../app/app.ts";
import type { Context } from "../context.ts";
import { heldFor, logReaders, releaseHold } from "../held.ts";
import { getAll } from "../query.ts";
import type { Reach } from "../remote/reach.ts";
import { StoredTarget, targetKey } from "../target/target.ts";
import { isoIn } from "../time.ts";
import { batchWriter } from "./batch-writer.ts";
import { follow, lastLines } from "./follow.ts";
import { initialLines } from "./initial-lines.ts";
import { CHECK_SECONDS, changeLog, findLog, type LogSession, lastBatch, sessionTtl } from "./log.ts";
import { callWorker } from "./open.ts";
import { unread } from "./position.ts";

export const TURN_SECONDS = 60;
/** A worker that has not renewed its turn for this long is considered dead. */
const DEAD_SECONDS = 20;
const LIFE_HOURS = 24;

/** Follows the session's targets from the end of the last batch, for one turn, while somebody reads. */
export async function attendLog(ctx: Context, id: string, reach: Reach): Promise<void> {
  const session = await findLog(ctx, id);
  if (!session || session.closed || !(await isRead(ctx, id))) return;
  const turn = `turn${Buffer.from(ctx.random(6)).toString("hex")}`;
  if (!(await takeTurn(ctx, session, turn))) return;
  const before = await lastBatch(ctx, id);
  if (before?.last) return;
  const rows = await getAll(
    ctx,
    session.targets.map((target) => targetKey(ctx, target.id)),
  );
  const stop = new AbortController();
  const progress = before?.progress ?? {};
  const out = batchWriter(ctx, id, { seq: before?.seq ?? 0, progress, by: turn, onLost: () => stop.abort() });
  const watch = watchTurn(ctx, id, turn, stop);
  const initial = initialLines(ctx, session, before !== undefined, stop.signal, (lines) => out.resume(lines));
  if (!before) out.hold();
  const until = ctx.now().getTime() + TURN_SECONDS * 1000;
  const reads = session.targets.map(async (target, i) => {
    const reached = progress[target.id] ?? unread();
    const row = rows[i] && StoredTarget.parse(rows[i]);
    if (reached.over) return initial.finish(target.id);
    const source = {
      ctx,
      reach,
      session,
      target,
      row,
      progress: reached,
      out,
      initial,
      values: runValues(ctx, session),
      signal: stop.signal,
    };
    await (session.follow ? follow(source, until) : lastLines(source));
    initial.finish(target.id);
  });
  try {
    await Promise.all(reads);
    initial.end();
  } finally {
    stop.abort();
    await watch.end();
  }
  const expired = ctx.now().getTime() - Date.parse(session.createdAt) > LIFE_HOURS * 3_600_000;
  const last = !session.follow || expired || session.targets.every(({ id: target }) => out.progress[target]?.over);
  const complete = await out.done(last && !watch.left());
  if (complete && !watch.lost()) {
    if (last) return releaseHold(ctx, logReaders, id);
    if (await handOver(ctx, id, turn)) return;
  }
  // Closing a session leaves its reader slot to the active worker.
  if ((await findLog(ctx, id))?.closed) await releaseHold(ctx, logReaders, id);
}

const runValues = (ctx: Context, { services, tail, since, ...app }: LogSession) => ({
  ...projectValues(ctx, app),
  tail: String(tail),
  ...(services.length > 0 && { services: `${services.join("\n")}\n` }),
  ...(since && { since }),
});

/** With a margin: the worker stops before its slot is given to another session. */
const isRead = async (ctx: Context, id: string) => (await heldFor(ctx, logReaders, id)) > CHECK_SECONDS + 1;

const turnEnd = (ctx: Context) => isoIn(ctx, DEAD_SECONDS);

const takeTurn = (ctx: Context, { id }: LogSession, turn: string) =>
  changeLog(
    ctx,
    id,
    "turn = :turn, #ttl = :ttl",
    "attribute_not_exists(closed) AND (attribute_not_exists(turn) OR turn.#until < :now OR turn.#id = :id)",
    {
      ":turn": { id: turn, until: turnEnd(ctx) },
      ":id": turn,
      ":now": ctx.now().toISOString(),
      ":ttl": sessionTtl(ctx),
    },
  );

const renewTurn = (ctx: Context, id: string, turn: string) =>
  changeLog(ctx, id, "turn.#until = :until", "attribute_not_exists(closed) AND turn.#id = :turn", {
    ":turn": turn,
    ":until": turnEnd(ctx),
  });

/** Ends the turn and calls the next worker if somebody still reads. False if the session is closed or owned by another worker. */
async function handOver(ctx: Context, id: string, turn: string): Promise<boolean> {
  const given = await changeLog(
    ctx,
    id,
    "turn.#until = :past, calledAt = :now",
    "attribute_not_exists(closed) AND turn.#id = :turn",
    { ":turn": turn, ":past": new Date(0).toISOString(), ":now": ctx.now().toISOString() },
  );
  if (given && (await isRead(ctx, id))) await callWorker(ctx, id);
  return given;
}

function watchTurn(ctx: Context, id: string, turn: string, stop: AbortController) {
  const done = new AbortController();
  let why: "lost" | "left" | undefined;
  const loop = async () => {
    while (!done.signal.aborted) {
      await ctx.sleep(CHECK_SECONDS * 1000, done.signal);
      if (done.signal.aborted) return;
      if (!(await renewTurn(ctx, id, turn))) why = "lost";
      else if (!(await isRead(ctx, id))) why = "left";
      if (why) return stop.abort();
    }
  };
  const watched = loop().catch((error: unknown) => {
    ctx.log("error", "watching a log session's turn failed", { log: id, error });
    why = "lost"; // the turn expires, and the next worker resumes after the last batch
    stop.abort();
  });
  return {
    lost: () => why === "lost",
    left: () => why !== undefined,
    async end() {
      done.abort();
      await watched;
    },
  };
}
