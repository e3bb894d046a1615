import { Readable } from "node:stream";
import { gunzipSync } from "node:zlib";
import { extract } from "tar-stream";
import * as z from "zod";
import type { RegistryImage, Report, ReportedContainer, ReportedImage, Resolved } from "./report.ts";

const UNPACKED_MOST = 8 * 1024 * 1024;
/** Of one resolved Compose file: what a planner compares with each other takes time by the square of some of these. */
const SERVICES_MOST = 200;
const MEMBERS_MOST = 1000;
const NODES_MOST = 50_000;
const FILES_MOST = 200;
const LINES_MOST = 5000;

const File = z.custom<Readonly<Record<string, unknown>>>(
  (value) => typeof value === "object" && value !== null && !Array.isArray(value),
);
const Manifest = z.object({
  config: z.object({ digest: z.string().max(200) }),
  layers: z.array(z.object({ size: z.number().int().min(0) })).max(1000),
});

/** The server's report as runner/report.sh packed it. @throws Error when it is none */
export async function readReport(packed: Uint8Array): Promise<Report> {
  const files = await unpack(gunzipSync(packed, { maxOutputLength: UNPACKED_MOST }));
  const text = (name: string) => files.get(name) ?? "";
  const rows = (name: string) => linesOf(text(name)).map((line) => line.split("\t"));
  const facts = new Map(rows("facts").map(([name = "", value = ""]) => [name, value]));
  const images = new Map(
    rows("release.images").flatMap(([service, id]) => (service && id?.startsWith("sha256:") ? [[service, id]] : [])),
  );
  const read = resolved(text("release.folder"), text("release.json"), filesIn(rows("release.files")), images);
  const active = new Set(Object.keys(z.object({ services: File.default({}) }).parse(read.file).services));
  const release = { ...read, inactive: new Set(linesOf(text("all")).filter((service) => !active.has(service))) };
  const live = files.has("live.json") && pinned(text("live.folder"), text("live.json"), text("live.pinned"));
  return {
    compose: facts.get("compose") ?? "",
    architecture: facts.get("architecture") ?? "",
    imagesByConfig: facts.get("store") !== "containerd",
    release,
    ...(live && { live }),
    isLive: files.has("same"),
    isRecorded: files.has("release.images"),
    isSource: files.has("source"),
    containers: rows("containers").flatMap(container),
    downtimes: new Map(rows("downtimes").flatMap(([service = "", ms]) => (isServiceName(service) ? [[service, whole(ms)]] : []))),
    images: new Map(rows("images").flatMap(image)),
    registry: new Map([...files].flatMap(([name, told]) => (name.startsWith("registry.") ? registryImage(told) : []))),
    volumes: new Set(linesOf(text("volumes"))),
    networks: new Set(linesOf(text("networks"))),
    diskFreeMb: whole(facts.get("disk")),
    memoryFreeMb: whole(facts.get("memory")),
  };
}

async function unpack(tar: Uint8Array): Promise<Map<string, string>> {
  const files = new Map<string, string>();
  const entries = Readable.from([tar]).pipe(extract());
  for await (const entry of entries) {
    const chunks: Uint8Array[] = [];
    for await (const chunk of entry) chunks.push(chunk as Uint8Array);
    if (entry.header.type === "file" && files.size < FILES_MOST)
      files.set(entry.header.name.replace(/^\.\//, ""), Buffer.concat(chunks).toString("utf8"));
  }
  return files;
}

const linesOf = (text: string) => text.split("\n", LINES_MOST).filter((line) => line !== "");
const whole = (text: string | undefined) => (/^\d{1,9}$/.test(text ?? "") ? Number(text) : 0);

const resolved = (folder: string, json: string, files: Resolved["files"], images: Resolved["pinned"]): Resolved => ({
  folder,
  file: bounded(File.parse(JSON.parse(json))),
  files,
  pinned: images,
});

/** @throws Error for more than a Compose file of ours can come to, and for a name that no object can have */
function bounded<T extends Readonly<Record<string, unknown>>>(file: T): T {
  let nodes = 0;
  const walk = (value: unknown): void => {
    if (++nodes > NODES_MOST) throw new Error("the resolved file has too many parts");
    if (typeof value !== "object" || value === null) return;
    const members = Object.entries(value);
    if (members.length > MEMBERS_MOST) throw new Error("a part of the resolved file has too many members");
    for (const [name, each] of members) {
      if (name === "__proto__") throw new Error("the resolved file has a name that no object can have");
      walk(each);
    }
  };
  walk(file);
  const { services } = file;
  const names = typeof services === "object" && services !== null ? Object.keys(services) : [];
  if (names.length > SERVICES_MOST) throw new Error("the resolved file has too many services");
  if (!names.every(isServiceName)) throw new Error("a service of the resolved file has no proper name");
  return file;
}

/** As Compose has it: an operation names services, and they are separated by spaces. */
const isServiceName = (name: string) => /^[a-zA-Z0-9._-]+$/.test(name);

const filesIn = (rows: readonly string[][]) => new Map(rows.flatMap(([name, mark]) => (name && mark ? [[name, mark]] : [])));

/** Of the file that the runner writes (runner/pins.sh), whose form is always the same. */
function pinned(folder: string, json: string, text: string): Resolved {
  const images = new Map<string, string>();
  const files = new Map<string, string>();
  let service = "";
  for (const line of linesOf(text)) {
    service = /^ {2}"(.+)":$/.exec(line)?.[1] ?? service;
    const image = /^ {4}image: "(.+)"$/.exec(line)?.[1];
    const mark = /^ {6}berth\.files: "(.+)"$/.exec(line)?.[1];
    if (image) images.set(service, image);
    if (mark) files.set(service, mark);
  }
  return resolved(folder, json, files, images);
}

const container = ([service = "", name = "", state = "", id = "", health = ""]: readonly string[]): ReportedContainer[] =>
  !isServiceName(service) ? [] : [{ service, name: name.replace(/^\//, ""), state, image: id, health }];

const image = ([name = "", id = "", platform = "", bytes, digests = ""]: readonly string[]): [string, ReportedImage][] =>
  name === "" || id === "" ? [] : [[name, { id, platform, bytes: whole(bytes), digests: digests.split(",").filter(Boolean) }]];

function registryImage(text: string): [string, RegistryImage][] {
  const [name = "", digest = "-", ...rest] = text.split("\n");
  const manifest = Manifest.safeParse(parsed(rest.join("\n")));
  if (name === "" || !manifest.success) return [];
  const { config, layers } = manifest.data;
  const bytes = layers.reduce((sum, { size }) => sum + size, 0);
  return [[name, { digest: digest === "-" ? null : digest, id: config.digest, bytes }]];
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // the registry did not answer, or with something else
  }
}
