import { isDeepStrictEqual } from "node:util";
import { gunzipSync, gzipSync } from "node:zlib";
import * as z from "zod";
import { Chosen } from "../addon/addon.ts";
import type { App } from "../app/app.ts";
import { Who } from "../audit/who.ts";
import type { Sources } from "../compose/texts.ts";
import type { Context } from "../context.ts";
import { Problem } from "../error.ts";
import type { Page, Paging } from "../page.ts";
import { fill, get, getImmutable, list } from "../query.ts";
import { insert, key, overtaken, type Write } from "../table.ts";
import { BUNDLE_BYTES } from "./archive.ts";
import { LargeFile } from "./large.ts";

/** A version of a secret or a variable. */
export const Used = z.object({
  name: z.string(),
  kind: z.enum(["secret", "variable"]),
  namespace: z.string(),
  version: z.number().int(),
});
export type Used = z.infer<typeof Used>;

/**
 * An immutable, numbered bundle of an app and environment: its Compose file, the files beside it and its variables. Deploying
 * creates one; rolling back deploys an earlier one. A bundle is sealed; a small one is in the release's row, a larger one in a row that
 * lists do not read.
 */
export const Release = z.object({
  app: z.string(),
  environment: z.string(),
  number: z.number().int(),
  from: z.number().int().optional().describe("The release whose bundle it has, with other secrets, variables or add-ons"),
  imagesFrom: z.number().int().optional().describe("The release that was live when it was made of it, whose images it has"),
  services: z.array(
    z.object({
      name: z.string(),
      image: z.string(),
      given: z.boolean().optional().describe("Named with the deployment, in place of what the Compose file says"),
      built: z.boolean().optional().describe("Built on the server"),
    }),
  ),
  hash: z.string(),
  addons: z.array(Chosen).optional().describe("The add-ons that it has"),
  variables: z.array(Used).optional().describe("The versions of secrets and variables that it uses"),
  namespaces: z.array(z.string()).optional().describe("Those of secrets and variables that were chosen, besides `default`"),
  profiles: z.array(z.string()).optional().describe("Those of the Compose file that were chosen; absent where nobody chose"),
  note: z.string().optional(),
  /** The project it was made from, as the client reports it: a repository or a machine, and the folder. */
  origin: z.string().optional(),
  waitSeconds: z.number().int().optional(),
  job: z.string().optional(),
  by: Who,
  createdAt: z.iso.datetime(),
});
export type Release = z.infer<typeof Release>;

const ArchiveRow = z.object({ hash: z.string(), bytes: z.number().int() });

export const Bundle = z.object({
  /** The Compose file, where there is only one that reads no other; else `composeFiles` are those of `files`, in Compose's order. */
  compose: z.string().optional(),
  composeFiles: z.array(z.string()).optional(),
  /** Files the Compose files mount or read, by their path in the project's folder; content base64. */
  files: z.array(z.object({ path: z.string(), content: z.string(), executable: z.boolean().optional() })),
  variables: z.record(z.string(), z.string()),
  /** What its services are built from, where that is sent: parts of the project's folder, unpacked one over the other. */
  archives: z.array(ArchiveRow).optional(),
  /** Mounted files that are too large to be among `files`, and the archives that have their content. */
  large: z.object({ files: z.array(LargeFile), archives: z.array(ArchiveRow) }).optional(),
  /** Those that Berth added, with the contract of each: the values as Compose reads them. */
  addons: z.array(z.object({ name: z.string(), variables: z.record(z.string(), z.string()) })).optional(),
});
export type Bundle = z.infer<typeof Bundle>;

export const COMPOSE_FILE = "compose.yaml";

/** What Compose reads of it. */
export function sourcesOf({ compose, composeFiles, files }: Bundle): Sources {
  const texts = new Map<string, string | undefined>(compose === undefined ? [] : [[COMPOSE_FILE, compose]]);
  return {
    files: composeFiles ?? [COMPOSE_FILE],
    text: (path) => {
      if (!texts.has(path)) {
        const found = files.find((file) => file.path === path);
        texts.set(path, found && Buffer.from(found.content, "base64").toString());
      }
      return texts.get(path);
    },
  };
}

const sortKey = (appId: string, environment: string, number: number) =>
  `${appId}#${environment}#${String(number).padStart(6, "0")}`;
export const releasePrefix = (appId: string, environment: string) => `REL#${appId}#${environment}#`;
export const releaseKey = (ctx: Context, appId: string, environment: string, number: number) =>
  key(ctx, `REL#${sortKey(appId, environment, number)}`);
export const bundleKey = (ctx: Context, appId: string, environment: string, number: number) =>
  key(ctx, `BUNDLE#${sortKey(appId, environment, number)}`);

export function pack(bundle: Bundle): Uint8Array {
  const data = gzipSync(JSON.stringify(bundle));
  if (data.length > BUNDLE_BYTES)
    throw new Problem("bundle.too_large", { detail: `It is ${Math.ceil(data.length / 1024)} KB compressed.` });
  return data;
}

const unpack = (data: Uint8Array): Bundle => Bundle.parse(JSON.parse(gunzipSync(data).toString("utf8")));

/** What a bundle belongs to: its release, or the plan it is kept for. Sealed for one, it opens for no other. */
export type BundleOf = { readonly app: string; readonly environment: string } & (
  | { readonly release: string }
  | { readonly plan: string }
);
const sealContext = ({ tenant }: Context, of: BundleOf) => ({ ...of, tenant, what: "bundle" });

/** The API seals bundles, as they hold values of the customer's; only workers open them. */
export const sealBundle = (ctx: Context, of: BundleOf, packed: Uint8Array): Promise<Uint8Array> =>
  ctx.sealBytes(packed, sealContext(ctx, of));

export const openBundle = async (ctx: Context, of: BundleOf, sealed: Uint8Array): Promise<Bundle> =>
  unpack(await ctx.openBytes(sealed, sealContext(ctx, of)));

const INLINE_BYTES = 4096;

/** `packed`: what `pack` made of its bundle. */
export async function insertRelease(ctx: Context, app: Pick<App, "id">, release: Release, packed: Uint8Array): Promise<Write[]> {
  const { environment, number } = release;
  const at = releaseKey(ctx, app.id, environment, number);
  const data = await sealBundle(ctx, { app: app.id, environment, release: String(number) }, packed);
  if (data.length <= INLINE_BYTES) return [insert(ctx, at, { ...release, data }, overtaken)];
  return [insert(ctx, at, release, overtaken), insert(ctx, bundleKey(ctx, app.id, environment, number), { data })];
}

/** One that has the bundle of an earlier one. */
export const insertWithoutBundle = (ctx: Context, app: Pick<App, "id">, release: Release & { readonly from: number }): Write =>
  insert(ctx, releaseKey(ctx, app.id, release.environment, release.number), release, overtaken);

const missing = (number: number) => new Problem("release.not_found", { detail: `There is no release ${number}.` });

/** @throws Problem release.not_found */
export async function findRelease(ctx: Context, appId: string, environment: string, number: number): Promise<Release> {
  const found = await get(ctx, releaseKey(ctx, appId, environment, number));
  if (!found) throw missing(number);
  return Release.parse(found);
}

export async function releaseIfKept(
  ctx: Context,
  appId: string,
  environment: string,
  number: number,
): Promise<Release | undefined> {
  const found = await getImmutable(ctx, releaseKey(ctx, appId, environment, number));
  return found && Release.parse(found);
}

export async function lastNumber(ctx: Context, appId: string, environment: string): Promise<number> {
  const prefix = releasePrefix(appId, environment);
  const { rows } = await list(ctx, { pk: key(ctx, "").pk, prefix, newestFirst: true, limit: 1, consistent: true });
  return rows[0] ? Release.parse(rows[0]).number : 0;
}

export interface KeptRelease {
  readonly release: Release;
  /** As it was sent, with the add-ons of the release that it was sent for in its last Compose file. */
  readonly bundle: Bundle;
  /** Whether the release has other add-ons than that. */
  readonly isChanged: boolean;
}

export async function bundleIfKept(
  ctx: Context,
  appId: string,
  environment: string,
  number: number,
): Promise<KeptRelease | undefined> {
  const found = await getImmutable(ctx, releaseKey(ctx, appId, environment, number));
  if (!found) return undefined;
  const release = Release.parse(found);
  const of = release.from ?? number;
  const row = of === number ? found : await getImmutable(ctx, releaseKey(ctx, appId, environment, of));
  const data = row?.data ?? (row && (await getImmutable(ctx, bundleKey(ctx, appId, environment, of)))?.data);
  if (!data) return undefined;
  const bundle = await openBundle(ctx, { app: appId, environment, release: String(of) }, data as Uint8Array);
  const isChanged = of !== number && !isDeepStrictEqual(release.addons, row && Release.parse(row).addons);
  if (!isChanged) return { release, bundle, isChanged };
  // Loaded for the few that have other add-ons: the catalogue comes along.
  const { contractsOf } = await import("../addon/contract.ts");
  return { release, bundle: { ...bundle, addons: contractsOf(release.addons ?? []) }, isChanged };
}

/** @throws Problem release.not_found */
export async function getBundle(ctx: Context, appId: string, environment: string, number: number): Promise<KeptRelease> {
  const found = await bundleIfKept(ctx, appId, environment, number);
  if (!found) throw missing(number);
  return found;
}

export async function pageOfReleases(ctx: Context, input: Paging & { app: string; environment: string }): Promise<Page<Release>> {
  const prefix = releasePrefix(input.app, input.environment);
  const after = input.cursor === undefined ? undefined : `${prefix}${input.cursor}`;
  const range = { pk: key(ctx, "").pk, prefix, after, limit: input.limit, newestFirst: true };
  const { items, last } = await fill(ctx, range, (rows) => rows.map((row) => Release.parse(row)));
  return { items, next: last?.slice(prefix.length) ?? null };
}
