import { gzipSync } from "node:zlib";
import type { Making } from "@berth/domain/plan/making.ts";
import type { TargetPlan } from "@berth/domain/plan/plan.ts";
import { planTarget } from "@berth/domain/plan/plan-target.ts";
import type { Report, Resolved } from "@berth/domain/plan/report.ts";
import type { RunInput } from "@berth/domain/remote/remote.ts";
import type { Project, Server } from "./server.ts";
import { isBuilt } from "./sources.ts";

const DATA = "/var/lib/postgresql/data";
const RELEASE = "/tmp/release";
const disk = { diskFreeMb: 10_000, memoryFreeMb: 2000 };

/** The image of each service that a release's Compose file names. */
const servicesOf = (compose: string) =>
  new Map([...compose.matchAll(/^ {2}(\w+):\n {4}image: (\S+)$/gm)].map(([, name = "", image = ""]) => [name, image] as const));

export const composeOf = ({ files }: Pick<RunInput, "files">) =>
  String(files.find(({ path }) => path === "compose.yaml")?.content ?? "");

function fileOf(compose: string, folder: string): Resolved["file"] {
  const build = isBuilt(compose) && { build: { context: `${folder}/web`, dockerfile: "Dockerfile" } };
  const services = [...servicesOf(compose)].map(([name, image]) => {
    const volumes = [{ type: "volume", source: "data", target: DATA, volume: {} }];
    return [name, { image, command: null, entrypoint: null, ...(name === "db" ? { volumes } : build) }];
  });
  return { name: "app", services: Object.fromEntries(services), volumes: { data: { name: "app_data" } } };
}

/** What the runner would report of this release now. Nobody knows what the registry has under a tag. */
function reportOf({ projects }: Server, { values, files, archives }: RunInput): Report {
  const project = projects.get(values.project ?? "");
  const live = project?.current === undefined ? undefined : project.composes.get(project.current);
  const named = live === undefined ? new Map<string, string>() : servicesOf(live);
  const serves = project?.serves === undefined ? "" : (project.composes.get(project.serves) ?? "");
  const pins = new Map([...named].map(([name]) => [name, pinOf(project, name)]));
  const compose = composeOf({ files });
  // Those of a release that was healthy here, or as the caller knows them.
  const recorded = project?.healthy.has(Number(values.release)) || values.pins ? recordedOf(project, values, compose) : [];
  const source = archives?.list.length ? archives.list.map(({ hash }) => `${hash}\n`).join("") : (values.archives ?? "");
  return {
    compose: "2.40.3",
    architecture: "amd64",
    imagesByConfig: true,
    release: { folder: RELEASE, file: fileOf(compose, RELEASE), files: new Map(), pinned: new Map(recorded) },
    ...(live !== undefined && { live: { folder: "/app", file: fileOf(live, "/app"), files: new Map(), pinned: pins } }),
    isLive: false,
    isRecorded: values.pull === "missing" || recorded.length > 0,
    isSource: source === (project?.source ?? ""),
    containers: [...servicesOf(serves)].map(([service]) => ({
      service,
      name: `${service}-1`,
      state: project?.stopped ? "exited" : "running",
      image: pinOf(project, service),
      health: "",
    })),
    downtimes: new Map(),
    images: new Map(recorded.map(([, id]) => [id, { id, platform: "linux/amd64", bytes: 1_000_000, digests: [] }])),
    registry: new Map(),
    volumes: new Set(named.has("db") ? ["app_data"] : []),
    networks: new Set(),
    ...disk,
  };
}

const recordedOf = (project: Project | undefined, { release, pins = "" }: RunInput["values"], compose: string) => {
  const image = project?.healthy.get(Number(release)) ?? /sha256:[0-9a-f]{64}/.exec(pins)?.[0] ?? "";
  return [...servicesOf(compose).keys()].map((name) => [name, `sha256:${name}${image}`] as const);
};

const pinOf = (project: Project | undefined, service: string) => `sha256:${service}${project?.image ?? ""}`;

export const planOn = (server: Server, input: RunInput, making: Making): TargetPlan =>
  planTarget(reportOf(server, input), making);

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
