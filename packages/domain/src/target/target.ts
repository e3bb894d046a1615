import * as z from "zod";
import { audit } from "../audit/audit.ts";
import { requireProof } from "../auth/proved.ts";
import { ANY_APP, allow, type Context } from "../context.ts";
import { entitled } from "../entitlement/account.ts";
import { Problem } from "../error.ts";
import { dispatch, enqueue, type Job, newJob, unfinishedJobs } from "../job/job.ts";
import { remember } from "../once.ts";
import { get, getAll, getImmutable, listAll } from "../query.ts";
import { limit } from "../rate-limit.ts";
import { HostKey } from "../remote/host-key.ts";
import { Ssm } from "../remote/ssm/target.ts";
import { commit, key, overtaken, remove, tryCommit, update } from "../table.ts";
import { retryOnConflict } from "../turn.ts";

/**
 * A customer's server, reached over SSH with a key made for it alone, or by SSM in the customer's own AWS account. Over SSH nothing is sent to it
 * before a person has confirmed its host key; from then on the key is compared byte for byte.
 *
 *   untrusted -> unchecked (host key confirmed) -> ready | unready (last check failed)      any -> changed (another host key was shown)
 *
 * The lease says which job changes the server now. `fence` only rises; the server refuses one lower than it has seen.
 */
export const Target = z.object({
  id: z.string(),
  name: z.string(),
  /** Over SSM the id of the instance. */
  host: z.string(),
  /** With `publicKey`, of a server that is reached by SSH. */
  port: z.number().int().optional(),
  user: z.string(),
  publicKey: z.string().optional(),
  /** Of one that is reached by SSM instead. */
  ssm: Ssm.optional(),
  /** Words that name several servers at once. */
  labels: z.array(z.string()).optional(),
  /** Where an app goes whose first deployment names no server. At most one of a tenant's. */
  default: z.boolean().optional(),
  status: z.enum(["untrusted", "unchecked", "ready", "unready", "changed"]),
  hostKey: HostKey.optional(),
  /** The key the server showed last, if it is not the confirmed one. */
  shownKey: HostKey.optional(),
  checkedAt: z.iso.datetime().optional(),
  /** From the last successful check: versions, architecture, disk. */
  facts: z.record(z.string(), z.string()).optional(),
  problem: z.object({ class: z.string(), message: z.string(), remedy: z.string().optional() }).optional(),
  createdAt: z.iso.datetime(),
});
export type Target = z.infer<typeof Target>;

export const Lease = z.object({ job: z.string(), until: z.iso.datetime() });

/** Written at every renewal of the lease, so the private key has a row of its own. */
export const StoredTarget = Target.extend({
  lease: Lease.optional(),
  fence: z.number().int(),
  /** Jobs that wait for the lease, in the order they asked. */
  waiting: z.array(z.string()),
  /** Until this check has ended, a request for another gets this one. */
  check: z.string().optional(),
  /** Until this job has ended, no other password is taken. */
  bootstrap: z.string().optional(),
  /** Deployed here, as `app/environment`. */
  apps: z.set(z.string()).optional(),
});
export type StoredTarget = z.infer<typeof StoredTarget>;

export const targetKey = (ctx: Pick<Context, "tenant">, id: string) => key(ctx, `TARGET#${id}`);

/** In one round trip; a target that was removed has its id for a name. */
export async function targetNames(
  ctx: Context,
  ids: readonly string[],
  options?: { consistent: boolean },
): Promise<{ id: string; name: string }[]> {
  const rows = await getAll(
    ctx,
    ids.map((id) => targetKey(ctx, id)),
    options,
  );
  return ids.map((id, i) => ({ id, name: String(rows[i]?.name ?? id) }));
}
export const nameKey = (ctx: Pick<Context, "tenant">, name: string) => key(ctx, `TARGETNAME#${name}`);
export const sshKeyRow = (ctx: Pick<Context, "tenant">, id: string) => key(ctx, `SSHKEY#${id}`);
/** The encryption context of a target's private key. */
export const sealContext = (tenant: string, target: string) => ({ tenant, target, what: "ssh-key" });

const Sealed = z.object({ key: z.string(), iv: z.string(), tag: z.string(), data: z.string() });

/** @throws Problem target.not_found */
export async function readPrivateKey(ctx: Context, id: string): Promise<string> {
  const row = await getImmutable(ctx, sshKeyRow(ctx, id));
  if (!row) throw missing(id);
  return ctx.open(Sealed.parse(row), sealContext(ctx.tenant, id));
}

export const missing = (name: string) => new Problem("target.not_found", { detail: `There is no target "${name}".` });

/** @throws Problem target.not_found */
export async function findTarget(ctx: Context, idOrName: string): Promise<StoredTarget> {
  let id = idOrName;
  if (!id.startsWith("tgt_")) {
    const named = await get(ctx, nameKey(ctx, idOrName));
    if (!named) throw missing(idOrName);
    id = String(named.id);
  }
  const found = await get(ctx, targetKey(ctx, id));
  if (!found) throw missing(idOrName);
  return StoredTarget.parse(found);
}

export async function getTarget(ctx: Context, idOrName: string): Promise<Target> {
  allow(ctx, "read", ANY_APP);
  return Target.parse(await findTarget(ctx, idOrName));
}

/** Oldest first. The largest plan has 15. */
export async function listTargets(ctx: Context): Promise<Target[]> {
  allow(ctx, "read", ANY_APP);
  const rows = await listAll(ctx, { pk: key(ctx, "").pk, prefix: "TARGET#" });
  return rows.map((row) => Target.parse(row));
}

/** A check connects to an address that somebody gave us; the limit keeps it from scanning networks. */
export const limitChecks = (ctx: Context, count = 1) => limit(ctx, `checks#${ctx.tenant}`, { most: 30, seconds: 60, count });

export const checkJob = (ctx: Context, target: Pick<Target, "id" | "name">): Job => newJob(ctx, "target.check", [target]);

/** Only reads the server, so it is permitted in every billing state. */
export async function checkTarget(ctx: Context, idOrName: string): Promise<Job> {
  allow(ctx, "deploy");
  await findTarget(ctx, idOrName);
  await limitChecks(ctx);
  return retryOnConflict(ctx, async () => {
    const target = await findTarget(ctx, idOrName);
    const going = await checkUnderWay(ctx, target);
    if (going) return going;
    const job = checkJob(ctx, target);
    const change = {
      change: "SET #check = :job",
      condition: target.check ? "#check = :seen" : "attribute_exists(pk) AND attribute_not_exists(#check)",
      values: { ":job": job.id, ...(target.check && { ":seen": target.check }) },
    };
    const written = await tryCommit(
      ctx,
      remember(ctx, job),
      update(ctx, targetKey(ctx, target.id), change, overtaken),
      enqueue(ctx, job),
      audit(ctx, "target.check", target.id, { name: target.name }),
    );
    if (!written) return false;
    await dispatch(ctx, job);
    return job;
  });
}

/** One check at a time: two would find the same. */
const checkUnderWay = async (ctx: Context, { check }: StoredTarget): Promise<Job | undefined> =>
  check === undefined ? undefined : (await unfinishedJobs(ctx, [check]))[0];

export const unconfirmed = ({ name }: Pick<Target, "name">) =>
  new Problem("target.untrusted", {
    detail: `"${name}" waits for you to confirm its host key.`,
    next: [`berth target trust ${name}`],
  });

export const notBySsh = ({ name }: Pick<Target, "name">) =>
  new Problem("target.not_by_ssh", { detail: `"${name}" is reached by SSM.`, next: [`berth target check ${name}`] });

/** Confirms the host key by its fingerprint, and starts a check. @throws Problem auth.proof, target.key_mismatch */
export async function trustTarget(
  ctx: Context,
  input: { target: string; fingerprint: string },
): Promise<{ target: Target; job: Job }> {
  allow(ctx, "admin");
  requireProof(ctx);
  const found = await findTarget(ctx, input.target);
  if (found.ssm) throw notBySsh(found);
  const shown = found.shownKey ?? found.hostKey;
  if (!shown)
    throw new Problem("target.untrusted", {
      detail: "The server has not shown its host key yet.",
      next: [`berth target check ${found.name}`],
    });
  if (shown.fingerprint !== input.fingerprint)
    throw new Problem("target.key_mismatch", {
      detail: `The server showed ${shown.fingerprint}.`,
      facts: { fingerprint: shown.fingerprint },
    });
  const again = found.status !== "changed" && found.hostKey?.fingerprint === input.fingerprint;
  const going = again ? await checkUnderWay(ctx, found) : undefined;
  if (going) return { target: Target.parse(found), job: going };
  await limit(ctx, `trusts#${ctx.tenant}`, { most: 30, seconds: 60 });
  const job = checkJob(ctx, found);
  const { shownKey: _shown, problem: _problem, ...rest } = Target.parse(found);
  const target: Target = { ...rest, hostKey: shown, status: "unchecked" };
  await commit(
    ctx,
    remember(ctx, { target, job }),
    update(
      ctx,
      targetKey(ctx, found.id),
      {
        change: "SET hostKey = :key, #status = :unchecked, #check = :job REMOVE shownKey, #problem",
        condition: "shownKey.fingerprint = :print OR hostKey.fingerprint = :print",
        values: { ":key": shown, ":unchecked": "unchecked", ":print": input.fingerprint, ":job": job.id },
      },
      new Problem("target.key_mismatch"),
    ),
    enqueue(ctx, job),
    audit(ctx, "target.trust", found.id, { name: found.name, detail: input.fingerprint }),
  );
  await dispatch(ctx, job);
  return { target, job };
}

const inUse = (target: StoredTarget) =>
  new Problem("target.in_use", { detail: `Deployed there: ${[...(target.apps ?? [])].join(", ")}.` });

/** Fails while apps are deployed on the target. Nothing on the server changes. */
export async function removeTarget(ctx: Context, idOrName: string): Promise<void> {
  allow(ctx, "admin");
  const target = await findTarget(ctx, idOrName);
  await commit(
    ctx,
    entitled(ctx, "grow", { targets: -1 }),
    remove(ctx, nameKey(ctx, target.name)),
    ...(target.ssm ? [] : [remove(ctx, sshKeyRow(ctx, target.id))]),
    remove(ctx, targetKey(ctx, target.id), { condition: "attribute_exists(pk) AND attribute_not_exists(apps)" }, (row) =>
      row ? inUse(StoredTarget.parse(row)) : missing(idOrName),
    ),
    audit(ctx, "target.remove", target.id, { name: target.name }),
  );
}
