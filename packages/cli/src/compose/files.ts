import { parseDocument } from "yaml";
import { refuse } from "../refusal.ts";
import { interpolate } from "./variables.ts";

/** What a Compose file says that matters before it is sent. */
export interface Read {
  /** Paths it mounts or reads, relative to it, with who does. */
  readonly paths: readonly Mention[];
  /** Services that publish a host port, with the port. */
  readonly published: readonly { readonly service: string; readonly port: string }[];
}

export interface Mention {
  readonly path: string;
  readonly by: string;
  /** Compose fails without it; a folder to mount is made by Docker where it is missing. */
  readonly needed: boolean;
}

type Node = Readonly<Record<string, unknown>>;
const isNode = (value: unknown): value is Node => typeof value === "object" && value !== null && !Array.isArray(value);
const members = (value: unknown): [string, unknown][] => (isNode(value) ? Object.entries(value) : []);
const list = (value: unknown): unknown[] => (Array.isArray(value) ? value : value === undefined || value === null ? [] : [value]);

/** @throws Refused compose.invalid; everything else about the file the service judges */
export function readCompose(text: string, file: string, get: (name: string) => string | undefined): Read {
  const document = parseDocument(text, { merge: true });
  const broken = document.errors[0];
  if (broken) throw refuse("compose.invalid", { detail: `${file}: ${broken.message.split("\n")[0]}` });
  let root: unknown;
  try {
    root = document.toJS({ maxAliasCount: 100 });
  } catch (error) {
    throw refuse("compose.invalid", { detail: `${file} has too many aliases.`, cause: error });
  }
  const fill = (value: unknown) => interpolate(String(value), get);
  const services = members(isNode(root) ? root.services : undefined).filter((pair): pair is [string, Node] => isNode(pair[1]));
  const shared = ["configs", "secrets"].flatMap((kind) =>
    members(isNode(root) ? root[kind] : undefined).flatMap(([name, each]) =>
      isNode(each) && typeof each.file === "string" ? [{ path: fill(each.file), by: `${kind} ${name}`, needed: true }] : [],
    ),
  );
  return {
    paths: [
      ...services.flatMap(([name, service]) => [...mounts(name, service, fill), ...envFiles(name, service, fill)]),
      ...shared,
    ],
    published: services.flatMap(([service, { ports }]) => {
      const port = list(ports)
        .map((each) => publishedPort(each, fill))
        .find((each) => each !== undefined);
      return port === undefined ? [] : [{ service, port }];
    }),
  };
}

const local = (source: string) => /^\.{1,2}(\/|$)/.test(source);

function mounts(name: string, service: Node, fill: (value: unknown) => string): Mention[] {
  return list(service.volumes).flatMap((volume) => {
    const by = `service ${name}`;
    if (isNode(volume)) {
      if (volume.type !== "bind" || volume.source === undefined) return [];
      const path = fill(volume.source);
      // In the long form a path needs no leading dot.
      return path.startsWith("/") || path.startsWith("~") ? [] : [{ path, by, needed: false }];
    }
    const [source = ""] = fill(volume).split(":");
    return local(source) ? [{ path: source, by, needed: false }] : [];
  });
}

function envFiles(name: string, service: Node, fill: (value: unknown) => string): Mention[] {
  return list(service.env_file).map((entry) => {
    const path = fill(isNode(entry) ? entry.path : entry);
    return { path, by: `service ${name}`, needed: !(isNode(entry) && entry.required === false) };
  });
}

function publishedPort(port: unknown, fill: (value: unknown) => string): string | undefined {
  if (isNode(port)) return port.published === undefined ? undefined : fill(port.published);
  const parts = fill(port)
    .replace(/\/(tcp|udp|sctp)$/, "")
    .split(":");
  return parts.length < 2 ? undefined : parts.at(-2);
}
