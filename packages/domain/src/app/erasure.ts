import type { Context } from "../context.ts";
import { key, put, type Write } from "../table.ts";

const ERASE = "REMOVED#";

/** For the commit that removes an environment: its bundles are erased, at once or by the sweep. `last`: the app goes with it. */
export const promiseErasure = (ctx: Context, of: { app: string; environment: string; upTo: number; last: boolean }): Write[] =>
  of.upTo === 0 ? [] : [put(ctx, key(ctx, erasureOf(of)), { ...of, duePk: ERASE_SHARD, dueAt: ctx.now().toISOString() })];

export const erasureOf = ({ app, environment }: { app: string; environment: string }) => `${ERASE}${app}#${environment}`;
/** Removals are few: one of the sweep's shards holds them all. */
const ERASE_SHARD = "DUE#0";

/** `REMOVED#` and the app's and environment's names, if it is a promise of this kind that is due. */
export const isErasure = (sk: string) => sk.startsWith(ERASE);
