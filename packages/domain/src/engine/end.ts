import type { Context } from "../context.ts";
import { dispatch, type Job, type JobMessage } from "../job/job.ts";
import { jobOf } from "../job/kind.ts";
import type { Outcome } from "../job/outcome.ts";
import { ended } from "../job/status.ts";
import type { Write } from "../table.ts";
import { applyEvent } from "./apply-event.ts";
import { kindOf } from "./kinds.ts";

export async function end(
  ctx: Context,
  job: Job,
  message: JobMessage,
  outcome: Outcome,
  also: readonly Write[] = [],
): Promise<void> {
  const attempt = job.rollouts[message.target]?.attempts;
  const after = await applyEvent(
    ctx,
    job.id,
    { type: "ended", target: message.target, outcome, attempt, at: ctx.now() },
    job,
    also,
  );
  const kind = kindOf(after);
  if (ended(after)) return kind.afterEnd?.(ctx, jobOf(kind, after));
  const part = after.rollouts[message.target];
  if (part && ended(part) && kind.changes === "target" && kind.first?.(jobOf(kind, after)) === message.target)
    await dispatch(
      ctx,
      after,
      Object.keys(after.rollouts).filter((target) => target !== message.target),
    );
}
