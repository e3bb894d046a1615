import type { Danger } from "./plan.ts";

export type Found = readonly [Danger["setting"], string];

/** Read by nearly every image, and harmless to read. */
const harmless = ["/etc/localtime", "/etc/timezone"];

/** Paths of the release's own begin with a dot (resolved.ts). */
export function path(source: string, isRead: boolean): Found[] {
  if (/\/(docker|podman|containerd)\.sock$/.test(source)) return [["docker.sock", source]];
  if (/^\.($|\/)/.test(source) || (isRead && harmless.includes(source))) return [];
  return [["host-path", source]];
}
