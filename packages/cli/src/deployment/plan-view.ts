import type { DeploymentPlan } from "@berth/api-client/types.ts";
import { reasonWords } from "@berth/domain/plan/reason-words.ts";
import type { Terminal } from "../terminal/terminal.ts";
import { clean, marked, wrap } from "../terminal/text.ts";

type TargetPlan = NonNullable<DeploymentPlan["targets"][number]["plan"]>;
type Service = TargetPlan["services"][number];
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
    ...(idle ? ["Nothing would change."] : []),
    ...(hash === null || idle ? [] : ["Apply just this:", `  berth deploy --plan ${hash}`]),
  ];
}

function targetLines({ plan, failure }: DeploymentPlan["targets"][number], policy: DeploymentPlan["policy"], to: To): string[] {
  const { paint, width } = to;
  if (failure) return marked(paint.red("✗"), clean([failure.message, failure.remedy].filter(Boolean).join(". ")), { width });
  if (!plan) return ["  It has not answered."];
  const line = (mark: string, text: string) => marked(mark, clean(text), { width });
  const order = ["create", "replace", "scale", "restart", "start", "remove", "keep"];
  const built = new Set(plan.images.flatMap(({ action, services }) => (action === "build" ? services : [])));
  const services = plan.services.toSorted((a, b) => order.indexOf(a.change) - order.indexOf(b.change));
  return [
    ...services.flatMap((service) => line(marks(service, paint), serviceText(service, built.has(service.service)))),
    ...plan.images.filter(({ action }) => action !== "here").flatMap((image) => line(paint.dim("↓"), imageText(image))),
    ...plan.volumes
      .filter(({ change }) => change !== "keep" && change !== "external")
      .flatMap(({ volume, change }) => line(paint.dim("·"), `volume ${volume}: ${volumeWords[change]}`)),
    ...plan.ports
      .filter(({ change }) => change !== "keep")
      .flatMap(({ published, protocol, change, service }) =>
        line(paint.dim("·"), `port ${published}/${protocol} of ${service} is ${change === "open" ? "opened" : "closed"}`),
      ),
    ...plan.risks.flatMap(({ service, message }) => line(paint.red("!"), `data at risk, ${service}: ${message}`)),
    ...plan.dangers
      .filter(({ setting }) => policy[setting] !== "allow")
      .flatMap(({ service, setting, what }) =>
        line(
          policy[setting] === "warn" ? paint.yellow("!") : paint.red("!"),
          `${service} ${ruled(setting, policy[setting])} (${what})`,
        ),
      ),
    ...(plan.disk.neededMb > plan.disk.freeMb
      ? line(paint.red("!"), `${plan.disk.neededMb} MB of disk are needed and ${plan.disk.freeMb} MB are free`)
      : []),
  ];
}

const isIdle = ({ services, volumes }: TargetPlan) =>
  services.every(({ change }) => change === "keep") && volumes.every(({ change }) => change !== "create");

function ruled(access: string, rule: "allow" | "warn" | "ask" | "deny"): string {
  if (rule === "deny") return `wants ${access}, which the policy denies`;
  return rule === "ask" ? `needs --allow ${access}` : `has access: ${access}`;
}

const volumeWords = {
  keep: "kept",
  create: "made",
  orphaned: "no service uses it any more; it is kept",
  external: "made elsewhere",
  differs: "it is there with other settings, which stay as they are",
};

function marks({ change }: Service, paint: To["paint"]): string {
  if (change === "create") return paint.green("+");
  if (change === "remove") return paint.red("-");
  return change === "keep" ? paint.dim("=") : paint.yellow("~");
}

const verbs: Readonly<Record<Service["change"], string>> = {
  create: "is created",
  replace: "is replaced",
  scale: "gets another number of containers",
  restart: "is restarted",
  start: "is started",
  keep: "stays as it is",
  remove: "is removed",
};

function serviceText({ service, change, reasons, interruption }: Service, built: boolean): string {
  if (change === "replace" && built && reasons.every(({ reason }) => reason === "image"))
    return `${service} is replaced if what is built is another image${interruption === "blinks" ? "; it is down for a moment then" : ""}`;
  const why = change === "keep" || change === "create" ? [] : reasons.map(reasonWords);
  return [
    `${service} ${verbs[change]}`,
    ...(why.length > 0 ? [`, because ${why.join(" and ")}`] : []),
    ...(interruption === "blinks" ? ["; it is down for a moment"] : []),
  ].join("");
}

const imageText = ({ image, action, bytes }: TargetPlan["images"][number]) =>
  action === "build"
    ? `${image} is built on the server`
    : action === "unknown"
      ? `${image}: what the registry has now is asked when deploying`
      : `${image} is pulled${bytes === null ? "" : `, ${megabytes(bytes)} compressed`}`;

const megabytes = (bytes: number) =>
  bytes < 1e6 ? `${Math.max(1, Math.round(bytes / 1e3))} KB` : `${Math.round(bytes / 1e6)} MB`;
