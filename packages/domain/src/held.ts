import * as z from "zod";
import type { Context } from "./context.ts";
import { Problem } from "./error.ts";
import { get } from "./query.ts";
import { key, tryUpdate, ttlIn } from "./table.ts";

/** A tenant's share of a common resource, counted while held. Each hold expires by itself, so a crashed process cannot keep one. */
export interface Ceiling {
  readonly name: string;
  readonly most: number;
  readonly seconds: number;
}

/** Long polls and event streams occupy functions, whose number is limited for all tenants together. */
export const polls: Ceiling = { name: "polls", most: 20, seconds: 30 };
export const streams: Ceiling = { name: "streams", most: 10, seconds: 35 };

export const logReaders: Ceiling = { name: "logs", most: 4, seconds: 40 };

const Held = z.object({
  held: z.record(z.string(), z.number()),
  /** The latest retry time handed out, in epoch seconds. */
  next: z.number().optional(),
  lasted: z.object({ seconds: z.number(), at: z.number() }).optional(),
});
const TRIES = 10;
const AWAY_SECONDS = 120;
const SEEN_SECONDS = 60;
const GUESS_SECONDS = 5;

export type Hold = { readonly release: () => Promise<void> } | { readonly freeInSeconds: number };

const heldKey = (ctx: Context, { name }: Ceiling) => key(ctx, `HELD#${name}`);

const newId = (ctx: Context) => `h${Buffer.from(ctx.random(6)).toString("hex")}`;

/** Takes a hold, or says when the first one expires. With the id of a current hold, extends it. */
export async function take(ctx: Context, ceiling: Ceiling, id = newId(ctx)): Promise<Hold> {
  const at = heldKey(ctx, ceiling);
  const begun = ctx.now().getTime();
  const now = () => Math.ceil(ctx.now().getTime() / 1000);
  const ttl = ttlIn(ctx, ceiling.seconds + 3600);
  const attempt = async (change: string, condition: string, values: Record<string, unknown>) => {
    const done = { change: `${change}, #ttl = :ttl`, condition, values: { ...values, ":ttl": ttl } };
    return (await tryUpdate(ctx, at, done)) !== undefined;
  };
  const taken = { release: () => releaseHold(ctx, ceiling, id, (ctx.now().getTime() - begun) / 1000) };
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

export async function heldFor(ctx: Context, ceiling: Ceiling, id: string): Promise<number> {
  const row = await get(ctx, heldKey(ctx, ceiling));
  return row ? Math.max(0, (Held.parse(row).held[id] ?? 0) - ctx.now().getTime() / 1000) : 0;
}

/** Seconds after which a refused caller retries. Each gets its own time, spaced as holds are released, so that most then find room. */
export async function retryDelay(ctx: Context, ceiling: Ceiling): Promise<number> {
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
  // Concurrent callers: `first` may have been written between two attempts.
  for (const change of [behind, first, behind]) {
    const row = await tryUpdate(ctx, at, change);
    if (row) return Math.min(AWAY_SECONDS, Math.max(1, Math.ceil(Number(row.next) - now)));
  }
  return AWAY_SECONDS;
}

export async function releaseHold(ctx: Context, ceiling: Ceiling, id: string, seconds?: number): Promise<void> {
  const note = seconds === undefined ? undefined : { ":lasted": { seconds, at: ctx.now().getTime() / 1000 } };
  const change = `${note ? "SET lasted = :lasted " : ""}REMOVE held.#${id}`;
  try {
    await tryUpdate(ctx, heldKey(ctx, ceiling), { change, condition: "attribute_exists(held)", ...(note && { values: note }) });
  } catch (error) {
    ctx.log("warn", "a hold was not given back", { held: ceiling.name, error });
  }
}

export const tooMany = ({ most }: Ceiling, seconds: number) =>
  new Problem("rate.limited", {
    detail: `This account has ${most} open already. Close some, or try again in ${seconds} seconds.`,
    facts: { retryAfter: seconds },
  });

/** @throws Problem rate.limited, with the seconds to wait in `retryAfter` */
export async function withHold<T>(ctx: Context, ceiling: Ceiling, work: () => Promise<T>): Promise<T> {
  const hold = await take(ctx, ceiling);
  if ("freeInSeconds" in hold) throw tooMany(ceiling, hold.freeInSeconds);
  try {
    return await work();
  } finally {
    await hold.release();
  }
}
