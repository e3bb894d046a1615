import { audit } from "../audit/audit.ts";
import { requireProof } from "../auth/proved.ts";
import { allow, type Context } from "../context.ts";
import { assertPermitted, entitled, getAccount } from "../entitlement/account.ts";
import { Problem } from "../error.ts";
import { newId } from "../id.ts";
import { dispatch, enqueue, type Job } from "../job/job.ts";
import { remember } from "../once.ts";
import { generateKey } from "../remote/key.ts";
import { commit, insert, type Write } from "../table.ts";
import { judgeAddress } from "./address.ts";
import { checkJob, limitChecks, nameKey, sealContext, sshKeyRow, type Target, targetKey } from "./target.ts";

interface Added {
  readonly target: Target;
  readonly job: Job;
}

export interface SshServer {
  readonly name: string;
  readonly host: string;
  readonly port: number;
  readonly user: string;
}

export interface ManagedServer {
  readonly name: string;
  readonly ssm: { readonly instance: string; readonly region: string; readonly role: string };
}

/** Makes a key pair for the server and starts a check that reads its host key, for a person to confirm; one that SSM manages is checked at once. */
export async function addTarget(
  ctx: Context,
  {
    name,
    host,
    port,
    user,
    ssm,
  }: Omit<SshServer, "host"> & { readonly host?: string | undefined; readonly ssm?: ManagedServer["ssm"] | undefined },
): Promise<Added> {
  allow(ctx, "admin");
  assertPermitted(ctx, await getAccount(ctx), "grow");
  await limitChecks(ctx);
  if (ssm !== undefined && host === undefined) return addManaged(ctx, { name, ssm });
  if (ssm === undefined && host !== undefined) return addBySsh(ctx, { name, host, port, user });
  throw new Problem("target.address", { detail: "A server has either a `host` or, if it is reached by SSM, `ssm`." });
}

async function addBySsh(ctx: Context, input: SshServer): Promise<Added> {
  await judgeAddress(ctx, input.host);
  const id = newId(ctx, "target");
  const pair = generateKey(`berth-${input.name}`);
  const target: Target = { id, ...input, publicKey: pair.publicKey, status: "untrusted", createdAt: ctx.now().toISOString() };
  const privateKey = await ctx.seal(pair.privateKey, sealContext(ctx.tenant, id));
  const where = `${input.user}@${input.host}:${input.port}`;
  return register(ctx, target, where, insert(ctx, sshKeyRow(ctx, id), privateKey));
}

async function addManaged(ctx: Context, { name, ssm: { instance, region, role } }: ManagedServer): Promise<Added> {
  requireProof(ctx); // it is trusted at once: there is no key to confirm
  if (role.includes(`::${ctx.account}:`))
    throw new Problem("target.address", { detail: "That role is not one of an AWS account of yours." });
  const ssm = { region, role, account: ctx.account, externalId: ctx.tenant };
  const createdAt = ctx.now().toISOString();
  const target: Target = { id: newId(ctx, "target"), name, host: instance, user: "root", ssm, status: "unchecked", createdAt };
  return register(ctx, target, `${instance} in ${region} by ${role}`);
}

async function register(ctx: Context, target: Target, where: string, ...more: Write[]): Promise<Added> {
  const { id, name } = target;
  const job = checkJob(ctx, target);
  await commit(
    ctx,
    remember(ctx, { target, job }),
    entitled(ctx, "grow", { targets: 1 }),
    insert(ctx, nameKey(ctx, name), { id }, new Problem("target.exists", { detail: `"${name}" is taken.` })),
    insert(ctx, targetKey(ctx, id), { ...target, fence: 0, waiting: [], check: job.id }),
    ...more,
    enqueue(ctx, job),
    audit(ctx, "target.add", id, { name, detail: where }),
  );
  await dispatch(ctx, job);
  return { target, job };
}
