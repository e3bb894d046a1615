import type { Context } from "../context.ts";
import { polls, withHold } from "../held.ts";
import { limit } from "../rate-limit.ts";
import { READER_SECONDS } from "../remote/deadline.ts";
import { tryUpdate, ttlIn } from "../table.ts";
import { isoIn } from "../time.ts";
import { type AppOnTarget, getSeen, KEEP_SECONDS, seenKey } from "./seen.ts";

export interface Inspection extends AppOnTarget {
  readonly id: string;
}

const FRESH_SECONDS = 3;
const ANSWER_SECONDS = 2 * READER_SECONDS;
const POLL_MILLISECONDS = 400;

/** Has each server inspected by one worker, however many callers wait, until all have answered or time is up. */
export const inspectNow = (ctx: Context, apps: readonly AppOnTarget[], waitSeconds: number): Promise<void> =>
  withHold(ctx, polls, () => waitFor(ctx, apps, waitSeconds));

async function waitFor(ctx: Context, apps: readonly AppOnTarget[], waitSeconds: number): Promise<void> {
  const since = isoIn(ctx, -FRESH_SECONDS);
  const until = ctx.now().getTime() + waitSeconds * 1000;
  for (let requested = false; ; ) {
    const seen = await getSeen(ctx, apps, { consistent: true });
    const outstanding = apps.filter((_, i) => {
      const stored = seen[i];
      const last = [stored?.seenAt, stored?.problem?.at]
        .filter((at) => at !== undefined)
        .sort()
        .at(-1);
      return last === undefined || last < since;
    });
    if (outstanding.length === 0 || ctx.now().getTime() >= until) return;
    if (!requested) {
      await limit(ctx, `inspect#${ctx.tenant}`, { most: 60, seconds: 60 });
      await Promise.all(outstanding.map((where) => request(ctx, where)));
      requested = true;
    }
    await ctx.sleep(POLL_MILLISECONDS);
  }
}

async function request(ctx: Context, where: AppOnTarget): Promise<void> {
  const now = ctx.now();
  const id = Buffer.from(ctx.random(9)).toString("base64url");
  const inspection = { id, until: isoIn(ctx, ANSWER_SECONDS), begun: false };
  const claim = {
    change: "SET inspection = :inspection, #ttl = :ttl",
    condition: "attribute_not_exists(inspection) OR inspection.#until < :now",
    values: { ":inspection": inspection, ":now": now.toISOString(), ":ttl": ttlIn(ctx, KEEP_SECONDS) },
  };
  if (await tryUpdate(ctx, seenKey(ctx, where), claim))
    await ctx.send("jobs", { tenant: ctx.tenant, inspect: { ...where, id } }, { group: ctx.tenant });
}
