/** A resolved Compose file as JSON, read as far as a plan needs it. Whatever else a service has is kept, and compared. */
import * as z from "zod";
import type { Resolved } from "./report.ts";

const text = z.string().nullish();
const names = z.array(z.string()).nullish();

const Dependency = z.looseObject({ condition: text, restart: z.boolean().nullish() });

const Port = z.looseObject({
  host_ip: text,
  target: z.number(),
  published: z.union([z.string(), z.number()]).nullish(),
  protocol: text,
});
export type Port = z.infer<typeof Port>;

const Mount = z.looseObject({ type: z.string(), source: text, target: text, read_only: z.boolean().nullish() });
export type Mount = z.infer<typeof Mount>;

const Service = z.looseObject({
  image: text,
  build: z.unknown().optional(),
  pull_policy: text,
  container_name: text,
  depends_on: z.record(z.string(), Dependency).nullish(),
  environment: z.record(z.string(), z.unknown()).nullish(),
  labels: z.record(z.string(), z.unknown()).nullish(),
  ports: z.array(Port).nullish(),
  volumes: z.array(Mount).nullish(),
  volumes_from: names,
  networks: z.record(z.string(), z.record(z.string(), z.unknown()).nullish()).nullish(),
  command: names,
  network_mode: text,
  pid: text,
  ipc: text,
  uts: text,
  userns_mode: text,
  cgroup: text,
  mac_address: text,
  privileged: z.boolean().nullish(),
  use_api_socket: z.boolean().nullish(),
  cap_add: names,
  devices: z.array(z.looseObject({ source: z.string() })).nullish(),
  device_cgroup_rules: names,
  gpus: z.unknown().optional(),
  restart: text,
  scale: z.number().nullish(),
  mem_limit: z.union([z.string(), z.number()]).nullish(),
  deploy: z
    .looseObject({
      replicas: z.number().nullish(),
      resources: z
        .looseObject({ limits: z.record(z.string(), z.unknown()).nullish(), reservations: z.unknown().optional() })
        .nullish(),
    })
    .nullish(),
});
export type Service = z.infer<typeof Service>;

const Named = z.looseObject({
  name: text,
  external: z.boolean().nullish(),
  driver_opts: z.record(z.string(), z.unknown()).nullish(),
  file: text,
});
export type Named = z.infer<typeof Named>;

const File = z.looseObject({
  services: z.record(z.string(), Service).default({}),
  networks: z.record(z.string(), Named).default({}),
  volumes: z.record(z.string(), Named).default({}),
  secrets: z.record(z.string(), Named).default({}),
  configs: z.record(z.string(), Named).default({}),
});

export interface Project {
  readonly services: ReadonlyMap<string, Service>;
  readonly networks: ReadonlyMap<string, Named>;
  readonly volumes: ReadonlyMap<string, Named>;
  readonly secrets: ReadonlyMap<string, Named>;
  readonly configs: ReadonlyMap<string, Named>;
  /** What programs of the server run, by service: it has no container. */
  readonly providers: ReadonlyMap<string, string>;
}

/** Paths in the release's own folder begin with `./`, so that two releases can be compared. @throws ZodError for what no Compose prints */
export function readResolved({ folder, file }: Resolved): Project {
  const { services, ...rest } = File.parse(relative(file, folder));
  const run = Object.entries(services).filter(([, { image, provider }]) => image || !provider);
  const provided = Object.entries(services).flatMap(([name, { provider }]) =>
    provider ? [[name, String((provider as { type?: unknown }).type)] as const] : [],
  );
  return {
    services: new Map(sorted(run)),
    networks: new Map(sorted(Object.entries(rest.networks))),
    volumes: new Map(sorted(Object.entries(rest.volumes))),
    secrets: new Map(sorted(Object.entries(rest.secrets))),
    configs: new Map(sorted(Object.entries(rest.configs))),
    providers: new Map(sorted(provided)),
  };
}

const sorted = <T>(entries: readonly (readonly [string, T])[]) => entries.toSorted(([a], [b]) => (a < b ? -1 : 1));

function relative(value: unknown, folder: string): unknown {
  if (typeof value === "string")
    return value === folder || value.startsWith(`${folder}/`) ? `.${value.slice(folder.length)}` : value;
  if (Array.isArray(value)) return value.map((each) => relative(each, folder));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, relative(each, folder)]));
}

export const replicasOf = ({ scale, deploy }: Service) => scale ?? deploy?.replicas ?? 1;

/** The services whose network, processes or shared memory it is in. */
export const hostsOf = ({ network_mode, pid, ipc }: Service) =>
  [network_mode, pid, ipc].flatMap((mode) => (mode?.startsWith("service:") ? [mode.slice("service:".length)] : []));

/** The services all of whose volumes it mounts. */
export const lendersOf = ({ volumes_from }: Service) =>
  (volumes_from ?? []).flatMap((from) => (from.startsWith("container:") ? [] : [from.split(":")[0]!])); // a split has a first part

/** Each service after those that it depends on, otherwise by name. */
export function inOrder(services: ReadonlyMap<string, Service>): string[] {
  const left = new Set([...services.keys()].sort());
  const order: string[] = [];
  while (left.size > 0) {
    const isReady = (name: string) => !needed(services.get(name)!).some((other) => left.has(other) && other !== name); // it is one of them
    const next = [...left].find(isReady) ?? [...left][0]!; // Compose refuses a circle; there is one left
    left.delete(next);
    order.push(next);
  }
  return order;
}

/** Whose replacement may replace or restart it. */
export const needed = (service: Service) => [
  ...Object.keys(service.depends_on ?? {}),
  ...hostsOf(service),
  ...lendersOf(service),
];
