import type { Context } from "./context.ts";
import { Problem } from "./error.ts";
import { get, key, update, type Write } from "./table.ts";

/** Enough for those who can come at one moment. */
const TRIES = 30;
const overtaken = new Problem("version.stale");

/**
 * Adds to what a tenant may only have so many of. `add` counts what is there, reading consistently, and commits `turn` with what it adds: of two
 * at once that counted the same, one counts again. So nobody passes a ceiling, and what lapses or is removed needs no count of its own.
 */
export async function addInTurn<T>(ctx: Context, what: string, add: (turn: Write) => Promise<T>): Promise<T> {
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

/**
 * Does a change again while others got ahead of it: a tenant's deploys meet on its list of them, whatever apps they are of. Each try reads
 * afresh and ends in one commit, so only one of them takes place.
 */
export async function inTurn<T>(ctx: Context, change: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await change();
    } catch (error) {
      if (!(error instanceof Problem && error.code === "version.stale") || tries === CHANGE_TRIES) throw error;
      await ctx.sleep(tries * (10 + (ctx.random(1)[0] ?? 0) / 8));
    }
  }
}
