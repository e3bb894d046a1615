import type { Context } from "../context.ts";
import type { TargetPlan } from "./plan.ts";
import { planTarget } from "./plan-target.ts";
import { readReport } from "./read-report.ts";
import { changesBetween } from "./stale.ts";
import { findPlan, targetPlansOf } from "./stored.ts";

/** What the server's report comes to; nothing for one that no runner of ours makes. */
export async function planOf(ctx: Context, report: Uint8Array): Promise<TargetPlan | undefined> {
  try {
    return planTarget(await readReport(report));
  } catch (error) {
    ctx.log("warn", "a server's report could not be read", { error });
    return undefined;
  }
}

/** Why the plan no longer holds for this server, by what it reports now. */
export async function changesSince(
  ctx: Context,
  of: { appId: string; plan: string; target: string },
  report: Uint8Array,
): Promise<string[]> {
  const planned = (await targetPlansOf(ctx, await findPlan(ctx, { appId: of.appId, id: of.plan }))).get(of.target);
  const now = await planOf(ctx, report);
  if (!planned || !now) return ["The server's report cannot be compared with the plan"];
  return changesBetween(planned, now);
}
