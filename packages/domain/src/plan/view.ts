import * as z from "zod";
import { type App, getAppIn, PRODUCTION } from "../app/app.ts";
import { Who } from "../audit/who.ts";
import { allow, type Context } from "../context.ts";
import { type Account, getAccount, refusal } from "../entitlement/account.ts";
import { WholePolicy, wholePolicy } from "../entitlement/policy.ts";
import type { Problem } from "../error.ts";
import { Failure, getJob, type Job, JobStatus } from "../job/job.ts";
import { Used } from "../release/release.ts";
import { hashOf } from "./hash.ts";
import { TargetPlan } from "./plan.ts";
import { findPlan, type StoredPlan, targetPlansOf } from "./stored.ts";

export const DeploymentPlan = z.object({
  id: z.string(),
  /** Names the plan when it is applied; null until every server has answered. */
  hash: z.string().nullable(),
  app: z.string(),
  environment: z.string(),
  release: z.number().int(),
  job: z.string(),
  status: JobStatus,
  by: Who,
  createdAt: z.iso.datetime(),
  /** Why it could not be applied now, whatever the servers say; null if it could. */
  refused: z.object({ code: z.string(), reason: z.string() }).nullable(),
  /** Of the account's plan: whether this deployment takes a slot. */
  takesSlot: z.boolean(),
  /** What holds for the dangers that are found. */
  policy: WholePolicy,
  /** The secrets and variables that it uses, by name and version. */
  variables: z.array(Used),
  targets: z.array(z.object({ id: z.string(), name: z.string(), plan: TargetPlan.nullable(), failure: Failure.optional() })),
});
export type DeploymentPlan = z.infer<typeof DeploymentPlan>;

export async function getPlan(ctx: Context, input: { app: string; plan: string }): Promise<DeploymentPlan> {
  allow(ctx, "read", { app: input.app });
  const { app } = await getAppIn(ctx, input.app, PRODUCTION);
  const plan = await findPlan(ctx, { appId: app.id, id: input.plan });
  // Before the targets' plans: where it has succeeded they are all there.
  const job = await getJob(ctx, plan.job);
  const [found, account] = await Promise.all([targetPlansOf(ctx, plan), getAccount(ctx)]);
  return viewOf({ plan, job, found, refused: refusal(ctx, account, "grow"), app, account });
}

interface Seen {
  readonly plan: StoredPlan;
  readonly job: Job;
  /** By target, as far as the servers have answered. */
  readonly found: ReadonlyMap<string, TargetPlan>;
  readonly refused: Problem | undefined;
  readonly app: App;
  readonly account: Account;
}

export function viewOf({ plan, job, found, refused, ...of }: Seen): DeploymentPlan {
  const { id, app, environment, release, by, createdAt } = plan;
  const isWhole = job.status === "succeeded" && found.size === plan.targets.length;
  return {
    ...{ id, app, environment, release, by, createdAt, job: job.id, status: job.status },
    hash: isWhole ? hashOf({ app, environment, bundle: plan.bundle, targets: found }) : null,
    refused: refused ? { code: refused.code, reason: refused.detail ?? refused.message } : null,
    takesSlot: of.app.active.length === 0,
    policy: wholePolicy(of.account, of.app),
    variables: plan.variables ?? [],
    targets: plan.targets.map((target) => {
      const { failure } = job.rollouts[target.id] ?? {};
      return { ...target, plan: found.get(target.id) ?? null, ...(failure && { failure }) };
    }),
  };
}
