import { audit } from "../audit/audit.ts";
import { allow, type Context } from "../context.ts";
import { Problem } from "../error.ts";
import { dispatch, enqueue, type Job, newJob } from "../job/job.ts";
import { remember } from "../once.ts";
import { get } from "../query.ts";
import { isTrusted } from "../remote/reach.ts";
import { commit } from "../table.ts";
import { findTarget, limitChecks, listTargets, unconfirmed } from "../target/target.ts";
import { missing, Registry, registryKey } from "./registry.ts";

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
  const untrusted = named.find((target) => !isTrusted(target));
  if (untrusted) throw unconfirmed(untrusted);
  const targets = named.length > 0 ? named : (await listTargets(ctx)).filter(isTrusted);
  if (targets.length === 0) throw new Problem("registry.no_target");
  await limitChecks(ctx, targets.length);
  const job = newJob(ctx, "registry.check", [...new Map(targets.map((each) => [each.id, each])).values()], {
    input: { registry: host, added: addedAt },
  });
  await commit(ctx, remember(ctx, job), enqueue(ctx, job), audit(ctx, "registry.check", host));
  await dispatch(ctx, job);
  return job;
}
