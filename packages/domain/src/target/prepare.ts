import { audit } from "../audit/audit.ts";
import { allow, type Context } from "../context.ts";
import { entitled } from "../entitlement/account.ts";
import { dispatch, enqueue, type Job, newJob } from "../job/job.ts";
import { remember } from "../once.ts";
import { isTrusted } from "../remote/reach.ts";
import { commit } from "../table.ts";
import type { Preparation } from "./prepare.kind.ts";
import { findTarget, limitChecks, unconfirmed } from "./target.ts";

/** Installs Docker on a server, or turns logins by password off or on. */
export async function prepareTarget(ctx: Context, input: { target: string; what: Preparation }): Promise<Job> {
  allow(ctx, "admin");
  const target = await findTarget(ctx, input.target);
  if (!isTrusted(target) || target.status === "changed") throw unconfirmed(target);
  await limitChecks(ctx);
  const job = newJob(ctx, "target.prepare", [target], { input: { what: input.what } });
  await commit(
    ctx,
    remember(ctx, job),
    entitled(ctx, "grow"),
    enqueue(ctx, job),
    audit(ctx, "target.prepare", target.id, { name: target.name, detail: input.what }),
  );
  await dispatch(ctx, job);
  return job;
}
