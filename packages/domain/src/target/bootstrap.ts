import { audit } from "../audit/audit.ts";
import { allow, type Context } from "../context.ts";
import { assertPermitted, entitled, getAccount } from "../entitlement/account.ts";
import { Problem } from "../error.ts";
import { dispatch, enqueue, type Job, newJob, unfinishedJobs } from "../job/job.ts";
import { limitAll } from "../rate-limit.ts";
import { commit, insert, ttlIn, update } from "../table.ts";
import { passwordAbout, passwordKey } from "./password.ts";
import { findTarget, missing, notBySsh, targetKey, unconfirmed } from "./target.ts";

/** Fewer than what a server or its fail2ban counts as an attack, and what nobody can guess passwords with. */
const OF_A_TARGET = { most: 3, seconds: 600 };
const OF_A_TENANT = { most: 20, seconds: 3600 };
/** A job is over long before. */
const KEPT_SECONDS = 3600;

/** Lets the target's key in with a password of its user, which is used once and kept, sealed, until then. */
export async function bootstrapTarget(ctx: Context, input: { target: string; password: string }): Promise<Job> {
  allow(ctx, "admin");
  assertPermitted(ctx, await getAccount(ctx), "grow");
  const target = await findTarget(ctx, input.target);
  if (target.ssm) throw notBySsh(target);
  if (!target.hostKey || target.status === "changed") throw unconfirmed(target);
  if (target.bootstrap && (await unfinishedJobs(ctx, [target.bootstrap])).length > 0) throw new Problem("target.bootstrapping");
  await limitAll(ctx, [
    { name: `passwords#${ctx.tenant}#${target.id}`, ...OF_A_TARGET },
    { name: `passwords#${ctx.tenant}`, ...OF_A_TENANT },
  ]);
  const job = newJob(ctx, "target.bootstrap", [target]);
  const sealed = await ctx.seal(input.password, passwordAbout(ctx.tenant, target.id, job.id));
  const claim = {
    change: "SET #bootstrap = :job",
    condition: target.bootstrap ? "#bootstrap = :seen" : "attribute_exists(pk) AND attribute_not_exists(#bootstrap)",
    values: { ":job": job.id, ...(target.bootstrap && { ":seen": target.bootstrap }) },
  };
  // Its answer is not remembered under an Idempotency-Key: that would keep a hash of the password.
  await commit(
    ctx,
    entitled(ctx, "grow"),
    update(ctx, targetKey(ctx, target.id), claim, (row) => (row ? new Problem("target.bootstrapping") : missing(input.target))),
    insert(ctx, passwordKey(ctx, job.id), { sealed, ttl: ttlIn(ctx, KEPT_SECONDS) }),
    enqueue(ctx, job),
    audit(ctx, "target.bootstrap", target.id, { name: target.name, detail: `${target.user}@${target.host}:${target.port}` }),
  );
  await dispatch(ctx, job);
  return job;
}
