/** What Docker Compose does with each service's containers when a release goes live, decided as Compose decides it. */
import { isDeepStrictEqual } from "node:util";
import { compared, type Reason } from "./compared.ts";
import { type ComposeRules, rulesOf } from "./compose-rules.ts";
import { imageId } from "./images.ts";
import type { Report, ReportedContainer } from "./report.ts";
import { hostsOf, inOrder, lendersOf, type Project, replicasOf, type Service } from "./resolved.ts";

/** How many containers of a service get what. One that is replaced is counted as that alone. */
export interface Difference {
  readonly service: string;
  readonly reasons: readonly Reason[];
  readonly create: number;
  readonly replace: number;
  /** Of those replaced, the ones that run and are stopped for it. */
  readonly stopped: number;
  /** Stopped for the sake of something else, and started again. */
  readonly restart: number;
  /** Is there but does not run. */
  readonly start: number;
  readonly keep: number;
  readonly remove: number;
  /** Of those removed, the ones that run. */
  readonly ended: number;
}

/** In dependency order; services that are gone come last, by name. */
export function differences(report: Report, release: Project, live: Project | undefined): Difference[] {
  const rules = rulesOf(report.compose);
  const stopped = rules.remakesNetworks && live ? onRemadeNetworks(report, release, live) : new Map<string, Reason>();
  const done = new Map<string, Difference>();
  for (const name of inOrder(release.services)) {
    const service = release.services.get(name)!; // the order is made of them
    const there = report.containers.filter((container) => container.service === name);
    const reasons = [
      ...replaced({ name, service, report, release, live, rules, isStopped: stopped.has(name) }),
      ...following(service, done, rules),
    ];
    const found = difference(name, there, replicasOf(service), reasons, stopped.get(name), live?.services.get(name));
    done.set(name, found);
    if (found.replace > 0 && !rules.replacesDependents)
      for (const [other, { depends_on }] of release.services)
        if (depends_on?.[name]?.restart) stopped.set(other, { reason: "dependency", names: [name] });
  }
  const gone = report.containers.filter(
    ({ service }) => !release.services.has(service) && !report.release.inactive?.has(service),
  );
  const removed = [...new Set(gone.map(({ service }) => service))].sort().map((service) => {
    const there = gone.filter((container) => container.service === service);
    return { ...untouched(service), remove: there.length, ended: running(there).length };
  });
  return [...done.values(), ...removed];
}

const untouched = (service: string): Difference => ({
  ...{ service, reasons: [], create: 0, replace: 0, stopped: 0, restart: 0, start: 0, keep: 0, remove: 0, ended: 0 },
});

/** A container that Docker restarts again and again, or has paused, is stopped like any other. */
const running = (containers: readonly ReportedContainer[]) =>
  containers.filter(({ state }) => ["running", "restarting", "paused"].includes(state));

function difference(
  service: string,
  there: readonly ReportedContainer[],
  wanted: number,
  reasons: readonly Reason[],
  stopped: Reason | undefined,
  before: Service | undefined,
): Difference {
  // Compose numbers them, and removes the highest numbers first.
  const stay = there.toSorted((a, b) => numberOf(a) - numberOf(b)).slice(0, wanted);
  const surplus = there.filter((container) => !stay.includes(container));
  const create = Math.max(0, wanted - there.length);
  const scaled: Reason[] = [];
  if (surplus.length > 0 || (create > 0 && there.length > 0)) scaled.push({ reason: "replicas", names: [] });
  else if (create > 0) scaled.push({ reason: before ? "missing" : "new", names: [] });
  const base = { ...untouched(service), create, remove: surplus.length, ended: running(surplus).length };
  if (stay.length === 0) return { ...base, reasons: scaled };
  const runs = running(stay).length;
  if (reasons.length > 0) return { ...base, reasons: [...reasons, ...scaled], replace: stay.length, stopped: runs };
  const idle = stay.length - runs;
  const asleep: Reason[] = idle > 0 ? [{ reason: "not running", names: [] }] : [];
  if (stopped && runs > 0) return { ...base, reasons: [stopped, ...scaled, ...asleep], restart: runs, start: idle };
  return { ...base, reasons: [...scaled, ...asleep], start: idle, keep: runs };
}

const numberOf = ({ name }: ReportedContainer) => Number(/-(\d+)$/.exec(name)?.[1] ?? 1);

interface Considered {
  readonly name: string;
  readonly service: Service;
  readonly report: Report;
  readonly release: Project;
  readonly live: Project | undefined;
  readonly rules: ComposeRules;
  readonly isStopped: boolean;
}

/** Why Compose replaces its container, for what the service itself is. */
function replaced({ name, service, report, release, live, rules, isStopped }: Considered): Reason[] {
  const before = live?.services.get(name);
  // Made by somebody else than Berth, so without Berth's labels.
  if (!live || !before || !report.live) return [{ reason: "labels", names: ["berth.app"] }];
  const reasons: Reason[] = [];
  const image = imageId(report, name, service);
  const was = report.live.pinned.get(name);
  if (image === null ? service.image !== before.image : image !== was) reasons.push({ reason: "image", names: [] });
  reasons.push(...compared(before, service, rules));
  if (report.release.files.get(name) !== report.live.files.get(name) && !reasons.some(({ reason }) => reason === "files"))
    reasons.push({ reason: "files", names: [] });
  const mounted = (service.volumes ?? []).filter(({ type, source }) => type === "volume" && source);
  const moved = mounted.filter(({ source }) => live.volumes.get(source!)?.name !== release.volumes.get(source!)?.name); // filtered above
  if (rules.looksAtVolumes && moved.length > 0)
    reasons.push({ reason: "volumes", names: moved.map(({ target }) => target ?? "") });
  const left = Object.keys(service.networks ?? {}).filter(
    (key) => live.networks.get(key)?.name !== release.networks.get(key)?.name,
  );
  if (rules.remakesNetworks && !isStopped && left.length > 0) reasons.push({ reason: "networks", names: left });
  return joined(reasons);
}

function joined(reasons: readonly Reason[]): Reason[] {
  const found = new Map<Reason["reason"], string[]>();
  for (const { reason, names } of reasons) found.set(reason, [...(found.get(reason) ?? []), ...names]);
  return [...found].map(([reason, names]) => ({ reason, names: [...new Set(names)].sort() }));
}

/** Why its container is replaced together with another one. */
function following(service: Service, done: ReadonlyMap<string, Difference>, rules: ComposeRules): Reason[] {
  const isAnew = (name: string) => {
    const other = done.get(name);
    return other !== undefined && (other.replace > 0 || (other.create > 0 && other.keep + other.start + other.restart === 0));
  };
  const reasons: Reason[] = [];
  const hosts = [...hostsOf(service), ...lendersOf(service)].filter(isAnew);
  if (hosts.length > 0) reasons.push({ reason: "namespace", names: [...new Set(hosts)].sort() });
  const depends = Object.keys(service.depends_on ?? {}).filter(
    (name) => (done.get(name)?.replace ?? 0) > 0 && !hosts.includes(name),
  );
  if (rules.replacesDependents && depends.length > 0) reasons.push({ reason: "dependency", names: depends.sort() });
  return reasons;
}

/** The services on a network of the project that is there and is now defined differently. */
function onRemadeNetworks(report: Report, release: Project, live: Project): Map<string, Reason> {
  const stopped = new Map<string, Reason>();
  for (const [key, network] of release.networks) {
    const before = live.networks.get(key);
    const isThere = !network.external && network.name && report.networks.has(network.name);
    if (!before || !isThere || before.name !== network.name || isDeepStrictEqual(before, network)) continue;
    for (const [name, { networks }] of release.services) {
      if (!Object.hasOwn(networks ?? {}, key)) continue;
      stopped.set(name, { reason: "network changed", names: [...(stopped.get(name)?.names ?? []), key] });
    }
  }
  return stopped;
}
