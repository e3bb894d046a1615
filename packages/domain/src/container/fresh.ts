import type { Context } from "../context.ts";
import { Problem } from "../error.ts";
import { holding, polls } from "../held.ts";
import { limit } from "../rate-limit.ts";
import { READER_SECONDS } from "../remote/deadline.ts";
import { touch, ttlIn } from "../table.ts";
import { getSeen, KEEP_SECONDS, type Place, seenKey } from "./seen.ts";

export interface Inspection extends Place {
  readonly id: string;
}

const FRESH_SECONDS = 3;
const ASKED_SECONDS = 2 * READER_SECONDS;
const AGAIN_MILLISECONDS = 400;

export const shared = new Problem("version.stale");

/** Has each server inspected by one worker, however many callers wait, until all have answered or time is up. */
export const lookAfresh = (ctx: Context, places: readonly Place[], waitSeconds: number): Promise<void> =>
  holding(ctx, polls, () => waitFor(ctx, places, waitSeconds));

async function waitFor(ctx: Context, places: readonly Place[], waitSeconds: number): Promise<void> {
  const since = new Date(ctx.now().getTime() - FRESH_SECONDS * 1000).toISOString();
  const until = ctx.now().getTime() + waitSeconds * 1000;
  for (let asked = false; ; ) {
    const seen = await getSeen(ctx, places, { consistent: true });
    const open = places.filter((_, i) => {
      const stored = seen[i];
      const last = [stored?.seenAt, stored?.problem?.at]
        .filter((at) => at !== undefined)
        .sort()
        .at(-1);
      return last === undefined || last < since;
    });
    if (open.length === 0 || ctx.now().getTime() >= until) return;
    if (!asked) {
      await limit(ctx, `inspect#${ctx.tenant}`, { most: 60, seconds: 60 });
      await Promise.all(open.map((place) => request(ctx, place)));
      asked = true;
    }
    await ctx.sleep(AGAIN_MILLISECONDS);
  }
}

async function request(ctx: Context, place: Place): Promise<void> {
  const now = ctx.now();
  const id = Buffer.from(ctx.random(9)).toString("base64url");
  const inspection = { id, until: new Date(now.getTime() + ASKED_SECONDS * 1000).toISOString(), begun: false };
  const claim = {
    change: "SET inspection = :inspection, #ttl = :ttl",
    condition: "attribute_not_exists(inspection) OR inspection.#until < :now",
    values: { ":inspection": inspection, ":now": now.toISOString(), ":ttl": ttlIn(ctx, KEEP_SECONDS) },
  };
  try {
    await touch(ctx, seenKey(ctx, place), claim, shared);
  } catch (error) {
    if (error !== shared) throw error;
    return;
  }
  await ctx.send("jobs", { tenant: ctx.tenant, inspect: { ...place, id } }, { group: ctx.tenant });
}
