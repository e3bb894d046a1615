import * as z from "zod";
import type { App } from "../app/app.ts";
import type { Context } from "../context.ts";
import { erase } from "../erase.ts";
import { get, list } from "../query.ts";
import { imagesPrefix } from "../release/images.ts";
import { bundleKey, Release, releasePrefix } from "../release/release.ts";
import { check, commit, key, overtaken, put, type Row, remove, tryCommit, update, type Write } from "../table.ts";
import { setKey, setPrefix, valuePrefix, valuesPrefix, versionOf } from "../variable/variable.ts";

/** Erases what a removed environment leaves. The due row of the removing commit is deleted last, so the sweep resumes after a crash. */
const Promised = z.object({
  app: z.string(),
  environment: z.string(),
  /** The newest release. */
  upTo: z.number().int(),
  /** The newest version of its secrets and variables; 0 if it has none. */
  variables: z.number().int().default(0),
  /** The app goes too. */
  last: z.boolean(),
});
type Promised = z.infer<typeof Promised>;

const ERASE = "REMOVED#";

/** `of.variables` is what was read of the environment's; a change of them meanwhile overtakes the removal. */
export const promiseErasure = (ctx: Context, app: Pick<App, "id" | "variables">, of: Omit<Promised, "app">): Write[] => [
  ...(of.upTo > 0 || app.variables?.length
    ? [
        put(ctx, key(ctx, erasureOf({ ...of, app: app.id })), {
          ...of,
          app: app.id,
          duePk: ERASE_SHARD,
          dueAt: ctx.now().toISOString(),
        }),
      ]
    : []),
  ...(of.variables > 0
    ? [
        check(
          ctx,
          setKey(ctx, app.id, of.environment),
          { condition: "version = :seen", values: { ":seen": of.variables } },
          overtaken,
        ),
      ]
    : []),
];

export const erasureOf = ({ app, environment }: { app: string; environment: string }) => `${ERASE}${app}#${environment}`;
/** Removals are rare: one of the sweep's shards holds them all. */
const ERASE_SHARD = "DUE#0";

/** Releases per transaction: DynamoDB allows 100 writes, and each release takes two. */
const PAGE = 40;

export async function eraseReleases(ctx: Context, sk: string): Promise<void> {
  const at = key(ctx, sk);
  const found = await get(ctx, at);
  if (!found) return;
  const { app, environment, upTo, variables, last } = Promised.parse(found);
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
  await eraseValues(ctx, last ? valuesPrefix(app) : valuePrefix(app, environment), last ? undefined : variables);
  if (last)
    await eachPage(ctx, setPrefix(app), (rows) =>
      commitAll(
        ctx,
        rows.map(({ sk }) => erase(ctx, key(ctx, String(sk)))),
      ),
    );
  else if (variables > 0) await tryCommit(ctx, unusedSet(ctx, app, environment, variables));
  const condition = "upTo = :seen AND (attribute_not_exists(#variables) OR #variables = :variables)";
  // A newer removal's row stays for the next sweep.
  await tryCommit(ctx, remove(ctx, at, { condition, values: { ":seen": upTo, ":variables": variables } }, overtaken));
}

/** The environment may have been made again, with values of its own: its versions go on. */
const eraseValues = (ctx: Context, prefix: string, upTo: number | undefined) =>
  eachPage(ctx, prefix, (rows) =>
    commitAll(
      ctx,
      rows
        .map(({ sk }) => String(sk))
        .filter((sk) => upTo === undefined || versionOf(sk) <= upTo)
        .map((sk) => erase(ctx, key(ctx, sk))),
    ),
  );

const unusedSet = (ctx: Context, app: string, environment: string, version: number): Write =>
  remove(ctx, setKey(ctx, app, environment), { condition: "version = :seen", values: { ":seen": version } }, overtaken);

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
