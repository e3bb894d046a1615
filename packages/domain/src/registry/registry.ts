import * as z from "zod";
import { audit } from "../audit/audit.ts";
import { Who, whoIs } from "../audit/who.ts";
import { ANY_APP, allow, type Context } from "../context.ts";
import { entitled, getAccount, refusal } from "../entitlement/account.ts";
import { Problem } from "../error.ts";
import { dispatch, enqueue, type Job, newJob } from "../job/job.ts";
import { remember } from "../once.ts";
import { get, listAll } from "../query.ts";
import { limit } from "../rate-limit.ts";
import type { Login } from "../remote/remote.ts";
import { commit, key, put, remove } from "../table.ts";
import { findTarget, listTargets } from "../target/target.ts";
import { addWithinLimit } from "../turn.ts";

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
const StoredRegistry = Registry.extend({ sealed: Sealed });

export const REGISTRIES_MOST = 20;

const PREFIX = "REGISTRY#";
export const registryKey = (ctx: Pick<Context, "tenant">, host: string) => key(ctx, `${PREFIX}${host}`);
/** The encryption context of a password. */
const about = (tenant: string, { host, user }: Pick<Registry, "host" | "user">) => ({
  tenant,
  registry: host,
  user,
  what: "registry-login",
});

const missing = (host: string) => new Problem("registry.not_found", { detail: `There is no login for ${host}.` });

const held = async (ctx: Context) =>
  (await listAll(ctx, { pk: key(ctx, "").pk, prefix: PREFIX, consistent: true })).map((row) => StoredRegistry.parse(row));

/** By host. */
export async function listRegistries(ctx: Context): Promise<Registry[]> {
  allow(ctx, "read", ANY_APP);
  return (await held(ctx)).map((row) => Registry.parse(row));
}

/** @throws Problem registry.too_many, and what the bill forbids */
export async function addRegistry(ctx: Context, input: { host: string; user: string; password: string }): Promise<Registry> {
  allow(ctx, "admin");
  // The commit decides; this only keeps a caller who is refused from making us seal.
  const refused = refusal(ctx, await getAccount(ctx), "grow");
  if (refused) throw refused;
  const { host, user } = input;
  const registry: Registry = { host, user, by: whoIs(ctx.actor), addedAt: ctx.now().toISOString() };
  const sealed = await ctx.seal(input.password, about(ctx.tenant, registry));
  return addWithinLimit(ctx, "registries", async (turn) => {
    const others = (await held(ctx)).filter((each) => each.host !== host);
    if (others.length >= REGISTRIES_MOST) throw new Problem("registry.too_many", { detail: `${REGISTRIES_MOST} is the most.` });
    // Its answer is not remembered under an Idempotency-Key: that would keep a hash of the password, and twice is as good as once.
    await commit(
      ctx,
      turn,
      entitled(ctx, "grow"),
      put(ctx, registryKey(ctx, host), { ...registry, sealed }),
      audit(ctx, "registry.add", host, { detail: user }),
    );
    return registry;
  });
}

/** @throws Problem registry.not_found */
export async function removeRegistry(ctx: Context, host: string): Promise<void> {
  allow(ctx, "admin");
  await commit(ctx, remove(ctx, registryKey(ctx, host), undefined, missing(host)), audit(ctx, "registry.remove", host));
}

/** Asks the registry through the Docker of the targets named, or of every one that is confirmed: they are what pulls. */
export async function checkRegistry(
  ctx: Context,
  input: { host: string; targets?: readonly string[] | undefined },
): Promise<Job> {
  allow(ctx, "deploy");
  const row = await get(ctx, registryKey(ctx, input.host));
  if (!row) throw missing(input.host);
  const { host, addedAt } = Registry.parse(row);
  const named = await Promise.all((input.targets ?? []).map((name) => findTarget(ctx, name)));
  const untrusted = named.find(({ hostKey }) => !hostKey);
  if (untrusted)
    throw new Problem("target.untrusted", {
      detail: `"${untrusted.name}" waits for you to confirm its host key.`,
      next: [`berth target trust ${untrusted.name}`],
    });
  const targets = named.length > 0 ? named : (await listTargets(ctx)).filter(({ hostKey }) => hostKey);
  if (targets.length === 0) throw new Problem("registry.no_target");
  await limit(ctx, `looks#${ctx.tenant}`, { most: 30, seconds: 60, count: targets.length });
  const job = newJob(ctx, "registry.check", [...new Map(targets.map((each) => [each.id, each])).values()], {
    input: { registry: host, added: addedAt },
  });
  await commit(ctx, remember(ctx, job), enqueue(ctx, job), audit(ctx, "registry.check", host));
  await dispatch(ctx, job);
  return job;
}

const open = async (ctx: Context, row: z.infer<typeof StoredRegistry>): Promise<Login> => ({
  registry: row.host,
  user: row.user,
  password: await ctx.open(row.sealed, about(ctx.tenant, row)),
});

/** For a check: undefined when the login it is about is no longer the one that is stored. */
export async function loginAdded(ctx: Context, host: string, addedAt: string): Promise<Login | undefined> {
  const row = await get(ctx, registryKey(ctx, host));
  const found = row && StoredRegistry.parse(row);
  return found?.addedAt === addedAt ? open(ctx, found) : undefined;
}

/** For a run: those of the registries that it names. Without any login nothing else is asked. */
export async function loginsFor(ctx: Context, named: () => Promise<ReadonlySet<string>>): Promise<Login[]> {
  const rows = await held(ctx);
  if (rows.length === 0) return [];
  const hosts = await named();
  return Promise.all(rows.filter(({ host }) => hosts.has(host)).map((row) => open(ctx, row)));
}
