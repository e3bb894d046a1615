import * as z from "zod";
import type { Context } from "../context.ts";
import { erase } from "../erase.ts";
import { get, list } from "../query.ts";
import { commit, key, overtaken, put, type Row, remove, tryCommit, update, type Write } from "../table.ts";
import { imagesPrefix } from "./images.ts";
import { bundleKey, Release, releasePrefix } from "./release.ts";

/** Erases what a removed environment leaves. The due row of the removing commit is deleted last, so the sweep resumes after a crash. */
const Promised = z.object({ app: z.string(), environment: z.string(), upTo: z.number().int(), last: z.boolean() });

const ERASE = "REMOVED#";

export const promiseErasure = (ctx: Context, of: { app: string; environment: string; upTo: number; last: boolean }): Write[] =>
  of.upTo === 0 ? [] : [put(ctx, key(ctx, erasureOf(of)), { ...of, duePk: ERASE_SHARD, dueAt: ctx.now().toISOString() })];

export const erasureOf = ({ app, environment }: { app: string; environment: string }) => `${ERASE}${app}#${environment}`;
/** Removals are rare: one of the sweep's shards holds them all. */
const ERASE_SHARD = "DUE#0";

/** Releases per transaction: DynamoDB allows 100 writes, and each release takes two. */
const PAGE = 40;

export async function eraseReleases(ctx: Context, sk: string): Promise<void> {
  const at = key(ctx, sk);
  const found = await get(ctx, at);
  if (!found) return;
  const { app, environment, upTo, last } = Promised.parse(found);
  const prefix = releasePrefix(app, environment);
  await eachPage(ctx, prefix, async (rows) => {
    const old = rows.filter((row) => Release.parse(row).number <= upTo);
    await commitAll(ctx, [
      ...old
        .filter((row) => row.data === undefined)
        .map((row) => erase(ctx, bundleKey(ctx, app, environment, Release.parse(row).number))),
      // If the app stays, its environment may return, and release numbers continue.
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
  // A newer removal's row stays for the next sweep.
  await tryCommit(ctx, remove(ctx, at, { condition: "upTo = :seen", values: { ":seen": upTo } }, overtaken));
}

export const isErasure = (sk: string) => sk.startsWith(ERASE);

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
