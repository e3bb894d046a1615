import { gunzipSync, gzipSync } from "node:zlib";
import * as z from "zod";
import { type App, getApp, PRODUCTION } from "../app/app.ts";
import { ANY_APP, allow, type Context } from "../context.ts";
import { Problem } from "../error.ts";
import { get, insert, key, list, type Write } from "../table.ts";

/**
 * An immutable, numbered bundle of one app and environment: its Compose file, the files beside it and its variables. Deploying makes one;
 * rolling back deploys an earlier one. The bundle is a row of its own, so that lists do not read it.
 */
export const Release = z.object({
  app: z.string(),
  environment: z.string(),
  number: z.number().int(),
  services: z.array(z.object({ name: z.string(), image: z.string() })),
  /** SHA-256 of the bundle. */
  hash: z.string(),
  note: z.string().optional(),
  by: z.object({ kind: z.enum(["user", "token", "system"]), id: z.string() }),
  createdAt: z.iso.datetime(),
});
export type Release = z.infer<typeof Release>;

export const Bundle = z.object({
  compose: z.string(),
  /** Files the Compose file mounts or reads, by path below it; content base64. */
  files: z.array(z.object({ path: z.string(), content: z.string() })),
  variables: z.record(z.string(), z.string()),
});
export type Bundle = z.infer<typeof Bundle>;

export const BUNDLE_BYTES = 256 * 1024;

const place = (app: Pick<App, "id">, environment: string, number: number) =>
  `${app.id}#${environment}#${String(number).padStart(6, "0")}`;

/** @throws Problem bundle.too_large */
export function pack(bundle: Bundle): Uint8Array {
  const data = gzipSync(JSON.stringify(bundle));
  if (data.length > BUNDLE_BYTES)
    throw new Problem("bundle.too_large", { detail: `It is ${Math.ceil(data.length / 1024)} KB compressed.` });
  return data;
}

export const unpack = (data: Uint8Array): Bundle => Bundle.parse(JSON.parse(gunzipSync(data).toString("utf8")));

/** The two rows of a new release. */
export const insertRelease = (ctx: Context, app: App, release: Release, data: Uint8Array): Write[] => [
  insert(ctx, key(ctx, `REL#${place(app, release.environment, release.number)}`), release, new Problem("version.stale")),
  insert(ctx, key(ctx, `BUNDLE#${place(app, release.environment, release.number)}`), { data }),
];

const missing = (number: number) => new Problem("release.not_found", { detail: `There is no release ${number}.` });

export async function getRelease(
  ctx: Context,
  input: { app: string; environment?: string | undefined; number: number },
): Promise<Release> {
  const app = await getApp(ctx, input.app);
  return findRelease(ctx, app, input.environment ?? PRODUCTION, input.number);
}

export async function findRelease(ctx: Context, app: Pick<App, "id">, environment: string, number: number): Promise<Release> {
  const found = await get(ctx, key(ctx, `REL#${place(app, environment, number)}`));
  if (!found) throw missing(number);
  return Release.parse(found);
}

export async function getBundle(ctx: Context, app: Pick<App, "id">, environment: string, number: number): Promise<Bundle> {
  const found = await get(ctx, key(ctx, `BUNDLE#${place(app, environment, number)}`));
  if (!found) throw missing(number);
  return unpack(found.data as Uint8Array);
}

/** Newest first. */
export async function listReleases(
  ctx: Context,
  input: { app: string; environment?: string | undefined; cursor?: string | undefined; limit: number },
): Promise<{ items: Release[]; next: string | null }> {
  allow(ctx, "read", ANY_APP);
  const app = await getApp(ctx, input.app);
  const prefix = `REL#${app.id}#${input.environment ?? PRODUCTION}#`;
  const after = input.cursor === undefined ? undefined : `${prefix}${input.cursor}`;
  const page = await list(ctx, { pk: key(ctx, "").pk, prefix, after, limit: input.limit, newestFirst: true });
  return { items: page.rows.map((row) => Release.parse(row)), next: page.last?.slice(prefix.length) ?? null };
}
