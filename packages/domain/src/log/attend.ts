import { projectValues } from "../app/app.ts";
import type { Context } from "../context.ts";
import { heldFor, letGo, logReaders } from "../held.ts";
import type { Reach } from "../remote/reach.ts";
import { getAll } from "../table.ts";
import { StoredTarget, targetKey } from "../target/target.ts";
import { follow, lastLines } from "./follow.ts";
import { gathering } from "./gather.ts";
import { changeLog, findLog, LOOK_SECONDS, type LogSession, lastBatch, sessionTtl } from "./log.ts";
import { callWorker } from "./open.ts";
import { nowhere } from "./position.ts";
import { together } from "./together.ts";

export const TURN_SECONDS = 60;
/** A worker that has not renewed its turn for this long is considered dead. */
const QUIET_SECONDS = 20;
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
  const over = new AbortController();
  const places = before?.places ?? {};
  const out = gathering(ctx, id, { seq: before?.seq ?? 0, places, by: turn, onLost: () => over.abort() });
  const watch = watching(ctx, id, turn, over);
  const past = together(ctx, session, before !== undefined, over.signal, (lines) => out.resume(lines));
  if (!before) out.hold();
  const until = ctx.now().getTime() + TURN_SECONDS * 1000;
  const voices = session.targets.map(async (target, i) => {
    const place = places[target.id] ?? nowhere();
    const row = rows[i] && StoredTarget.parse(rows[i]);
    if (place.over) return past.none(target.id);
    const voice = { ctx, reach, session, target, row, place, out, past, plan: planOf(ctx, session), signal: over.signal };
    await (session.follow ? follow(voice, until) : lastLines(voice));
    past.none(target.id);
  });
  try {
    await Promise.all(voices);
    past.end();
  } finally {
    over.abort();
    await watch.end();
  }
  const old = ctx.now().getTime() - Date.parse(session.createdAt) > LIFE_HOURS * 3_600_000;
  const last = !session.follow || old || session.targets.every(({ id: target }) => out.places[target]?.over);
  const ours = await out.done(last && !watch.left());
  if (ours && !watch.lost()) {
    if (last) return letGo(ctx, logReaders, id);
    if (await handOver(ctx, id, turn)) return;
  }
  // Closing a session leaves its reader slot to the active worker.
  if ((await findLog(ctx, id))?.closed) await letGo(ctx, logReaders, id);
}

const planOf = (ctx: Context, { services, tail, since, ...place }: LogSession) => ({
  ...projectValues(ctx, place),
  tail: String(tail),
  ...(services.length > 0 && { services: `${services.join("\n")}\n` }),
  ...(since && { since }),
});

/** With a margin: the worker stops before its slot is given to another session. */
const isRead = async (ctx: Context, id: string) => (await heldFor(ctx, logReaders, id)) > LOOK_SECONDS + 1;

const soon = (ctx: Context) => new Date(ctx.now().getTime() + QUIET_SECONDS * 1000).toISOString();

const takeTurn = (ctx: Context, { id }: LogSession, turn: string) =>
  changeLog(
    ctx,
    id,
    "turn = :turn, #ttl = :ttl",
    "attribute_not_exists(closed) AND (attribute_not_exists(turn) OR turn.#until < :now OR turn.#id = :id)",
    {
      ":turn": { id: turn, until: soon(ctx) },
      ":id": turn,
      ":now": ctx.now().toISOString(),
      ":ttl": sessionTtl(ctx),
    },
  );

const renewTurn = (ctx: Context, id: string, turn: string) =>
  changeLog(ctx, id, "turn.#until = :until", "attribute_not_exists(closed) AND turn.#id = :turn", {
    ":turn": turn,
    ":until": soon(ctx),
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

function watching(ctx: Context, id: string, turn: string, over: AbortController) {
  const asleep = new AbortController();
  let why: "lost" | "left" | undefined;
  const loop = async () => {
    while (!asleep.signal.aborted) {
      await ctx.sleep(LOOK_SECONDS * 1000, asleep.signal);
      if (asleep.signal.aborted) return;
      if (!(await renewTurn(ctx, id, turn))) why = "lost";
      else if (!(await isRead(ctx, id))) why = "left";
      if (why) return over.abort();
    }
  };
  const watched = loop().catch((error: unknown) => {
    ctx.log("error", "watching a reading of logs failed", { log: id, error });
    why = "lost"; // the turn lapses, and the next worker goes on from the last batch
    over.abort();
  });
  return {
    lost: () => why === "lost",
    left: () => why !== undefined,
    async end() {
      asleep.abort();
      await watched;
    },
  };
}
