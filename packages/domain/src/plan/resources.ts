/** What a release takes of its server: volumes, ports, disk and memory. */
import { isDeepStrictEqual } from "node:util";
import { MEGABYTE } from "../bytes.ts";
import type { PlannedPort, PlannedVolume, TargetPlan } from "./plan.ts";
import type { Report } from "./report.ts";
import { type Project, replicasOf, type Service } from "./resolved.ts";

/** A pulled image takes its compressed layers while it is unpacked, and then about twice as much. */
const UNPACKED_TIMES = 2.5;

export function plannedVolumes(report: Report, release: Project, live: Project | undefined): PlannedVolume[] {
  const volumes: PlannedVolume[] = [];
  for (const [key, definition] of release.volumes) {
    const name = definition.name ?? key;
    const before = [...(live?.volumes.values() ?? [])].find((each) => each.name === name);
    const isThere = report.volumes.has(name);
    const change = definition.external
      ? "external"
      : !isThere
        ? "create"
        : before && !isDeepStrictEqual(before, definition)
          ? "differs"
          : "keep";
    volumes.push({ volume: name, change, services: usersOf(release, key) });
  }
  for (const [key, { name = key, external }] of live?.volumes ?? []) {
    if (external || !name || !report.volumes.has(name) || volumes.some(({ volume }) => volume === name)) continue;
    volumes.push({ volume: name, change: "orphaned", services: usersOf(live!, key) }); // it is one of its volumes
  }
  return volumes.sort((a, b) => (a.volume < b.volume ? -1 : 1));
}

const usersOf = ({ services }: Project, key: string) =>
  [...services]
    .filter(([, { volumes }]) => volumes?.some(({ type, source }) => type === "volume" && source === key))
    .map(([name]) => name);

export function plannedPorts(release: Project, live: Project | undefined): PlannedPort[] {
  const [now, before] = [portsOf(release), portsOf(live)];
  const ports = [...now].map(([key, port]) => ({ ...port, change: before.has(key) ? ("keep" as const) : ("open" as const) }));
  const closed = [...before].filter(([key]) => !now.has(key)).map(([, port]) => ({ ...port, change: "close" as const }));
  return [...ports, ...closed];
}

function portsOf(project: Project | undefined): Map<string, Omit<PlannedPort, "change">> {
  const ports = new Map<string, Omit<PlannedPort, "change">>();
  for (const [service, { ports: own }] of project?.services ?? [])
    for (const { host_ip, published, target, protocol } of own ?? []) {
      const port = {
        service,
        address: host_ip ?? "0.0.0.0",
        published: String(published ?? ""),
        port: target,
        protocol: protocol ?? "tcp",
      };
      ports.set(Object.values(port).join(" "), port);
    }
  return new Map([...ports].sort(([a], [b]) => (a < b ? -1 : 1)));
}

export function neededDisk(report: Report, images: TargetPlan["images"]): TargetPlan["disk"] {
  const bytes = images.reduce((sum, { action, bytes }) => sum + (action === "pull" ? (bytes ?? 0) : 0), 0);
  return { neededMb: Math.ceil((bytes * UNPACKED_TIMES) / MEGABYTE), freeMb: report.diskFreeMb };
}

/** The most that its containers may take together, as far as the file limits them. */
export function limitedMemory(report: Report, release: Project): TargetPlan["memory"] {
  const limits = [...release.services.values()]
    .map((service) => limitOf(service) * replicasOf(service))
    .filter((bytes) => bytes > 0);
  const sum = limits.reduce((total, bytes) => total + bytes, 0);
  return { limitMb: limits.length === 0 ? null : Math.ceil(sum / MEGABYTE), freeMb: report.memoryFreeMb };
}

/** Compose prints a number of bytes. */
function limitOf({ mem_limit, deploy }: Service): number {
  const bytes = Number(mem_limit ?? deploy?.resources?.limits?.memory ?? 0);
  return Number.isFinite(bytes) ? bytes : 0;
}

/** Networks that the live release has too, but somebody removed; a new one is made without a word. */
export function missingNetworks(report: Report, release: Project, live: Project | undefined): string[] {
  const used = new Set([...release.services.values()].flatMap(({ networks }) => Object.keys(networks ?? {})));
  return [...release.networks].flatMap(([key, { name, external }]) => {
    const isGone = name && !external && used.has(key) && live?.networks.get(key)?.name === name && !report.networks.has(name);
    return isGone ? [name] : [];
  });
}
