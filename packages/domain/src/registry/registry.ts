import * as z from "zod";
import { audit } from "../audit/audit.ts";
import { Who } from "../audit/who.ts";
import { ANY_APP, allow, type Context } from "../context.ts";
import { Problem } from "../error.ts";
import { listAll } from "../query.ts";
import { commit, key, remove } from "../table.ts";

/**
 * A login for a registry of images, one for each host. A run is given those that its images name, and a check the one it is about;
 * nothing else can read the password. Adding one again replaces it.
 */
export const Registry = z.object({
  host: z.string(),
  user: z.string(),
  by: Who,
  addedAt: z.iso.datetime(),
  checkedAt: z.iso.datetime().optional(),
  /** Why the last check failed, and on which server. */
  problem: z.object({ class: z.string(), message: z.string(), target: z.string() }).optional(),
});
export type Registry = z.infer<typeof Registry>;

const Sealed = z.object({ key: z.string(), iv: z.string(), tag: z.string(), data: z.string() });
export const StoredRegistry = Registry.extend({ sealed: Sealed });

const PREFIX = "REGISTRY#";
export const registryKey = (ctx: Pick<Context, "tenant">, host: string) => key(ctx, `${PREFIX}${host}`);
export const missing = (host: string) => new Problem("registry.not_found", { detail: `There is no login for ${host}.` });

export const storedRegistries = async (ctx: Context) =>
  (await listAll(ctx, { pk: key(ctx, "").pk, prefix: PREFIX, consistent: true })).map((row) => StoredRegistry.parse(row));

/** By host. */
export async function listRegistries(ctx: Context): Promise<Registry[]> {
  allow(ctx, "read", ANY_APP);
  return (await storedRegistries(ctx)).map((row) => Registry.parse(row));
}

/** @throws Problem registry.not_found */
export async function removeRegistry(ctx: Context, host: string): Promise<void> {
  allow(ctx, "admin");
  await commit(ctx, remove(ctx, registryKey(ctx, host), undefined, missing(host)), audit(ctx, "registry.remove", host));
}
