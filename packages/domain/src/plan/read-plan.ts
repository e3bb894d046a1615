import { gzipSync } from "node:zlib";
import type { Context } from "../context.ts";
import { cleanText } from "../remote/text.ts";
import type { Redact } from "../secret/redact.ts";
import { redactWhole } from "../secret/whole.ts";
import type { Asked } from "./operations.ts";
import { isPlanWord, type Operation, TargetPlan } from "./plan.ts";
import { planTarget } from "./plan-target.ts";
import { readReport } from "./read-report.ts";
import { changesBetween } from "./stale.ts";
import { findTargetPlan } from "./stored.ts";

/** Compressed: what a row has room for. */
const PLAN_BYTES = 300 * 1024;
const JSON_MOST = 2 * 1024 * 1024;

interface Found {
  /** Without the app's values. */
  readonly plan: TargetPlan;
  /** The plan's, with the names that services have on the server, whatever the app's values are. */
  readonly operations: readonly Operation[];
}

/** What the server's report comes to; nothing for one that no runner of ours makes, or that names too much. */
export async function planOf(ctx: Context, report: Uint8Array, redact: Redact, asked?: Asked): Promise<Found | undefined> {
  try {
    const whole = planTarget(await readReport(report), asked);
    const plan = redactWhole(whole, (text) => redact(cleanText(text)), isPlanWord);
    const json = JSON.stringify(plan);
    // As it will be read again: what a server made of numbers and names may be no plan.
    if (json.length <= JSON_MOST && gzipSync(json).length <= PLAN_BYTES)
      return { plan: TargetPlan.parse(JSON.parse(json)), operations: whole.operations };
    ctx.log("warn", "a plan is too large to be kept");
  } catch (error) {
    ctx.log("warn", "a server's report could not be read", { error });
  }
  return undefined;
}

interface Planned {
  readonly appId: string;
  readonly plan: string;
  readonly target: string;
}

/** Why the plan no longer holds for this server, where `now` would be done. */
export async function changesSince(ctx: Context, of: Planned, now: TargetPlan): Promise<string[]> {
  const planned = await findTargetPlan(ctx, { appId: of.appId, id: of.plan }, of.target);
  return planned ? changesBetween(planned, now) : ["The plan is not kept any more; a plan is kept for a day"];
}
