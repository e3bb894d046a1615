import { isDeepStrictEqual } from "node:util";
import { dangers } from "./dangers.ts";
import { type Difference, differences } from "./differences.ts";
import { plannedImages } from "./images.ts";
import { singletonReasons } from "./interruption.ts";
import { type Asked, operations } from "./operations.ts";
import type { PlannedService, TargetPlan } from "./plan.ts";
import type { Report } from "./report.ts";
import { type Project, readResolved, replicasOf } from "./resolved.ts";
import { limitedMemory, missingNetworks, neededDisk, plannedPorts, plannedVolumes } from "./resources.ts";
import { risks } from "./risks.ts";
import { isUnchanged } from "./unchanged.ts";

/** What making the release live does on this server, as far as it can be told beforehand. @throws ZodError for a report that no Compose makes */
export function planTarget(report: Report, asked: Asked = {}): TargetPlan {
  const { making = "build" } = asked;
  const release = readResolved(report.release);
  const live = report.live && readResolved(report.live);
  const found = differences(report, release, live);
  const moves = (asked.moves ?? []).filter((name) => live && !isDeepStrictEqual(dataOf(live, name), dataOf(release, name)));
  const images = plannedImages(report, release, making);
  const volumes = plannedVolumes(report, release, live);
  const networks = missingNetworks(report, release, live);
  return {
    operations: isUnchanged(report, found, { images, volumes, networks })
      ? []
      : operations(report, release, found, { volumes, networks }, { making, moves }),
    services: found.map((each) => plannedService(each, release, report.downtimes)),
    images,
    volumes,
    networks,
    ports: plannedPorts(release, live),
    secrets: [...new Set([...release.secrets.keys(), ...release.configs.keys()])].sort(),
    variables: variablesOf(release),
    risks: risks(report, release, live, found, moves),
    dangers: dangers(release),
    disk: neededDisk(report, images),
    memory: limitedMemory(report, release),
  };
}

const dataOf = ({ services }: Project, name: string) =>
  (services.get(name)?.volumes ?? []).flatMap(({ type, source }) => (type === "volume" ? [source] : []));

const variablesOf = ({ services }: Project) =>
  [...new Set([...services.values()].flatMap(({ environment }) => Object.keys(environment ?? {})))].sort();

function plannedService(each: Difference, release: Project, downtimes: Report["downtimes"]): PlannedService {
  const definition = release.services.get(each.service);
  const oneShot = isOneShot(each.service, release);
  const isInterrupted = !oneShot && definition !== undefined && each.stopped + each.restart > 0;
  return {
    service: each.service,
    change: changeOf(each),
    reasons: each.reasons.map(({ reason, names }) => ({ reason, names: [...names] })),
    interruption: isInterrupted ? "blinks" : "none",
    awayMs: (isInterrupted && downtimes.get(each.service)) || null,
    singleton: definition ? singletonReasons(definition) : [],
    replicas: definition ? replicasOf(definition) : 0,
    oneShot,
  };
}

function changeOf({ create, replace, restart, start, keep, remove }: Difference): PlannedService["change"] {
  const stay = restart + start + keep;
  if (replace > 0) return "replace";
  if (create > 0) return stay > 0 ? "scale" : "create";
  if (remove > 0) return stay > 0 ? "scale" : "remove";
  if (restart > 0) return "restart";
  return start > 0 ? "start" : "keep";
}

/** Another service waits until it has ended; nothing else in a Compose file says so. */
const isOneShot = (name: string, { services }: Project) =>
  [...services.values()].some(({ depends_on }) => depends_on?.[name]?.condition === "service_completed_successfully");
