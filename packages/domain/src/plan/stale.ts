/** What has changed on a server between two plans for it, in words. */
import { isEnough } from "./hash.ts";
import type { PlannedImage, PlannedPort, PlannedService, PlannedVolume, TargetPlan } from "./plan.ts";
import { reasonWords } from "./reason-words.ts";

/** Empty if applying does exactly what was planned. */
export function changesBetween(planned: TargetPlan, now: TargetPlan): string[] {
  const words = [
    ...pairs(planned.services, now.services, ({ service }) => service).flatMap(([a, b]) => service(a, b)),
    ...pairs(planned.images, now.images, ({ image }) => image).flatMap(([a, b]) => image(a, b)),
    ...pairs(planned.volumes, now.volumes, (each) => each.volume).flatMap(([a, b]) => volume(a, b)),
    ...pairs(planned.ports, now.ports, ({ change: _, ...rest }) => Object.values(rest).join(" ")).flatMap(([a, b]) => port(a, b)),
    ...names("The secret or config", planned.secrets, now.secrets),
    ...names("The variable", planned.variables, now.variables),
    ...said(planned.risks, now.risks, ({ message }) => message, "Data at risk"),
    ...said(planned.dangers, now.dangers, ({ service, setting, what }) => `${service}: ${setting}, ${what}`, "New access"),
    ...room(planned, now),
  ];
  if (words.length > 0 || same(planned.operations, now.operations)) return words;
  if (planned.operations.length === 0) return ["Something of the app was changed on the server, like one of its files"];
  const gone = now.networks.filter((name) => !planned.networks.includes(name));
  if (gone.length > 0) return gone.map((name) => `The network ${name} is not on the server any more and would be made`);
  return ["The same would be done in another order, or with other steps"];
}

function pairs<T>(before: readonly T[], after: readonly T[], key: (each: T) => string): [T | undefined, T | undefined][] {
  const [old, now] = [new Map(before.map((each) => [key(each), each])), new Map(after.map((each) => [key(each), each]))];
  return [...new Set([...old.keys(), ...now.keys()])].map((each) => [old.get(each), now.get(each)]);
}

const same = (a: unknown, b: unknown) => JSON.stringify(a) === JSON.stringify(b);

const verbs: Readonly<Record<PlannedService["change"], string>> = {
  create: "would be created",
  replace: "would be replaced",
  scale: "would get another number of containers",
  restart: "would be restarted",
  start: "would be started",
  keep: "would stay as it is",
  remove: "would be removed",
};

function service(a: PlannedService | undefined, b: PlannedService | undefined): string[] {
  if (!b) return a ? [`${a.service} is not there any more; by the plan it ${verbs[a.change]}`] : [];
  const because = b.reasons.length > 0 ? `, because ${listed(b.reasons)}` : "";
  if (!a) return [`${b.service} was not in the plan and ${verbs[b.change]} now${because}`];
  if (a.change !== b.change) return [`${b.service} ${verbs[b.change]} now${because}; by the plan it ${verbs[a.change]}`];
  const words: string[] = [];
  const [more, fewer] = [b.reasons.filter((each) => !has(a, each)), a.reasons.filter((each) => !has(b, each))];
  if (more.length > 0) words.push(`${b.service} ${verbs[b.change]} also because ${listed(more)}`);
  else if (fewer.length > 0) words.push(`${b.service} ${verbs[b.change]} no longer because ${listed(fewer)}`);
  if (a.replicas !== b.replicas) words.push(`${b.service} would have ${b.replicas} containers instead of ${a.replicas}`);
  if (a.interruption !== b.interruption)
    words.push(`${b.service} would ${b.interruption === "none" ? "no longer" : "now"} be interrupted`);
  if (a.oneShot !== b.oneShot)
    words.push(`${b.service} would ${b.oneShot ? "now" : "no longer"} have to end before others start`);
  if (words.length === 0 && !same(a.singleton, b.singleton))
    words.push(`${b.service} has other reasons not to run twice for a moment`);
  return words;
}

const listed = (reasons: PlannedService["reasons"]) => reasons.map(reasonWords).join(", ");
const has = ({ reasons }: PlannedService, reason: PlannedService["reasons"][number]) =>
  reasons.some((each) => same(each, reason));

const actions: Readonly<Record<PlannedImage["action"], string>> = {
  here: "is on the server now, and would not be pulled",
  pull: "would have to be pulled",
  build: "would have to be built",
  carry: "would come from the server that builds",
  unknown: "cannot be looked up now: its registry does not answer",
};

function image(a: PlannedImage | undefined, b: PlannedImage | undefined): string[] {
  if (!b) return a ? [`The image ${a.image} is not needed any more`] : [];
  if (!a) return [`The image ${b.image} was not in the plan`];
  if (a.action !== b.action) return [`The image ${b.image} ${actions[b.action]}`];
  if (a.digest !== b.digest) return [`The image ${b.image} is another one now (${b.digest ?? "without a digest"})`];
  if (a.bytes !== b.bytes) return [`The image ${b.image} has another size now`];
  return same(a.services, b.services) ? [] : [`The image ${b.image} is for other services now (${b.services.join(", ")})`];
}

const states: Readonly<Record<PlannedVolume["change"], string>> = {
  keep: "is on the server now",
  create: "is not on the server any more and would be made, empty",
  differs: "has other settings now",
  orphaned: "would be used by no service",
  external: "is external now",
};

function volume(a: PlannedVolume | undefined, b: PlannedVolume | undefined): string[] {
  if (!b) return a ? [`The volume ${a.volume} is no longer in the plan`] : [];
  if (!a || a.change !== b.change) return [`The volume ${b.volume} ${states[b.change]}`];
  return same(a.services, b.services) ? [] : [`The volume ${b.volume} is for other services now (${b.services.join(", ")})`];
}

const moves: Readonly<Record<PlannedPort["change"], string>> = {
  keep: "is open already",
  open: "would be opened",
  close: "would be closed",
};

function port(a: PlannedPort | undefined, b: PlannedPort | undefined): string[] {
  const either = b ?? a;
  if (!either || a?.change === b?.change) return [];
  const { service, address, published, port, protocol } = either;
  const place = published ? `${address}:${published}` : `A free port for ${port}`;
  return [`${place}/${protocol} of ${service} ${b ? moves[b.change] : "is not published any more"}`];
}

function names(what: string, before: readonly string[], after: readonly string[]): string[] {
  return [
    ...after.filter((name) => !before.includes(name)).map((name) => `${what} ${name} is new`),
    ...before.filter((name) => !after.includes(name)).map((name) => `${what} ${name} is gone`),
  ];
}

function said<T>(before: readonly T[], after: readonly T[], text: (each: T) => string, title: string): string[] {
  const [old, now] = [before.map(text), after.map(text)];
  return [
    ...now.filter((each) => !old.includes(each)).map((each) => `${title}: ${each}`),
    ...old.filter((each) => !now.includes(each)).map((each) => `No longer: ${each}`),
  ];
}

function room(a: TargetPlan, b: TargetPlan): string[] {
  const words: string[] = [];
  if (a.disk.neededMb !== b.disk.neededMb) words.push(`${b.disk.neededMb} MB of disk are needed instead of ${a.disk.neededMb}`);
  if (isEnough(a.disk) !== isEnough(b.disk))
    words.push(`There is ${isEnough(b.disk) ? "enough disk now" : "too little disk now"}: ${b.disk.freeMb} MB are free`);
  if (a.memory.limitMb !== b.memory.limitMb)
    words.push(`The memory limits are ${b.memory.limitMb ?? "not set"} MB instead of ${a.memory.limitMb ?? "not set"}`);
  return words;
}
