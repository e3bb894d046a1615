import { audit } from "../audit/audit.ts";
import { ANY_APP, allow, type Context } from "../context.ts";
import { Problem } from "../error.ts";
import { getJob, type Job } from "../job/job.ts";
import { ended } from "../job/status.ts";
import { applyEvent } from "./apply-event.ts";

/** Idempotent. What has not begun ends at once; a worker stops what runs, and the previous release keeps serving. A removal that has begun is completed. */
export async function cancelJob(ctx: Context, id: string): Promise<Job> {
  allow(ctx, "deploy", ANY_APP);
  const job = await getJob(ctx, id);
  allow(ctx, "deploy", job.app === undefined ? undefined : { app: job.app });
  if (job.status === "canceled" || (job.cancelAt && !ended(job))) return job;
  if (ended(job)) throw new Problem("job.ended", { detail: `${id} has ${job.status}.`, next: [`berth jobs show ${id}`] });
  return applyEvent(ctx, id, { type: "canceled", at: ctx.now() }, job, [audit(ctx, "job.cancel", id)]);
}
