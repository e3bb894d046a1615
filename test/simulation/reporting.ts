import { gzipSync } from "node:zlib";
import type { Making } from "@berth/domain/plan/making.ts";
import type { TargetPlan } from "@berth/domain/plan/plan.ts";
import { planTarget } from "@berth/domain/plan/plan-target.ts";
import type { Report, Resolved } from "@berth/domain/plan/report.ts";
import type { RunInput } from "@berth/domain/remote/remote.ts";
import type { AddedService, Project, Server } from "./server.ts";
import { isBuilt } from "./sources.ts";

const DATA = "/var/lib/postgresql/data";
const RELEASE = "/tmp/release";
const disk = { diskFreeMb: 10_000, memoryFreeMb: 2000 };

/** The image of each service that a release's Compose file names. */
const servicesOf = (compose: string) =>
  new Map([...compose.matchAll(/^ {2}(\w+):\n {4}image: (\S+)$/gm)].map(([, name = "", image = ""]) => [name, image] as const));

export const composeOf = ({ files }: Pick<RunInput, "files">) =>
  String(files.find(({ path }) => path === "compose.yaml")?.content ?? "");

type Added = ReadonlyMap<string, AddedService>;
const none: Added = new Map();

/** The services in the Compose file that Berth adds. */
export function addedOf({ files }: Pick<RunInput, "files">): Added {
  const text = String(files.find(({ path }) => path === "berth.generated.yaml")?.content ?? "{}");
  const services = Object.entries((JSON.parse(text).services ?? {}) as Record<string, { image?: string; volumes?: string[] }>);
  return new Map(
    services.flatMap(([name, { image, volumes }]) => {
      const [volume = "", target = ""] = volumes?.[0]?.split(":") ?? [];
      return image ? [[name, { image, volume, target }] as const] : [];
    }),
  );
}

function fileOf(compose: string, folder: string, added: Added): Resolved["file"] {
  const build = isBuilt(compose) && { build: { context: `${folder}/web`, dockerfile: "Dockerfile" } };
  const services = [...servicesOf(compose)].map(([name, image]) => {
    const volumes = [{ type: "volume", source: "data", target: DATA, volume: {} }];
    const fields = { image, command: null, entrypoint: null, ...(name === "db" ? { volumes } : build) };
    return [name, { ...fields, ...(added.size > 0 && { networks: { default: null } }) }];
  });
  const more = [...added].map(([name, { image, volume, target }]) => {
    const volumes = [{ type: "volume", source: volume, target, volume: {} }];
    return [name, { image, command: null, entrypoint: null, volumes, networks: { default: null } }];
  });
  const volumes = [...added.values()].map(({ volume }) => [volume, { name: `app_${volume}` }]);
  return {
    name: "app",
    services: Object.fromEntries([...services, ...more]),
    volumes: { data: { name: "app_data" }, ...Object.fromEntries(volumes) },
  };
}

/** What the runner would report of this release now. Nobody knows what the registry has under a tag. */
function reportOf({ projects }: Server, { values, files, archives }: RunInput): Report {
  const project = projects.get(values.project ?? "");
  const live = project?.current === undefined ? undefined : project.composes.get(project.current);
  const named = live === undefined ? new Map<string, string>() : servicesOf(live);
  const beside = project?.added.get(project.current ?? 0) ?? none;
  const running = project?.added.get(project.serves ?? 0) ?? none;
  const serves = project?.serves === undefined ? "" : (project.composes.get(project.serves) ?? "");
  const pins = new Map([...named, ...beside].map(([name]) => [name, pinOf(project, name)]));
  const compose = composeOf({ files });
  // Those of a release that was healthy here, or as the caller knows them.
  const recorded =
    project?.healthy.has(Number(values.release)) || values.pins ? recordedOf(project, values, compose, addedOf({ files })) : [];
  const source = archives?.list.length ? archives.list.map(({ hash }) => `${hash}\n`).join("") : (values.archives ?? "");
  return {
    compose: "2.40.3",
    architecture: "amd64",
    imagesByConfig: true,
    release: { folder: RELEASE, file: fileOf(compose, RELEASE, addedOf({ files })), files: new Map(), pinned: new Map(recorded) },
    ...(live !== undefined && { live: { folder: "/app", file: fileOf(live, "/app", beside), files: new Map(), pinned: pins } }),
    isLive: false,
    isRecorded: values.pull === "missing" || recorded.length > 0,
    isSource: source === (project?.source ?? ""),
    containers: [...servicesOf(serves), ...running].map(([service]) => ({
      service,
      name: `${service}-1`,
      state: project?.stopped ? "exited" : "running",
      image: pinOf(project, service),
      health: "",
    })),
    downtimes: new Map(),
    images: new Map(recorded.map(([, id]) => [id, { id, platform: "linux/amd64", bytes: 1_000_000, digests: [] }])),
    registry: new Map(),
    volumes: new Set([
      ...(named.has("db") ? ["app_data"] : []),
      ...[...(project?.data.keys() ?? [])].map((name) => `app_${name}`),
    ]),
    networks: new Set(),
    ...disk,
  };
}

const recordedOf = (
  project: Project | undefined,
  { release, pins = "", fresh = "" }: RunInput["values"],
  compose: string,
  added: Added,
) => {
  const image = project?.healthy.get(Number(release)) ?? /sha256:[0-9a-f]{64}/.exec(pins)?.[0] ?? "";
  const here = project?.healthy.has(Number(release));
  const others = [...added.keys()].filter((name) => here || !fresh.split("\n").includes(name));
  return [...servicesOf(compose).keys(), ...others].map((name) => [name, `sha256:${name}${image}`] as const);
};

const pinOf = (project: Project | undefined, service: string) => `sha256:${service}${project?.image ?? ""}`;

export const planOn = (server: Server, input: RunInput, making: Making): TargetPlan =>
  planTarget(reportOf(server, input), { making, moves: movesOf(input).map(([name = ""]) => name) });

/** Of each add-on that is moved its name, its kind, and the volumes from and to which it is. */
export const movesOf = ({ values }: Pick<RunInput, "values">): string[][] =>
  (values.moves ?? "").split("\n").flatMap((line) => (line ? [line.split("\t")] : []));

/** The same as the runner packs it. */
export function packed(server: Server, input: RunInput): Uint8Array {
  const { release, live, containers, volumes, images, isSource } = reportOf(server, input);
  const lines = (rows: readonly string[]) => rows.map((row) => `${row}\n`).join("");
  const pins = [...(live?.pinned ?? [])].map(([name, id]) => `  "${name}":\n    image: "${id}"`);
  const files: Record<string, string> = {
    "release.json": JSON.stringify(release.file),
    "release.folder": release.folder,
    ...(release.pinned.size > 0 && { "release.images": lines([...release.pinned].map((pin) => pin.join("\t"))) }),
    images: lines([...images.values()].map(({ id, platform, bytes }) => [id, id, platform, bytes, ""].join("\t"))),
    ...(isSource && { source: "" }),
    ...(live && { "live.json": JSON.stringify(live.file), "live.folder": live.folder, "live.pinned": lines(pins) }),
    containers: lines(containers.map(({ service, name, state, image }) => [service, `/${name}`, state, image, ""].join("\t"))),
    all: lines(Object.keys(release.file.services as object)),
    volumes: lines([...volumes]),
    facts: "compose\t2.40.3\nstore\tclassic\narchitecture\tamd64\ndisk\t10000\nmemory\t2000\n",
  };
  return gzipSync(Buffer.concat([...Object.entries(files).map(([name, text]) => entry(name, text)), Buffer.alloc(1024)]), {
    level: 1,
  });
}

/** A file of a tar, which needs no stream and so no turn of the event loop. */
function entry(name: string, text: string): Buffer {
  const content = Buffer.from(text);
  const whole = Buffer.alloc(512 + Math.ceil(content.length / 512) * 512);
  whole.write(name, 0);
  whole.write("0000600\0", 100);
  whole.write("0000000\0", 108);
  whole.write("0000000\0", 116);
  whole.write(`${content.length.toString(8).padStart(11, "0")}\0`, 124);
  whole.write("00000000000\0", 136);
  whole.write("        ", 148);
  whole.write("0", 156);
  whole.write("ustar\x0000", 257);
  const sum = whole.subarray(0, 512).reduce((total, byte) => total + byte, 0);
  whole.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148);
  content.copy(whole, 512);
  return whole;
}
