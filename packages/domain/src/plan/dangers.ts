/** What of a release reaches beyond its own containers and folder. */
import type { Danger } from "./plan.ts";
import type { Named, Project, Service } from "./resolved.ts";

type Setting = Danger["setting"];
type Found = readonly [Setting, string];

/** Read by nearly every image, and harmless to read. */
const harmless = ["/etc/localtime", "/etc/timezone"];

export function dangers(release: Project): Danger[] {
  return [...release.services].flatMap(([service, definition]) =>
    [...new Map(dangersOf(definition, release).map((found) => [found.join(" "), found])).values()].map(([setting, what]) => ({
      setting,
      service,
      what,
    })),
  );
}

function dangersOf(service: Service, release: Project): Found[] {
  return [
    ...(service.privileged ? [["privileged", "has all rights on the server"] as const] : []),
    ...(service.use_api_socket ? [["docker.sock", "may give Docker any order"] as const] : []),
    ...(service.volumes ?? []).flatMap((mount): Found[] => {
      const volume = mount.type === "volume" ? release.volumes.get(mount.source ?? "") : undefined;
      const source = mount.type === "bind" ? mount.source : deviceOf(volume);
      return source ? path(source, mount.read_only === true) : [];
    }),
    ...given(service, release).flatMap((file) => path(file, true)),
    ...namespaces(service),
    ...(service.devices ?? []).map(({ source }) => ["device", source] as const),
    ...(service.device_cgroup_rules ?? []).map((rule) => ["device", rule] as const),
    ...(service.cap_add ?? []).map((capability) => ["capability", capability] as const),
  ];
}

/** Paths of the release's own begin with a dot (resolved.ts). */
function path(source: string, isRead: boolean): Found[] {
  if (/\/(docker|podman|containerd)\.sock$/.test(source)) return [["docker.sock", source]];
  if (/^\.($|\/)/.test(source) || (isRead && harmless.includes(source))) return [];
  return [["host-path", source]];
}

const deviceOf = (volume: Named | undefined) =>
  /\bbind\b/.test(String(volume?.driver_opts?.o ?? "")) ? String(volume?.driver_opts?.device ?? "") : undefined;

/** Files of its secrets and configs. */
function given(service: Service, { secrets, configs }: Project): string[] {
  const used = (part: unknown) => (Array.isArray(part) ? part.map((each) => String((each as { source?: unknown }).source)) : []);
  return [
    ...used(service.secrets).map((name) => secrets.get(name)),
    ...used(service.configs).map((name) => configs.get(name)),
  ].flatMap((each) => each?.file ?? []);
}

function namespaces({ network_mode, pid, ipc, uts, userns_mode, cgroup }: Service): Found[] {
  return Object.entries({
    network: network_mode,
    processes: pid,
    "shared memory": ipc,
    "host name": uts,
    users: userns_mode,
    cgroup,
  })
    .filter(([, mode]) => mode === "host")
    .map(([what]) => ["host-namespace", what] as const);
}
