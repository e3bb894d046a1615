import * as z from "zod";
import { audit } from "../audit/audit.ts";
import { Who } from "../audit/who.ts";
import { allow, type Context, type World } from "../context.ts";
import { erase } from "../erase.ts";
import { Problem } from "../error.ts";
import type { Page, Paging } from "../page.ts";
import { fill, get, listAll } from "../query.ts";
import { commit, globalKey, key, remove } from "../table.ts";

/**
 * A repository on GitHub whose jobs may deploy one app without a stored secret: a job's OpenID Connect token is exchanged for a token of
 * ours that lives 15 minutes. `ref` and `jobEnvironment` must both match where they are given, and at least one is. The first exchange
 * fixes the repository's and its owner's id, so that whoever registers a name again that became free is refused.
 */
export const Deployer = z.object({
  id: z.string(),
  provider: z.literal("github"),
  app: z.string(),
  repository: z.string(),
  repositoryId: z.string().optional().describe("That the provider gave the repository; fixed by the first exchange"),
  ownerId: z.string().optional().describe("That the provider gave the repository's owner; fixed by the first exchange"),
  ref: z.string().optional().describe("Such as refs/heads/main"),
  jobEnvironment: z.string().optional().describe("The environment that the job names at the provider, not one of the app"),
  pullRequests: z.boolean().optional().describe("Whether jobs of pull requests may deploy too"),
  createdAt: z.iso.datetime(),
  lastUsedAt: z.iso.datetime().optional(),
  by: Who,
});
export type Deployer = z.infer<typeof Deployer>;

/** `appId`: an app that is made again under the same name is another one. */
export const StoredDeployer = Deployer.extend({ appId: z.string() });
export type StoredDeployer = z.infer<typeof StoredDeployer>;

const PREFIX = "DEPLOYER#";
export const deployerKey = (ctx: Pick<Context, "tenant">, id: string) => key(ctx, `${PREFIX}${id}`);
/** Leads to the tenant: a job knows only the deployer's id. */
export const pointerKey = (id: string) => globalKey("DEPLOYER", id);

export const readDeployers = async (ctx: Context): Promise<StoredDeployer[]> =>
  (await listAll(ctx, { pk: key(ctx, "").pk, prefix: PREFIX, consistent: true })).map((row) => StoredDeployer.parse(row));

export async function listDeployers(ctx: Context, input: Paging): Promise<Page<Deployer>> {
  allow(ctx, "admin");
  const after = input.cursor === undefined ? undefined : `${PREFIX}${input.cursor}`;
  const range = { pk: key(ctx, "").pk, prefix: PREFIX, after, limit: input.limit, newestFirst: true };
  const { items, last } = await fill(ctx, range, (rows) => rows.map((row) => Deployer.parse(row)));
  return { items, next: last?.slice(PREFIX.length) ?? null };
}

/** The tokens that its jobs hold stop working at once, since each is looked up together with its deployer. @throws Problem deployer.not_found */
export async function removeDeployer(ctx: Context, id: string): Promise<void> {
  allow(ctx, "admin");
  const missing = new Problem("deployer.not_found", { detail: `There is no deployer ${id}.` });
  const found = await get(ctx, deployerKey(ctx, id));
  if (!found) throw missing;
  const { app, repository } = StoredDeployer.parse(found);
  await commit(
    ctx,
    remove(ctx, deployerKey(ctx, id), undefined, missing),
    erase(ctx, pointerKey(id)),
    audit(ctx, "deployer.remove", id, { name: repository, detail: app }),
  );
}

/** Without a tenant: whoever asks has shown nothing yet. */
export async function findDeployer(world: World, id: string): Promise<{ tenant: string; deployer: StoredDeployer } | undefined> {
  const pointer = await get(world, pointerKey(id));
  if (!pointer) return undefined;
  const tenant = String(pointer.tenant);
  const found = await get(world, deployerKey({ tenant }, id));
  return found && { tenant, deployer: StoredDeployer.parse(found) };
}
