/** What a plan says to a run and to people who watch it. */
import type { Operation, PlannedService, TargetPlan } from "./plan.ts";

const NAMES_MOST = 10;

const verbs: readonly (readonly [PlannedService["change"], string])[] = [
  ["create", "creates"],
  ["replace", "replaces"],
  ["scale", "scales"],
  ["restart", "restarts"],
  ["start", "starts"],
  ["remove", "removes"],
  ["keep", "leaves"],
];

/** `builds web, replaces web (image, environment) and api (image), leaves db` */
export function summaryOf({ operations, services, images, volumes }: TargetPlan): string {
  if (operations.length === 0) return "nothing to change";
  const made = (how: "build" | "carry") => images.filter(({ action }) => action === how).flatMap((image) => image.services);
  const [built, carried] = [made("build"), made("carry")];
  const fresh = volumes.filter(({ change }) => change === "create").map(({ volume }) => volume);
  const parts = verbs.flatMap(([change, verb]) => {
    const names = services.filter((each) => each.change === change).map(named);
    return names.length > 0 ? [`${verb} ${listed(names)}`] : [];
  });
  return [
    ...(built.length > 0 ? [`builds ${listed(built.toSorted())}`] : []),
    ...(carried.length > 0 ? [`takes ${listed(carried.toSorted())} as built elsewhere`] : []),
    ...(fresh.length > 0 ? [`makes the volume${fresh.length > 1 ? "s" : ""} ${listed(fresh)}`] : []),
    ...parts,
  ].join(", ");
}

function named({ service, change, reasons }: PlannedService): string {
  if (!["replace", "restart"].includes(change)) return service;
  return `${service} (${reasons.map(({ reason }) => reason).join(", ")})`;
}

function listed(names: readonly string[]): string {
  const more = names.length - NAMES_MOST;
  const [last = "", ...rest] = (more > 0 ? [...names.slice(0, NAMES_MOST), `${more} more`] : names).toReversed();
  return rest.length > 0 ? `${rest.reverse().join(", ")} and ${last}` : last;
}

const access = (dangers: TargetPlan["dangers"]) =>
  dangers.length > 0
    ? `; has access: ${listed([...new Set(dangers.map(({ service, setting }) => `${service} ${setting}`))])}`
    : "";

/** What a run is told and keeps: the sentence with the dangers to be told, and the operations that it does. */
export const planLines = (plan: TargetPlan, operations: readonly Operation[], told: TargetPlan["dangers"]): string[] => [
  `${summaryOf(plan)}${access(told)}`,
  ...operationLines(operations),
];

/** `up web api` */
export const operationLines = (operations: readonly Operation[]): string[] =>
  operations.map(({ operation, services }) => [operation, ...services].join(" "));
