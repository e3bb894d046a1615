import type { Context } from "../context.ts";
import type { WholePolicy } from "../entitlement/policy.ts";
import type { Bundle } from "../release/release.ts";
import type { Decision } from "../remote/remote.ts";
import type { Redact } from "../secret/redact.ts";
import type { Asked } from "./operations.ts";
import type { TargetPlan } from "./plan.ts";
import { changesSince, planOf } from "./read-plan.ts";
import { serverFiles } from "./server-files.ts";
import { planLines } from "./summary.ts";

interface Decided extends Asked {
  readonly appId: string;
  readonly target: string;
  /** The id of the plan that is applied. */
  readonly plan: string | undefined;
  readonly acceptDataRisk: boolean;
  readonly policy: WholePolicy;
  readonly bundle: Bundle;
}

const REASONS_MOST = 20;

/** Answers a server that asks whether a deployment may begin there: what it would do is planned first. `report` is none if it was too large. */
export async function decide(ctx: Context, asked: Decided, report: Uint8Array | undefined, redact: Redact): Promise<Decision> {
  const found = report && (await planOf(ctx, report, redact, asked));
  if (!found)
    return { no: "plan.failed", reasons: ["What the server reports is too large, or cannot be read; nothing was done"] };
  const { plan, operations } = found;
  if (asked.plan !== undefined) {
    const changes = await changesSince(ctx, { ...asked, plan: asked.plan }, plan);
    if (changes.length > 0) return { no: "plan.stale", reasons: most(changes) };
  }
  const strict = ["ask", "deny"].includes(asked.policy["host-path"]);
  const read = serverFiles(asked.bundle, strict).map((each) => ({ ...each, what: redact(each.what) }));
  const dangers = [...plan.dangers, ...read];
  const refused = dangers.filter(({ setting }) => ["ask", "deny"].includes(asked.policy[setting]));
  if (refused.length > 0) return { no: "policy.denied", reasons: most(refused.map((each) => dangerText(each, asked.policy))) };
  if (plan.risks.length > 0 && !asked.acceptDataRisk) return { no: "data.at_risk", reasons: most(plan.risks.map(riskText)) };
  const told = dangers.filter(({ setting }) => asked.policy[setting] === "warn");
  return {
    go: operations.length === 0 ? "unchanged" : "run",
    plan: planLines(plan, operations, told),
    planned: kept({ ...plan, dangers: told }),
  };
}

/** In characters of JSON. A larger plan is kept by its line for people alone. */
const KEPT_MOST = 100_000;
const kept = (plan: TargetPlan) => (JSON.stringify(plan).length <= KEPT_MOST ? plan : undefined);

export const riskText = ({ risk, message }: TargetPlan["risks"][number]) => `${risk}: ${message}`;

const dangerText = ({ service, setting, what }: TargetPlan["dangers"][number], policy: WholePolicy) =>
  `${setting}: ${service} (${what}), ${policy[setting] === "deny" ? "which the policy denies" : `which the policy asks about: --allow ${setting}`}`;

const most = (reasons: readonly string[]) =>
  reasons.length > REASONS_MOST ? [...reasons.slice(0, REASONS_MOST), `and ${reasons.length - REASONS_MOST} more`] : [...reasons];
