import type { Context } from "./context.ts";
import { Problem } from "./error.ts";
import { get } from "./query.ts";
import { key, overtaken, update, type Write } from "./table.ts";

const TRIES = 30;

/**
 * Adds one of a limited number of things: `add` counts them and commits `turn` with the new one, or answers false when it was overtaken. Of
 * two at once, one counts again.
 */
export async function addWithinLimit<T>(ctx: Context, what: string, add: (turn: Write) => Promise<T | false>): Promise<T> {
  const at = key(ctx, `ADDED#${what}`);
  for (let tries = 1; ; tries++) {
    const seen = await get(ctx, at);
    const added = Number(seen?.added ?? 0);
    const turn = update(
      ctx,
      at,
      {
        change: "SET added = :next",
        condition: seen ? "added = :seen" : "attribute_not_exists(pk)",
        values: { ":next": added + 1, ...(seen && { ":seen": added }) },
      },
      overtaken,
    );
    const done = await add(turn);
    if (done !== false) return done;
    if (tries === TRIES) throw new Problem("service.busy");
    await ctx.sleep(tries * (5 + (ctx.random(1)[0] ?? 0) / 8));
  }
}

const CHANGE_TRIES = 10;

/** Makes a change again that answers false, since a concurrent one was first: a tenant's deployments share one list. */
export async function retryOnConflict<T>(ctx: Context, change: () => Promise<T | false>): Promise<T> {
  for (let tries = 1; ; tries++) {
    const done = await change();
    if (done !== false) return done;
    if (tries === CHANGE_TRIES) throw overtaken;
    await ctx.sleep(tries * (10 + (ctx.random(1)[0] ?? 0) / 8));
  }
}
