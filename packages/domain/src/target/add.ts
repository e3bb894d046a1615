import { audit } from "../audit/audit.ts";
import { allow, type Context } from "../context.ts";
import { assertPermitted, entitled, getAccount } from "../entitlement/account.ts";
import { Problem } from "../error.ts";
import { newId } from "../id.ts";
import { dispatch, enqueue, type Job } from "../job/job.ts";
import { remember } from "../once.ts";
import { generateKey } from "../remote/key.ts";
import { commit, insert } from "../table.ts";
import { judgeAddress } from "./address.ts";
import { checkJob, limitChecks, nameKey, sealContext, sshKeyRow, type Target, targetKey } from "./target.ts";

/** Makes a key pair for the server and starts a check that reads its host key, for a person to confirm. */
export async function addTarget(
  ctx: Context,
  input: { name: string; host: string; port: number; user: string },
): Promise<{ target: Target; job: Job }> {
  allow(ctx, "admin");
  assertPermitted(ctx, await getAccount(ctx), "grow");
  await limitChecks(ctx);
  await judgeAddress(ctx, input.host);
  const id = newId(ctx, "target");
  const pair = generateKey(`berth-${input.name}`);
  const target: Target = { id, ...input, publicKey: pair.publicKey, status: "untrusted", createdAt: ctx.now().toISOString() };
  const privateKey = await ctx.seal(pair.privateKey, sealContext(ctx.tenant, id));
  const job = checkJob(ctx, target);
  await commit(
    ctx,
    remember(ctx, { target, job }),
    entitled(ctx, "grow", { targets: 1 }),
    insert(ctx, nameKey(ctx, input.name), { id }, new Problem("target.exists", { detail: `"${input.name}" is taken.` })),
    insert(ctx, targetKey(ctx, id), { ...target, fence: 0, waiting: [], check: job.id }),
    insert(ctx, sshKeyRow(ctx, id), privateKey),
    enqueue(ctx, job),
    audit(ctx, "target.add", id, { name: input.name, detail: `${input.user}@${input.host}:${input.port}` }),
  );
  await dispatch(ctx, job);
  return { target, job };
}
