import type { Environment } from "../app/app.ts";
import type { Context } from "../context.ts";
import type { Account } from "../entitlement/account.ts";
import { Problem } from "../error.ts";
import { unfinishedJobs } from "../job/job.ts";

const WAITING_MOST = 100;

/** The tenant's unfinished deploys, oldest first. @throws Problem app.busy with the job that holds the environment, deployment.too_many */
export async function assertNotBusy(ctx: Context, environment: Environment, account: Account): Promise<string[]> {
  const ids = environment.job === null ? account.deploys : [environment.job, ...account.deploys];
  const going = new Set((await unfinishedJobs(ctx, ids)).map(({ id }) => id));
  if (environment.job !== null && going.has(environment.job)) throw busy(environment.job, environment);
  if (going.size >= WAITING_MOST) throw new Problem("deployment.too_many", { detail: `${going.size} are under way or waiting.` });
  return account.deploys.filter((id) => going.has(id));
}

const busy = (job: string, environment: Environment) =>
  new Problem("app.busy", {
    detail: `${job} is changing "${environment.app}" (${environment.name}).`,
    facts: { job },
    next: [`berth jobs watch ${job}`, `berth jobs cancel ${job}`],
  });
