import { posix } from "node:path";
import { Problem } from "../error.ts";
import { ComposeError, type ComposeFile, isActive, isFields, type Service } from "./file.ts";
import { readProject } from "./merge.ts";
import { RESERVED } from "./reserved.ts";
import { type Lookup, TemplateError } from "./template.ts";
import type { Sources } from "./texts.ts";
import type { Yaml } from "./yaml.ts";

interface ComposedService {
  readonly name: string;
  readonly image: string;
  readonly given?: true;
  readonly built?: true;
}

/** `compose.invalid`: Compose itself refuses it. `compose.unsupported`: Berth cannot deploy it. Compose on the server has the last word. */
export interface Composed {
  /**
   * `given`: the image was named beside the Compose file, whatever that says. `built`: it is built on the server, where it is called `image`
   * or, without one, by the project and the service.
   */
  readonly services: readonly ComposedService[];
  /** Two containers cannot publish the same host port, so deploying such a service interrupts it. */
  readonly published: readonly { readonly service: string; readonly port: string }[];
  readonly file: ComposeFile;
}

export const COMPOSE_BYTES = 256 * 1024;
const SERVICES_MOST = 200;
const NAME_LENGTH = 100;
const IMAGE_LENGTH = 500;

const invalid = (detail: string) => new Problem("compose.invalid", { detail });
const unsupported = (detail: string, facts: Record<string, string> = {}) => new Problem("compose.unsupported", { detail, facts });
const short = (text: string) => JSON.stringify(text.slice(0, 80));

/** Set by Compose on the server whatever the .env file says, so only the server knows their values. */
const onServer = new Set(["COMPOSE_PROJECT_NAME", "HOME", "PATH", "PWD"]);
export const isOnServer = (name: string): boolean => onServer.has(name);

export const lookupIn =
  (variables: Readonly<Record<string, string>>): Lookup =>
  (name) => {
    if (isOnServer(name)) throw new TemplateError("only the server knows it");
    return Object.hasOwn(variables, name) ? variables[name] : undefined;
  };

export type Images = Readonly<Record<string, string>>;

interface Given {
  /** The first file, where it is already parsed. */
  readonly yaml?: Yaml | undefined;
  /** Images by service that count in place of those in the files. */
  readonly images?: Images | undefined;
}

const ONE = "compose.yaml";

/** The project of one text. @throws as readComposed */
export const readCompose = (text: string, get: Lookup, given?: Given): Composed =>
  readComposed({ files: [ONE], text: (path) => (path === ONE ? text : undefined) }, get, given);

/** @throws Problem compose.invalid, compose.unsupported, compose.no_service, naming the service */
export function readComposed(sources: Sources, get: Lookup, { yaml, images = {} }: Given = {}): Composed {
  const file = read(sources, get, yaml);
  const names = [...file.services.keys()];
  if (names.length === 0 && !file.partial) throw unsupported("There is no service in it, so there is nothing to deploy.");
  if (names.length > SERVICES_MOST) throw unsupported(`It has ${names.length} services; ${SERVICES_MOST} is the most.`);
  for (const name of names) checkName(name);
  const profiles = profilesAsked(get);
  const active = [...file.services].filter(([, service]) => isActive(service, profiles));
  if (active.length === 0 && !file.partial)
    throw unsupported("Every service has a profile, and COMPOSE_PROFILES names none of them, so there is nothing to deploy.");
  const unknown = Object.keys(images).find((asked) => !active.some(([name]) => name === asked));
  if (unknown !== undefined)
    throw new Problem("compose.no_service", {
      detail: `An image is named for ${short(unknown)}. The services are ${active.map(([name]) => name).join(", ")}.`,
    });
  return {
    services: active.flatMap(([name, service]) => {
      const given = Object.hasOwn(images, name);
      if (file.partial && service.image === undefined && service.build === undefined && !given) return [];
      const image = imageOf(name, given ? { ...service, image: images[name], build: undefined } : service);
      const built = !given && isBuilt(service) && { built: true as const };
      return image === undefined ? [] : [{ name, image, ...(given && { given }), ...built }];
    }),
    published: active.flatMap(([service, { ports }]) => {
      const port = ports.map(publishedPort).find((each) => each !== undefined);
      return port === undefined ? [] : [{ service, port }];
    }),
    file,
  };
}

function read(sources: Sources, get: Lookup, first: Yaml | undefined): ComposeFile {
  const checked = (path: string) => {
    const text = sources.text(path);
    if (text !== undefined) checkText(text, path === sources.files[0] ? "It" : path.slice(0, 200));
    return text;
  };
  const [only, ...more] = sources.files.map(checked);
  if (more.length === 0 && only?.trim() === "") throw invalid("It is empty.");
  try {
    return readProject({ ...sources, text: checked }, get, first);
  } catch (error) {
    if (error instanceof ComposeError) throw error.limit ? unsupported(error.message) : invalid(error.message);
    throw error;
  }
}

function checkText(text: string, what: string): void {
  if (text.length > COMPOSE_BYTES || Buffer.byteLength(text) > COMPOSE_BYTES)
    throw unsupported(`${what} is longer than ${COMPOSE_BYTES / 1024} KB.`);
  if (text.includes("\0")) throw invalid(`${what} is no text; if it is UTF-16, save it as UTF-8.`);
}

export function profilesAsked(get: Lookup): string | undefined {
  return get("COMPOSE_PROFILES");
}

function checkName(name: string): void {
  if (name === "__proto__") throw unsupported("A service cannot be called __proto__.");
  if (!/^[a-zA-Z0-9._-]+$/.test(name)) throw invalid(`${short(name)} cannot be the name of a service.`);
  if (name.length > NAME_LENGTH)
    throw unsupported(`The service's name ${short(name)}… is longer than ${NAME_LENGTH} characters.`);
  if (name.startsWith("-")) throw unsupported(`${short(name)} cannot be the name of a service: Docker takes it for an option.`);
}

const pulled = /^(always|missing|if_not_present|never|refresh|daily|weekly|every_)/;

/** Whether its image is built where it is deployed: it has a `build`, and no image that its `pull_policy` prefers. */
export const isBuilt = ({ image, build, pull_policy }: Pick<Service, "image" | "build" | "pull_policy">): boolean =>
  build !== undefined && build !== null && !(image && pulled.test(String(pull_policy ?? "")));

function imageOf(name: string, service: Service): string | undefined {
  const { image, build, provider, typo } = service;
  if (image !== undefined && typeof image !== "string") throw invalid(`Service "${name}": \`image\` is no text.`);
  if (image === undefined || image === "") {
    if (build !== undefined) return name;
    if (provider !== undefined) return undefined;
    if (image === "") throw invalid(`Service "${name}": \`image\` is empty. If a variable names it, set that variable.`);
    const meant = typo === undefined ? "" : ` It has ${short(typo)}: is that meant to be \`image\`?`;
    throw invalid(`Service "${name}" has no \`image\`.${meant}`);
  }
  if (image.length > IMAGE_LENGTH)
    throw unsupported(`Service "${name}": the image's name is longer than ${IMAGE_LENGTH} characters.`);
  if (image.startsWith("-"))
    throw unsupported(`Service "${name}": ${short(image)} is no image's name: Docker takes it for an option.`);
  return image;
}

function publishedPort(port: unknown): string | undefined {
  if (isFields(port)) {
    const { published } = port;
    return published === undefined || published === null || published === "" ? undefined : String(published);
  }
  const parts = String(port)
    .replace(/\/(tcp|udp|sctp)$/, "")
    .split(":");
  return parts.length < 2 ? undefined : parts.at(-2) || undefined;
}

/** @throws Problem input.invalid unless the path is relative, below the Compose file and not reserved */
export function checkPath(path: string, reserved: ReadonlySet<string> = RESERVED): string {
  const plain = posix.normalize(path);
  const [first = ""] = plain.split("/");
  if (
    first === ".." ||
    posix.isAbsolute(plain) ||
    plain.endsWith("/") ||
    plain === "." ||
    plain.length > 200 ||
    plain.includes("\0")
  )
    throw new Problem("input.invalid", { detail: `"${path.slice(0, 80)}" is not a path below the Compose file.` });
  if (reserved.has(first))
    throw new Problem("input.invalid", {
      detail: `No file can be called ${first}: Berth writes the release's own there.`,
    });
  return plain;
}

/** @throws Problem input.invalid if a path occurs twice or is both a file and a folder */
export function checkPaths(paths: readonly string[]): void {
  const files = new Set(paths);
  if (files.size < paths.length) throw new Problem("input.invalid", { detail: "Two files have the same path." });
  for (const path of paths)
    for (let end = path.indexOf("/"); end >= 0; end = path.indexOf("/", end + 1))
      if (files.has(path.slice(0, end)))
        throw new Problem("input.invalid", { detail: `"${path.slice(0, end).slice(0, 80)}" is a file and a folder.` });
}
