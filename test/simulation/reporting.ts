import { gzipSync } from "node:zlib";
import type { TargetPlan } from "@berth/domain/plan/plan.ts";
import { planTarget } from "@berth/domain/plan/plan-target.ts";
import type { Report, Resolved } from "@berth/domain/plan/report.ts";
import type { RunInput } from "@berth/domain/remote/remote.ts";
import type { Project, Server } from "./server.ts";

const DATA = "/var/lib/postgresql/data";
const disk = { diskFreeMb: 10_000, memoryFreeMb: 2000 };

/** The image of each service that a release's Compose file names. */
const servicesOf = (compose: string) =>
  new Map([...compose.matchAll(/^ {2}(\w+):\n {4}image: (\S+)$/gm)].map(([, name = "", image = ""]) => [name, image] as const));

export const composeOf = ({ files }: Pick<RunInput, "files">) =>
  String(files.find(({ path }) => path === "compose.yaml")?.content ?? "");

function fileOf(compose: string): Resolved["file"] {
  const services = [...servicesOf(compose)].map(([name, image]) => {
    const volumes = [{ type: "volume", source: "data", target: DATA, volume: {} }];
    return [name, { image, command: null, entrypoint: null, ...(name === "db" && { volumes }) }];
  });
  return { name: "app", services: Object.fromEntries(services), volumes: { data: { name: "app_data" } } };
}

/** What the runner would report of this release now. Nobody knows what the registry has under a tag. */
function reportOf({ projects }: Server, { values, files }: RunInput): Report {
  const project = projects.get(values.project ?? "");
  const live = project?.current === undefined ? undefined : project.composes.get(project.current);
  const named = live === undefined ? new Map<string, string>() : servicesOf(live);
  const serves = project?.serves === undefined ? "" : (project.composes.get(project.serves) ?? "");
  const pins = new Map([...named].map(([name]) => [name, pinOf(project, name)]));
  return {
    compose: "2.40.3",
    architecture: "amd64",
    imagesByConfig: true,
    release: { folder: "/tmp/release", file: fileOf(composeOf({ files })), files: new Map(), pinned: new Map() },
    ...(live !== undefined && { live: { folder: "/app", file: fileOf(live), files: new Map(), pinned: pins } }),
    isLive: false,
    isSource: false,
    containers: [...servicesOf(serves)].map(([service]) => ({
      service,
      name: `${service}-1`,
      state: project?.stopped ? "exited" : "running",
      image: pinOf(project, service),
      health: "",
    })),
    images: new Map(),
    registry: new Map(),
    volumes: new Set(named.has("db") ? ["app_data"] : []),
    networks: new Set(),
    ...disk,
  };
}

const pinOf = (project: Project | undefined, service: string) => `sha256:${service}${project?.image ?? ""}`;

export const planOn = (server: Server, input: RunInput): TargetPlan => planTarget(reportOf(server, input));

/** The same as the runner packs it. */
export function packed(server: Server, input: RunInput): Uint8Array {
  const { release, live, containers, volumes } = reportOf(server, input);
  const lines = (rows: readonly string[]) => rows.map((row) => `${row}\n`).join("");
  const pins = [...(live?.pinned ?? [])].map(([name, id]) => `  "${name}":\n    image: "${id}"`);
  const files: Record<string, string> = {
    "release.json": JSON.stringify(release.file),
    "release.folder": release.folder,
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
