/** What people read of the parts of a plan, in the command line and the dashboard. */
import { bytesText } from "../bytes.ts";
import { duration } from "../duration.ts";
import type { Rule } from "../entitlement/access.ts";
import type { TargetPlan } from "./plan.ts";
import { reasonWords } from "./reason-words.ts";

type Part<Name extends keyof TargetPlan> = TargetPlan[Name] extends readonly (infer Each)[] ? Each : never;
type Service = Part<"services">;

/** The changes first. */
const order: readonly Service["change"][] = ["create", "replace", "scale", "restart", "start", "remove", "keep"];
export const changesFirst = (services: TargetPlan["services"]): Service[] =>
  services.toSorted((a, b) => order.indexOf(a.change) - order.indexOf(b.change));

export const builtOf = ({ images }: Pick<TargetPlan, "images">): ReadonlySet<string> =>
  new Set(images.flatMap(({ action, services }) => (action === "build" || action === "carry" ? services : [])));

export const isIdle = ({ services, volumes }: Pick<TargetPlan, "services" | "volumes">) =>
  services.every(({ change }) => change === "keep") && volumes.every(({ change }) => change !== "create");

const verbs: Readonly<Record<Service["change"], string>> = {
  create: "is created",
  replace: "is replaced",
  scale: "gets another number of containers",
  restart: "is restarted",
  start: "is started",
  keep: "stays as it is",
  remove: "is removed",
};

/** What happens to a service and why, after its name. */
export function serviceWords({ change, reasons, interruption, awayMs }: Service, isBuilt: boolean): string {
  const blinks = interruption === "blinks";
  const down = `it is down for ${awayMs === null ? "a moment" : `about ${duration(awayMs)}, as the last time`}`;
  if (change === "replace" && isBuilt && reasons.every(({ reason }) => reason === "image"))
    return `is replaced if what is built is another image${blinks ? `; then ${down}` : ""}`;
  const why = change === "keep" || change === "create" ? [] : reasons.map(reasonWords);
  return [verbs[change], ...(why.length > 0 ? [`, because ${why.join(" and ")}`] : []), ...(blinks ? [`; ${down}`] : [])].join(
    "",
  );
}

const imageWords = ({ image, action, bytes }: Part<"images">) =>
  action === "build" || action === "carry"
    ? `${image} is built on ${action === "build" ? "the server" : "the server that builds, and comes from there"}`
    : action === "unknown"
      ? `${image}: what the registry has now is asked when deploying`
      : `${image} is pulled${bytes === null ? "" : `, ${bytesText(bytes)} compressed`}`;

const volumeChanges: Readonly<Record<Part<"volumes">["change"], string>> = {
  keep: "kept",
  create: "made",
  orphaned: "no service uses it any more; it is kept",
  external: "made elsewhere",
  differs: "it is there with other settings, which stay as they are",
};

const volumeWords = ({ volume, change }: Part<"volumes">) => `volume ${volume}: ${volumeChanges[change]}`;

const portWords = ({ published, protocol, change, service }: Part<"ports">) =>
  `port ${published}/${protocol} of ${service} is ${change === "open" ? "opened" : "closed"}`;

/** What is pulled or built, and then what is made, opened and closed: a text for each. */
export const otherChanges = ({ images, volumes, ports }: Pick<TargetPlan, "images" | "volumes" | "ports">) => ({
  images: images.filter(({ action }) => action !== "here").map(imageWords),
  others: [
    ...volumes.filter(({ change }) => change !== "keep" && change !== "external").map(volumeWords),
    ...ports.filter(({ change }) => change !== "keep").map(portWords),
  ],
});

export function accessWords({ service, setting, what }: Part<"dangers">, rule: Rule): string {
  if (rule === "deny") return `${service} wants ${setting}, which the policy denies (${what})`;
  return `${service} ${rule === "ask" ? `needs --allow ${setting}` : `has access: ${setting}`} (${what})`;
}

/** Empty where the disk has room. */
export const diskWords = ({ disk }: Pick<TargetPlan, "disk">) =>
  disk.neededMb > disk.freeMb ? `${disk.neededMb} MB of disk are needed and ${disk.freeMb} MB are free` : "";

const operations: Readonly<Record<TargetPlan["operations"][number]["operation"], string>> = {
  build: "build",
  carry: "get from the server that built them, the images of",
  reuse: "use again what was built of",
  pull: "pull the images of",
  pin: "pin each image by its id",
  place: "put the files in their place",
  remove: "remove",
  stop: "stop for the time of it",
  move: "take over into a new volume the data of",
  up: "bring up",
  wait: "wait for",
  record: "record the release",
  prune: "prune old releases",
};

/** `bring up web, api` */
export const operationWords = ({ operation, services }: TargetPlan["operations"][number]): string =>
  [operations[operation], services.join(", ")].filter(Boolean).join(" ");
