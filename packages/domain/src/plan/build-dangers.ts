/** What of a service's build reaches beyond the folder that it is built from. */
import { posix } from "node:path";
import { type Fields, isFields } from "../compose/file.ts";
import { type Found, path } from "./host-path.ts";
import type { Project } from "./resolved.ts";

export function buildDangers(build: unknown, { secrets }: Project): Found[] {
  if (!isFields(build)) return [];
  const entitlements = list(build.entitlements).map(String);
  const isPrivileged = build.privileged === true || entitlements.includes("security.insecure");
  const isOnHost = build.network === "host" || entitlements.includes("network.host");
  const read = [
    ...folders(build),
    ...list(build.secrets).map((each) => secrets.get(String(isFields(each) ? each.source : each))?.file ?? ""),
    ...[...list(build.cache_from), ...list(build.cache_to)].flatMap(cached),
  ];
  return [
    ...(isPrivileged ? [["privileged", "its build has all rights on the server"] as const] : []),
    ...(isOnHost ? [["host-namespace", "network, of its build"] as const] : []),
    ...read.filter((each) => /^[/.]/.test(each)).flatMap((each) => path(each, true)),
    ...list(build.ssh).map((each) => ["host-path", `SSH keys for its build: ${each}`] as const),
  ];
}

/** Absolute, or from the release's folder. What is neither is an address, an image or another service. */
function folders({ context, dockerfile, additional_contexts: more }: Fields): string[] {
  const main = String(context ?? ".");
  const isFolder = /^[/.]/.test(main);
  const file = isFolder && typeof dockerfile === "string" ? posix.resolve("/release", main, dockerfile) : "";
  return [
    main,
    ...(isFields(more) ? Object.values(more).map(String) : []),
    ...(file === "" || file.startsWith("/release/") || file.startsWith(`${main}/`) ? [] : [file]),
  ];
}

/** The folder of a cache that is one: `type=local,dest=/srv/cache`. */
const cached = (each: unknown): string[] =>
  String(each)
    .split(",")
    .flatMap((part) => (/^(src|dest)=/.test(part) ? [part.replace(/^\w+=/, "").replace(/^(?![/.])/, "./")] : []));

const list = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);
