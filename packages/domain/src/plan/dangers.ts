/** What of a release reaches beyond its own containers and folder. */
import { isBuilt } from "../compose/compose.ts";
import { buildDangers } from "./build-dangers.ts";
import { type Found, path } from "./host-path.ts";
import type { Danger } from "./plan.ts";
import type { Named, Project, Service } from "./resolved.ts";

export function dangers(release: Project): Danger[] {
  const all = [...release.services].map(([name, definition]) => [name, dangersOf(definition, release)] as const);
  const provided = [...release.providers].map(
    ([name, type]) => [name, [["privileged", `is what a program of the server does: ${type}`]] as Found[]] as const,
  );
  return [...all, ...provided].flatMap(([service, founds]) =>
    [...new Map(founds.map((found) => [found.join(" "), found])).values()].map(([setting, what]) => ({
      setting,
      service,
      what,
    })),
  );
}

function dangersOf(service: Service, release: Project): Found[] {
  return [
    ...(service.privileged ? [["privileged", "has all rights on the server"] as const] : []),
    ...hooks(service),
    ...(service.use_api_socket ? [["docker.sock", "may give Docker any order"] as const] : []),
    ...(service.volumes ?? []).flatMap((mount): Found[] => {
      const volume = mount.type === "volume" ? release.volumes.get(mount.source ?? "") : undefined;
      const source = mount.type === "bind" ? mount.source : deviceOf(volume);
      return source ? path(source, mount.read_only === true) : [];
    }),
    ...(service.volumes_from ?? []).flatMap((from) =>
      from.startsWith("container:") ? [["host-path", `volumes of ${from.split(":")[1]}`] as const] : [],
    ),
    ...given(service, release).flatMap((file) => path(file, true)),
    ...(isBuilt(service) ? buildDangers(service.build, release) : []),
    ...namespaces(service, release),
    ...(service.devices ?? []).map(({ source }) => ["device", source] as const),
    ...(service.device_cgroup_rules ?? []).map((rule) => ["device", rule] as const),
    ...(service.cap_add ?? []).map((capability) => ["capability", capability] as const),
  ];
}

/** A volume's options are those of a mount: of a folder, of a disk, or of folders over one another. What is on a network is not the server's. */
function deviceOf(volume: Named | undefined): string | undefined {
  const { type, o, device } = volume?.driver_opts ?? {};
  if (/^(nfs4?|cifs|smb3?|tmpfs)$/.test(String(type ?? "")) && !/\bbind\b|\brbind\b/.test(String(o ?? ""))) return undefined;
  return device === undefined ? undefined : [device, ...(String(type) === "overlay" ? [o] : [])].join(" ");
}

/** Commands that Compose gives to a container when it starts or stops. */
const hooks = (service: Service): Found[] =>
  [service.post_start, service.pre_start, service.pre_stop]
    .flat()
    .some((hook) => (hook as { privileged?: unknown } | undefined)?.privileged === true)
    ? [["privileged", "gives a command all rights on the server"]]
    : [];

/** Files of its secrets and configs. */
function given(service: Service, { secrets, configs }: Project): string[] {
  const used = (part: unknown) => (Array.isArray(part) ? part.map((each) => String((each as { source?: unknown }).source)) : []);
  return [
    ...used(service.secrets).map((name) => secrets.get(name)),
    ...used(service.configs).map((name) => configs.get(name)),
  ].flatMap((each) => each?.file ?? []);
}

function namespaces({ network_mode, networks, pid, ipc, uts, userns_mode, cgroup }: Service, release: Project): Found[] {
  const isHost = Object.keys(networks ?? {}).some((key) => release.networks.get(key)?.name === "host");
  return Object.entries({
    network: isHost ? "host" : network_mode,
    processes: pid,
    "shared memory": ipc,
    "host name": uts,
    users: userns_mode,
    cgroup,
  })
    .filter(([, mode]) => mode === "host")
    .map(([what]) => ["host-namespace", what] as const);
}
