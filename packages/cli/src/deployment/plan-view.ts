import type { DeploymentPlan, TargetPlan } from "@berth/api-client/types.ts";
import {
  accessWords,
  builtOf,
  changesFirst,
  diskWords,
  isIdle,
  operationWords,
  otherChanges,
  serviceWords,
} from "@berth/domain/plan/plan-words.ts";
import type { Terminal } from "../terminal/terminal.ts";
import { clean, marked, wrap } from "../terminal/text.ts";

type To = Pick<Terminal, "paint" | "width">;

/** What would happen on each server, the changes first, and the command that does just that. */
export function deploymentPlanLines(plan: DeploymentPlan, to: To): string[] {
  const { app, environment, release, targets, hash, refused } = plan;
  const { paint, width } = to;
  const idle = targets.every((target) => target.plan !== null && isIdle(target.plan));
  return [
    ...wrap(`Plan for ${app} (${environment}), release ${release}`, width),
    ...targets.flatMap((target) => ["", paint.bold(target.name), ...targetLines(target, plan.policy, to)]),
    "",
    ...(refused ? marked(paint.yellow("!"), `It could not be applied now: ${refused.reason}`, { width }) : []),
    ...(plan.takesSlot ? wrap("It takes one of the app slots of your plan.", width) : []),
    ...usedLines(plan, width),
    ...(idle ? ["Nothing would change."] : []),
    ...(hash === null || idle ? [] : ["Apply just this:", `  berth deploy --plan ${hash}`]),
  ];
}

function usedLines({ variables }: DeploymentPlan, width: number): string[] {
  const named = (kind: "secret" | "variable", one: string, many: string) => {
    const names = variables.filter((each) => each.kind === kind).map(({ name, version }) => `${name} (version ${version})`);
    return names.length === 0 ? [] : wrap(clean(`It uses the ${names.length === 1 ? one : many} ${names.join(", ")}.`), width);
  };
  return [...named("secret", "secret", "secrets"), ...named("variable", "variable", "variables")];
}

function targetLines({ plan, failure }: DeploymentPlan["targets"][number], policy: DeploymentPlan["policy"], to: To): string[] {
  const { paint, width } = to;
  if (failure) return marked(paint.red("✗"), clean([failure.message, failure.remedy].filter(Boolean).join(". ")), { width });
  if (!plan) return ["  It has not answered."];
  const line = (mark: string, text: string) => marked(mark, clean(text), { width });
  const built = builtOf(plan);
  const { images, others } = otherChanges(plan);
  const disk = diskWords(plan);
  return [
    ...changesFirst(plan.services).flatMap((service) =>
      line(marks(service, paint), `${service.service} ${serviceWords(service, built.has(service.service))}`),
    ),
    ...images.flatMap((text) => line(paint.dim("↓"), text)),
    ...others.flatMap((text) => line(paint.dim("·"), text)),
    ...plan.risks.flatMap(({ service, message }) => line(paint.red("!"), `data at risk, ${service}: ${message}`)),
    ...plan.dangers
      .filter(({ setting }) => policy[setting] !== "allow")
      .flatMap((danger) => {
        const rule = policy[danger.setting];
        return line(rule === "warn" ? paint.yellow("!") : paint.red("!"), accessWords(danger, rule));
      }),
    ...(disk ? line(paint.red("!"), disk) : []),
    ...(plan.operations.length > 0
      ? line(paint.dim("›"), `in this order: ${plan.operations.map(operationWords).join("; ")}`)
      : []),
  ];
}

function marks({ change }: TargetPlan["services"][number], paint: To["paint"]): string {
  if (change === "create") return paint.green("+");
  if (change === "remove") return paint.red("-");
  return change === "keep" ? paint.dim("=") : paint.yellow("~");
}
