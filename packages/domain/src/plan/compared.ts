/** Two definitions of a service, compared as Compose's configuration hash does (pkg/compose/hash.go), and what the difference is about. */
import { isDeepStrictEqual } from "node:util";
import type { ComposeRules } from "./compose-rules.ts";
import type { PlannedService } from "./plan.ts";
import type { Mount, Port, Service } from "./resolved.ts";

export type Reason = PlannedService["reasons"][number];
type Kind = Reason["reason"];

/** Of the parts of a service, those whose change has a name of its own; any other is one of its settings. */
const kinds: Readonly<Record<string, Kind>> = {
  ...each("command", "entrypoint", "command"),
  ...each("files", "configs", "secrets"),
  ...each("networks", "networks", "network_mode", "dns", "dns_opt", "dns_search", "extra_hosts", "hostname", "links"),
  ...each("networks", "external_links", "domainname", "mac_address", "expose"),
  ...each("volumes", "tmpfs", "volumes_from", "volume_driver"),
  ...each("health", "healthcheck"),
  ...each("limits", "deploy", "mem_limit", "mem_reservation", "memswap_limit", "cpus", "cpu_shares", "cpu_quota", "cpu_period"),
  ...each("limits", "cpuset", "pids_limit", "ulimits", "shm_size", "blkio_config", "oom_score_adj"),
  ...each("dependency", "depends_on"),
};

function each(kind: Kind, ...parts: string[]): Record<string, Kind> {
  return Object.fromEntries(parts.map((part) => [part, kind]));
}

/** Why its container is replaced: empty if it is not. The image and the files that it is given are compared elsewhere. */
export function compared(before: Service, after: Service, rules: ComposeRules): Reason[] {
  const [old, now] = [hashed(before, rules), hashed(after, rules)];
  const found = new Map<Kind, Set<string>>();
  for (const part of [...new Set([...Object.keys(old), ...Object.keys(now)])].sort()) {
    if (same(old[part], now[part])) continue;
    const [kind, names] = named(part, old[part], now[part]);
    found.set(kind, new Set([...(found.get(kind) ?? []), ...names]));
  }
  return [...found].map(([reason, names]) => ({ reason, names: [...names].sort() }));
}

/** What Compose's hash is made of. Extensions, like `x-note`, are none of it. */
function hashed(service: Service, rules: ComposeRules): Record<string, unknown> {
  const { image, build, pull_policy, scale, deploy, depends_on, profiles, labels, ...rest } = service;
  const { replicas, ...deployed } = deploy ?? {};
  const { "berth.app": _, "berth.files": __, ...own } = labels ?? {}; // ours, which the runner adds
  return {
    ...Object.fromEntries(Object.entries(rest).filter(([part]) => !part.startsWith("x-"))),
    ...(deploy && { deploy: deployed }),
    ...(Object.keys(own).length > 0 && { labels: own }),
    ...(rules.comparesDependencies && { depends_on }),
    ...(rules.comparesProfiles && { profiles }),
  };
}

const same = (a: unknown, b: unknown) => isDeepStrictEqual(plain(a), plain(b));

/** Null is what Compose prints for most of what is not set. */
const plain = (value: unknown) => value ?? undefined;

function named(part: string, old: unknown, now: unknown): [Kind, string[]] {
  if (part === "environment" || part === "labels" || part === "networks")
    return [part, keysThatDiffer(entries(old), entries(now))];
  if (part === "ports") return ["ports", onlyInOne(list<Port>(old).map(portText), list<Port>(now).map(portText))];
  if (part === "volumes") return ["volumes", targetsThatDiffer(list<Mount>(old), list<Mount>(now))];
  return [(Object.hasOwn(kinds, part) && kinds[part]) || "settings", [part]];
}

const entries = (value: unknown) => new Map(Object.entries((value ?? {}) as Record<string, unknown>));
const list = <T>(value: unknown) => (value ?? []) as readonly T[];

function keysThatDiffer(old: ReadonlyMap<string, unknown>, now: ReadonlyMap<string, unknown>): string[] {
  const differs = (key: string) => old.has(key) !== now.has(key) || !isDeepStrictEqual(old.get(key), now.get(key));
  return [...new Set([...old.keys(), ...now.keys()])].filter(differs);
}

/** Names of what one list has and the other has not; of all if only their order differs, which Compose's hash notices too. */
function onlyInOne(old: readonly string[], now: readonly string[]): string[] {
  const some = [...old.filter((name) => !now.includes(name)), ...now.filter((name) => !old.includes(name))];
  return some.length > 0 ? some : [...now];
}

export const portText = ({ host_ip, published, target, protocol }: Port) =>
  `${host_ip ? `${host_ip}:` : ""}${published ? `${published}:` : ""}${target}/${protocol ?? "tcp"}`;

function targetsThatDiffer(old: readonly Mount[], now: readonly Mount[]): string[] {
  const at = (mounts: readonly Mount[]) => new Map(mounts.map((mount) => [mount.target ?? "", mount]));
  const differ = keysThatDiffer(at(old), at(now));
  return differ.length > 0 ? differ : [...at(now).keys()];
}
