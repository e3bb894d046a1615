import type { Environment } from "../app/app.ts";
import type { Context } from "../context.ts";
import { Problem } from "../error.ts";
import { findPlanByHash, targetPlansOf } from "./stored.ts";

const liveText = (target: string, planned: number | undefined, now: number | undefined) =>
  planned !== now &&
  `On ${target} ${now === undefined ? "no release" : `release ${now}`} is live, and it was made for one with ${planned === undefined ? "none" : `release ${planned}`}.`;

interface Asked {
  readonly hash: string;
  readonly environment: Environment;
  readonly appId: string;
  readonly bundle: string;
  readonly targets: readonly { readonly id: string; readonly name: string }[];
  readonly acceptDataRisk: boolean;
}

/** The plan's id, if it was made for just this request; each server says by itself whether it still holds there. @throws Problem plan.not_found, plan.stale, data.at_risk */
export async function planToApply(ctx: Context, { hash, environment, appId, bundle, targets, ...asked }: Asked): Promise<string> {
  const plan = await findPlanByHash(ctx, appId, hash);
  const names = (list: Asked["targets"]) =>
    list
      .map(({ name }) => name)
      .sort()
      .join(", ");
  const [planned, now] = [names(plan.targets), names(targets)];
  const changes = [
    plan.environment !== environment.name && `It is for the environment "${plan.environment}", not "${environment.name}".`,
    plan.bundle !== bundle && "The files, variables or images are not those it was made for.",
    ...plan.targets.map(({ id, name }) => liveText(name, plan.live[id], environment.live[id])),
    planned !== now && `It was made for ${planned}, and now the deployment goes to ${now}.`,
  ].filter((change) => change !== false);
  if (changes.length > 0) throw new Problem("plan.stale", { detail: changes.join(" ") });
  if (!asked.acceptDataRisk) {
    const risks = [...(await targetPlansOf(ctx, plan)).values()].flatMap((each) => each.risks.map(({ message }) => message));
    if (risks.length > 0) throw new Problem("data.at_risk", { detail: [...new Set(risks)].join(" ") });
  }
  return plan.id;
}
