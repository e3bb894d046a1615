import { getApp } from "../app/app.ts";
import { ANY_APP, allow, type Context } from "../context.ts";
import { Problem } from "../error.ts";
import { findJob, type Job, listJobs } from "../job/job.ts";
import type { Page, Paging } from "../page.ts";

/** Newest first. A deployment is a job of kind `deployment`. */
export async function listDeployments(ctx: Context, { app, ...page }: Paging & { app: string }): Promise<Page<Job>> {
  allow(ctx, "read", ANY_APP);
  const { name } = await getApp(ctx, app);
  return listJobs(ctx, { ...page, app: name, kind: "deployment" });
}

/** @throws Problem deployment.not_found, also for another app's and for a job of another kind */
export async function getDeployment(ctx: Context, input: { app: string; deployment: string }): Promise<Job> {
  allow(ctx, "read", ANY_APP);
  const { name } = await getApp(ctx, input.app);
  const job = await findJob(ctx, input.deployment);
  if (job?.kind !== "deployment" || job.app !== name)
    throw new Problem("deployment.not_found", { detail: `There is no deployment ${input.deployment}.` });
  return job;
}
