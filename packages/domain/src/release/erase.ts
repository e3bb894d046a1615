import * as z from "zod";
import type { Context } from "../context.ts";
import { erase } from "../erase.ts";
import { Problem } from "../error.ts";
import { commit, get, key, list, put, type Row, remove, update, type Write } from "../table.ts";
import { imagesPrefix } from "./images.ts";
import { bundleKey, Release, releasePrefix } from "./release.ts";

/**
 * Erases what an environment that was removed leaves: its bundles with all they hold, and what they were first healthy with. The commit that removed
 * it promised this with a row that is due; it goes last, so that a killed process is gone on from by the sweep. Done twice it does nothing more.
 */
const Promised = z.object({ app: z.string(), environment: z.string(), upTo: z.number().int(), last: z.boolean() });

const ERASE = "REMOVED#";

/** For the commit that removes an environment: its bundles are erased, at once or by the sweep. `last`: the app goes with it. */
export const promiseErasure = (ctx: Context, of: { app: string; environment: string; upTo: number; last: boolean }): Write[] =>
  of.upTo === 0 ? [] : [put(ctx, key(ctx, erasureOf(of)), { ...of, duePk: ERASE_SHARD, dueAt: ctx.now().toISOString() })];

export const erasureOf = ({ app, environment }: { app: string; environment: string }) => `${ERASE}${app}#${environment}`;
/** Removals are few: one of the sweep's shards holds them all. */
const ERASE_SHARD = "DUE#0";

/** Rows at once: DynamoDB takes 100 in a transaction, and each release is two of them. */
const PAGE = 40;

/** `sk` is the promise's own. */
export async function eraseReleases(ctx: Context, sk: string): Promise<void> {
  const at = key(ctx, sk);
  const found = await get(ctx, at);
  if (!found) return;
  const { app, environment, upTo, last } = Promised.parse(found);
  const prefix = releasePrefix(app, environment);
  await eachPage(ctx, prefix, async (rows) => {
    const old = rows.filter((row) => Release.parse(row).number <= upTo);
    await commitAll(ctx, [
      // A small bundle is in its release's own row.
      ...old
        .filter((row) => row.data === undefined)
        .map((row) => erase(ctx, bundleKey(ctx, app, environment, Release.parse(row).number))),
      // Where the app stays, its environment may come back, and its releases are numbered on.
      ...old.map((row) => (last ? erase(ctx, key(ctx, String(row.sk))) : withoutBundle(ctx, String(row.sk)))),
    ]);
  });
  const images = imagesPrefix(app, environment);
  await eachPage(ctx, images, async (rows) => {
    const old = rows.filter(({ sk: name }) => Number.parseInt(String(name).slice(images.length), 10) <= upTo);
    await commitAll(
      ctx,
      old.map((row) => erase(ctx, key(ctx, String(row.sk)))),
    );
  });
  await commit(ctx, remove(ctx, at, { condition: "upTo = :seen", values: { ":seen": upTo } }, newer)).catch((error: unknown) => {
    if (error !== newer) throw error;
  });
}

/** `REMOVED#` and the app's and environment's names, if it is a promise of this kind that is due. */
export const isErasure = (sk: string) => sk.startsWith(ERASE);

/** The environment was made and removed again meanwhile, or somebody else has erased all. */
const newer = new Problem("version.stale");

const withoutBundle = (ctx: Context, sk: string): Write =>
  update(ctx, key(ctx, sk), { change: "REMOVE #data", condition: "attribute_exists(pk)" });

const commitAll = async (ctx: Context, writes: readonly Write[]) => {
  if (writes.length > 0) await commit(ctx, ...writes);
};

async function eachPage(ctx: Context, prefix: string, work: (rows: readonly Row[]) => Promise<void>): Promise<void> {
  for (let after: string | undefined; ; ) {
    const { rows, last } = await list(ctx, { pk: key(ctx, "").pk, prefix, after, limit: PAGE, consistent: true });
    await work(rows);
    if (last === undefined) return;
    after = last;
  }
}
