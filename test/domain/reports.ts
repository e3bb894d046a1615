/** Reports of servers, said shortly: resolved Compose files as `docker compose config --format json` prints them. */
import type { Report, ReportedContainer, Resolved } from "@berth/domain/plan/report.ts";

type Definition = Readonly<Record<string, unknown>>;

export interface Side {
  readonly services: Readonly<Record<string, Definition>>;
  readonly volumes?: Readonly<Record<string, Definition>>;
  readonly networks?: Readonly<Record<string, Definition>>;
  readonly secrets?: Readonly<Record<string, Definition>>;
  readonly configs?: Readonly<Record<string, Definition>>;
  readonly files?: Readonly<Record<string, string>>;
  readonly inactive?: readonly string[];
}

export const idOf = (image: string) => `sha256:${Buffer.from(image).toString("hex").padEnd(64, "0").slice(0, 64)}`;

/** What Compose adds to every service: `db: {image}` is enough. */
function resolved(folder: string, { services, volumes = {}, networks = {}, ...side }: Side, isPinned: boolean): Resolved {
  const full = Object.entries(services).map(([name, service]) => {
    const lone = { command: null, entrypoint: null, ...service };
    return [name, "network_mode" in service || "networks" in service ? lone : { ...lone, networks: { default: null } }] as const;
  });
  const named = (all: Readonly<Record<string, Definition>>) =>
    Object.fromEntries(Object.entries(all).map(([key, each]) => [key, { name: `shop_${key}`, ...each }]));
  return {
    folder,
    file: {
      name: "shop",
      services: Object.fromEntries(full),
      networks: named({ default: { ipam: {} }, ...networks }),
      volumes: named(volumes),
      secrets: side.secrets ?? {},
      configs: side.configs ?? {},
    },
    files: new Map(Object.entries(side.files ?? {})),
    pinned: new Map(isPinned ? full.map(([name, service]) => [name, idOf(String((service as { image?: unknown }).image))]) : []),
    ...(side.inactive && { inactive: new Set(side.inactive) }),
  };
}

const volumesOf = ({ volumes = {} }: Side) => Object.entries(volumes).map(([key, { name }]) => String(name ?? `shop_${key}`));

/** A server on which `live` runs, one container for each service, when `release` comes. All images are there. */
export function reportOf(live: Side | undefined, release: Side, more: Partial<Report> = {}): Report {
  const images = Object.values({ ...live?.services, ...release.services }).map(({ image }) => String(image));
  const containers = Object.entries(live?.services ?? {}).flatMap(([service, { image, scale, deploy }]) =>
    Array.from({ length: Number(scale ?? (deploy as { replicas?: number })?.replicas ?? 1) }, (_, i): ReportedContainer => {
      return { service, name: `shop-${service}-${i + 1}`, state: "running", image: idOf(String(image)), health: "" };
    }),
  );
  return {
    compose: "2.40.3",
    architecture: "amd64",
    imagesByConfig: true,
    release: resolved("/srv/releases/2", release, false),
    ...(live && { live: resolved("/srv/releases/1", live, true) }),
    isLive: false,
    isRecorded: false,
    isSource: false,
    containers,
    downtimes: new Map(),
    images: new Map(
      images.map((image) => [
        image,
        { id: idOf(image), platform: "linux/amd64", bytes: 1000, digests: [`${image.split(":")[0]}@${idOf(image)}`] },
      ]),
    ),
    registry: new Map(images.map((image) => [image, { digest: null, id: idOf(image), bytes: 500 }])),
    volumes: new Set(live ? volumesOf(live) : []),
    networks: new Set(live ? ["shop_default", ...Object.keys(live.networks ?? {}).map((key) => `shop_${key}`)] : []),
    diskFreeMb: 10_000,
    memoryFreeMb: 2000,
    ...more,
  };
}

/** A mount, as Compose prints it. */
export const bind = (source: string, target: string, more: object = {}) => ({ type: "bind", source, target, bind: {}, ...more });
export const volume = (source: string | undefined, target: string, more: object = {}) => ({
  type: "volume",
  ...(source && { source }),
  target,
  volume: {},
  ...more,
});
