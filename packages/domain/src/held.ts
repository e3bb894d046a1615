import * as z from "zod";
import type { Context } from "./context.ts";
import { Problem } from "./error.ts";
import { get, key, touch, ttlIn } from "./table.ts";

/**
 * What a tenant may hold of things that are everybody's: counted while it is held, not when it is begun. Each hold has an end of its own, so
 * what a dead process held comes back by itself.
 */
export interface Ceiling {
  readonly name: string;
  /** At once. */
  readonly most: number;
  /** The longest that one lasts; after that it counts no more. */
  readonly seconds: number;
}

/** Requests that wait for something to happen, and streams of events: of the functions that answer them there is a number for all tenants together. */
export const polls: Ceiling = { name: "polls", most: 20, seconds: 30 };
export const streams: Ceiling = { name: "streams", most: 10, seconds: 35 };

/** Readings of logs that are open, each with the one worker that is at it. */
export const logReaders: Ceiling = { name: "logs", most: 4, seconds: 40 };

const Held = z.object({
  held: z.record(z.string(), z.number()),
  /** The moment told last to one that found no room, when the next one is told a later one. */
  next: z.number().optional(),
  /** How long the one given back last was held, and when that was. */
  lasted: z.object({ seconds: z.number(), at: z.number() }).optional(),
});
/** Others take and give back at the same moment. */
const TRIES = 10;
const full = new Problem("version.stale");
/** The longest that one who found no room is sent away for. */
const AWAY_SECONDS = 120;
/** How long one is held, by what was seen in the last minute and is seen now, or a guess. */
const SEEN_SECONDS = 60;
const GUESS_SECONDS = 5;

export type Hold = { readonly release: () => Promise<void> } | { readonly freeInSeconds: number };

const heldKey = (ctx: Context, { name }: Ceiling) => key(ctx, `HELD#${name}`);

const anyId = (ctx: Context) => `h${Buffer.from(ctx.random(6)).toString("hex")}`;

/**
 * Takes one, or says when the first of those held is over. One write, unless there seem to be too many. Under the id of one that is held it is
 * that one, for longer.
 */
export async function take(ctx: Context, ceiling: Ceiling, id = anyId(ctx)): Promise<Hold> {
  const at = heldKey(ctx, ceiling);
  const begun = ctx.now().getTime();
  const now = () => Math.ceil(ctx.now().getTime() / 1000);
  const ttl = ttlIn(ctx, ceiling.seconds + 3600);
  const attempt = async (change: string, condition: string, values: Record<string, unknown>) => {
    try {
      await touch(ctx, at, { change: `${change}, #ttl = :ttl`, condition, values: { ...values, ":ttl": ttl } }, full);
      return true;
    } catch (error) {
      if (error !== full) throw error;
      return false;
    }
  };
  const taken = { release: () => letGo(ctx, ceiling, id, (ctx.now().getTime() - begun) / 1000) };
  for (let tries = 1; tries <= TRIES; tries++) {
    const until = now() + ceiling.seconds;
    if (
      await attempt(`SET held.#${id} = :until`, `attribute_exists(held.#${id}) OR size(held) < :most`, {
        ":until": until,
        ":most": ceiling.most,
      })
    )
      return taken;
    const row = await get(ctx, at);
    const { held } = row ? Held.parse(row) : { held: {} };
    const alive = Object.entries(held).filter(([other, end]) => other !== id && end > now());
    if (alive.length >= ceiling.most) return { freeInSeconds: Math.max(1, Math.min(...alive.map(([, end]) => end)) - now()) };
    const next = { ...Object.fromEntries(alive), [id]: until };
    const unchanged = row ? "held = :seen" : "attribute_not_exists(held)";
    if (await attempt("SET held = :next", unchanged, { ":next": next, ...(row && { ":seen": held }) })) return taken;
  }
  return { freeInSeconds: 1 };
}

/** Seconds for which the one of that id is held from now; 0 if it is not. */
export async function heldFor(ctx: Context, ceiling: Ceiling, id: string): Promise<number> {
  const row = await get(ctx, heldKey(ctx, ceiling));
  return row ? Math.max(0, (Held.parse(row).held[id] ?? 0) - ctx.now().getTime() / 1000) : 0;
}

/**
 * Seconds after which one that found no room comes again. Each is told a moment of its own, one after the other and as far apart as room becomes
 * free, so that however many there are, most come when it is their turn; of those beyond the last moment all come then.
 */
export async function awayFor(ctx: Context, ceiling: Ceiling): Promise<number> {
  const at = heldKey(ctx, ceiling);
  const now = ctx.now().getTime() / 1000;
  const { held, lasted } = Held.parse((await get(ctx, at)) ?? { held: {} });
  const longest = Math.max(0, ...Object.values(held).map((end) => now - (end - ceiling.seconds)));
  const usual = lasted && now - lasted.at < SEEN_SECONDS ? lasted.seconds : GUESS_SECONDS;
  const step = Math.min(ceiling.seconds, Math.max(usual, longest)) / ceiling.most;
  const behind = {
    change: "SET #next = #next + :step",
    condition: "#next > :now AND #next < :last",
    values: { ":step": step, ":now": now, ":last": now + AWAY_SECONDS },
  };
  const first = {
    change: "SET #next = :first",
    condition: "attribute_not_exists(#next) OR #next <= :now",
    values: { ":first": now + step, ":now": now },
  };
  // Others come at the same moment: between two attempts there may have come a first one.
  for (const change of [behind, first, behind])
    try {
      const { next } = await touch(ctx, at, change, full);
      return Math.min(AWAY_SECONDS, Math.max(1, Math.ceil(Number(next) - now)));
    } catch (error) {
      if (error !== full) throw error;
    }
  return AWAY_SECONDS;
}

/** Gives one back, and notes how long it was held where that is known. */
export async function letGo(ctx: Context, ceiling: Ceiling, id: string, seconds?: number): Promise<void> {
  const note = seconds === undefined ? undefined : { ":lasted": { seconds, at: ctx.now().getTime() / 1000 } };
  const change = `${note ? "SET lasted = :lasted " : ""}REMOVE held.#${id}`;
  try {
    await touch(ctx, heldKey(ctx, ceiling), { change, condition: "attribute_exists(held)", ...(note && { values: note }) }, full);
  } catch (error) {
    // It lapses by itself; what was done while it was held is done.
    if (error !== full) ctx.log("warn", "a hold was not given back", { held: ceiling.name, error });
  }
}

export const tooMany = ({ most }: Ceiling, seconds: number) =>
  new Problem("rate.limited", {
    detail: `This account has ${most} open already. Close some, or try again in ${seconds} seconds.`,
    facts: { retryAfter: seconds },
  });

/** Does something while one is held. @throws Problem rate.limited when as many are held as may be, with the seconds to wait in `retryAfter` */
export async function holding<T>(ctx: Context, ceiling: Ceiling, work: () => Promise<T>): Promise<T> {
  const hold = await take(ctx, ceiling);
  if ("freeInSeconds" in hold) throw tooMany(ceiling, hold.freeInSeconds);
  try {
    return await work();
  } finally {
    await hold.release();
  }
}
