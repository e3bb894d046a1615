import { erasureOf } from "../app/erasure.ts";
import type { Context } from "../context.ts";
import type { Outcome } from "../job/advance.ts";
import { type Bell, ended, type Job } from "../job/job.ts";
import { eraseReleases } from "../release/erase.ts";
import type { Write } from "../table.ts";
import { applyEvent } from "./apply-event.ts";

export async function end(ctx: Context, job: Job, bell: Bell, outcome: Outcome, also: readonly Write[] = []): Promise<void> {
  const attempt = job.rollouts[bell.target]?.attempts;
  const after = await applyEvent(ctx, job.id, { type: "ended", target: bell.target, outcome, attempt, at: ctx.now() }, job, also);
  // The sweep's look at what is due is the guarantee; a customer's secrets are gone when the removal is said to be done.
  if (job.kind === "remove" && ended(after)) await eraseReleases(ctx, erasureOf(placeOf(job)));
}

export const placeOf = ({ appId = "", environment = "" }: Job) => ({ app: appId, environment });
