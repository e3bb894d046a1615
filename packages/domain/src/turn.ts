import type { Context } from "./context.ts";
import { Problem } from "./error.ts";
import { get } from "./query.ts";
import { key, update, type Write } from "./table.ts";

const TRIES = 30;
const overtaken = new Problem("version.stale");

/** Adds one of a limited number of things: `add` counts them and commits `turn` with the new one. Of two at once, one counts again. */
export async function addWithinLimit<T>(ctx: Context, what: string, add: (turn: Write) => Promise<T>): Promise<T> {
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
    try {
      return await add(turn);
    } catch (error) {
      if (error !== overtaken) throw error;
      if (tries === TRIES) throw new Problem("service.busy");
      await ctx.sleep(tries * (5 + (ctx.random(1)[0] ?? 0) / 8));
    }
  }
}

const CHANGE_TRIES = 10;

/** Retries a change that lost to a concurrent one: a tenant's deployments share one list. */
export async function retryOnConflict<T>(ctx: Context, change: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await change();
    } catch (error) {
      if (!(error instanceof Problem && error.code === "version.stale") || tries === CHANGE_TRIES) throw error;
      await ctx.sleep(tries * (10 + (ctx.random(1)[0] ?? 0) / 8));
    }
  }
}
