import { readdir, readFile, realpath, stat } from "node:fs/promises";
import { basename, dirname, posix, relative, resolve, sep } from "node:path";
import { gzipSync } from "node:zlib";
import { type Composed, type Images, isOnServer } from "@berth/domain/compose/compose.ts";
import { type ComposeFile, fill } from "@berth/domain/compose/file.ts";
import { RESERVED, RESERVED_BESIDE } from "@berth/domain/compose/reserved.ts";
import { type Lookup, TemplateError } from "@berth/domain/compose/template.ts";
import { refuse } from "../refusal.ts";
import { checkFaults } from "./faults.ts";
import { type Mention, mentionsIn } from "./files.ts";
import { isOutside, type Project } from "./project.ts";
import { readWhole } from "./read.ts";
import { References } from "./references.ts";
import { type Env, isOfMachine, readOwn, readVariables } from "./variables.ts";

/** What is sent: the Compose files, the files they need and the variables they are to be read with. */
export interface Bundle {
  /** The Compose file, where it is one that reads no other; else `composeFiles` are the paths of those named, in Compose's order. */
  readonly compose?: string;
  readonly composeFiles?: readonly string[];
  readonly files: readonly BundleFile[];
  readonly variables: Readonly<Record<string, string>>;
}

export interface BundleFile {
  readonly path: string;
  /** Base64 */
  readonly content: string;
  readonly executable?: true;
}

export interface Bundled {
  readonly bundle: Bundle;
  readonly read: Composed;
  /** What to know before it is sent. */
  readonly notes: readonly string[];
}

/** The service's limits: the bundle compressed, the request, the number of files and a path's length. */
export const BUNDLE_BYTES = 256 * 1024;
export const REQUEST_BYTES = 1024 * 1024;
export const FILES = 200;
const PATH_LENGTH = 200;
const BIGGEST = 5;

/** @throws Refused for what Compose or the service would refuse for certain, and for a file that is missing, outside the folder or too large */
export async function makeBundle(project: Project, env: Env, images: Images = {}): Promise<Bundled> {
  const { folder } = project;
  const own = await readOwn(folder, env);
  const shell = (name: string) => (isOfMachine(name) ? undefined : env[name]);
  const get = (name: string) => shell(name) ?? own.values.get(name);
  const paths: Lookup = (name) => {
    if (name === "PWD") return ".";
    if (isOnServer(name)) throw new TemplateError("only the server knows it");
    return get(name);
  };
  const { composed, texts } = await readWhole(project, paths, images);
  const references = new References(get);
  references.addFile(composed.file);
  references.checkRequired();
  checkFaults(composed.file, get("COMPOSE_PROFILES"));
  const { local, remote } = mentionsIn(composed.file, get("COMPOSE_PROFILES"));
  const { content, mentions } = composeOf(project, composed.file);
  const { files: gathered, nowhere } = await gather(
    folder,
    [...mentions, ...local],
    content.compose === undefined ? RESERVED_BESIDE : RESERVED,
  );
  const files = withTexts(gathered, content, composed.file, texts);
  readEnvFiles(local, files, references, (name) => environmentOf(composed.file, name, get));
  if ([...composed.file.services.values()].some(({ profiles }) => profiles.length > 0)) references.names.add("COMPOSE_PROFILES");
  const fromShell = [...references.names].filter((name) => shell(name) !== undefined);
  const variables = {
    ...Object.fromEntries(own.values),
    ...Object.fromEntries(fromShell.map((name) => [name, shell(name) ?? ""])),
  };
  const bundle: Bundle = { ...content, files, variables };
  checkSize(bundle);
  const taken = new Set([...fromShell, ...own.fromShell]);
  // One file there is for both: the variables of the project, and what a service reads as its .env.
  const reads = local.some(({ path, variables: read }) => read && posix.normalize(path) === ".env");
  const also = reads ? fromShell.filter((name) => own.values.get(name) !== shell(name)) : [];
  const unset = [...references.unset].filter((name) => !isOnServer(name));
  const onServer = [...references.names].filter((name) => isOnServer(name) && !known.has(name));
  const pulled = composed.services.filter(({ name, built }) => !built && composed.file.services.get(name)?.build !== undefined);
  return {
    bundle,
    read: composed,
    notes: [
      ...(taken.size > 0 ? [`From your shell: ${[...taken].join(", ")}`] : []),
      ...(also.length > 0 ? [`In .env on the server, so services with env_file: .env get them too: ${also.join(", ")}`] : []),
      ...own.notes,
      ...(unset.length > 0 ? [`Set nowhere, so empty: ${unset.join(", ")}`] : []),
      ...(onServer.length > 0 ? [`The server's own: ${onServer.join(", ")}`] : []),
      ...(remote.length > 0 ? [`Read on the server: ${remote.map(({ path, by }) => `${path} (${by})`).join(", ")}`] : []),
      ...(nowhere.length > 0 ? [`Links that lead nowhere, so not taken along: ${nowhere.join(", ")}`] : []),
      ...(pulled.length > 0 ? [`Pulled, not built: ${pulled.map(({ name }) => name).join(", ")}`] : []),
      ...(content.composeFiles && content.composeFiles.length > 1
        ? [`Merged in this order: ${project.files.map(({ path }) => path).join(", ")}`]
        : []),
    ],
  };
}

/** One file that reads no other is sent as a text; several are files like others, and the order in which Compose merges them. */
function composeOf(
  { files }: Project,
  { reads }: ComposeFile,
): { content: Pick<Bundle, "compose" | "composeFiles">; mentions: Mention[] } {
  const [first, ...more] = files;
  if (more.length === 0 && reads.length === 0) return { content: { compose: first.text }, mentions: [] };
  const composeFiles = files.map(({ path }) => path);
  const mentions = composeFiles.filter((path) => !isOutside(path)).map((path) => ({ path, by: "a Compose file", needed: true }));
  return { content: { composeFiles }, mentions };
}

/** The Compose files as they were read: Compose reads UTF-16 too, the service does not. */
function withTexts(
  files: readonly BundleFile[],
  { composeFiles = [] }: Pick<Bundle, "composeFiles">,
  { parts }: ComposeFile,
  texts: ReadonlyMap<string, string | undefined>,
): BundleFile[] {
  const own = new Map<string, BundleFile>(files.map((file) => [file.path, file]));
  const several = composeFiles.length > 0 ? [...composeFiles, ...parts.map(({ path }) => path)] : [];
  for (const path of several)
    own.set(path, { ...own.get(path), path, content: Buffer.from(texts.get(path) ?? "").toString("base64") });
  return [...own.values()];
}

/**
 * What the files of variables refer to. A service's file finds what the files before it say and what is set for the project; the first count
 * most before Compose 2.35, and the second since then. Since then it also finds what the service's `environment` says.
 */
function readEnvFiles(
  local: readonly Mention[],
  files: readonly BundleFile[],
  references: References,
  environment: (by: string) => Lookup,
): void {
  const said = new Map<string, Map<string, string>>();
  for (const { path, by, variables } of local) {
    const found = variables ? files.find((each) => each.path === posix.normalize(path)) : undefined;
    if (!found) continue;
    const before = said.get(by) ?? new Map<string, string>();
    const own = environment(by);
    const lookup: Lookup = (name) => {
      const set = references.lookup(name); // is taken along in any case
      return before.get(name) ?? set ?? own(name);
    };
    const content = Buffer.from(found.content, "base64").toString();
    said.set(by, new Map([...before, ...readVariables(content, found.path, lookup, references.watch)]));
  }
}

function environmentOf(file: ComposeFile, by: string, get: Lookup): Lookup {
  const environment = file.services.get(by.replace(/^service /, ""))?.environment;
  return (name) => {
    const value = fill(environment?.get(name), get);
    return value === undefined || value === null ? undefined : String(value);
  };
}

/** These are set there as Compose sets them here. */
const known = new Set(["COMPOSE_PROJECT_NAME", "PWD"]);

interface Gathered {
  readonly root: string;
  readonly reserved: ReadonlySet<string>;
  readonly found: Map<string, { readonly content: Buffer; readonly executable: boolean }>;
  /** Links below a folder that lead nowhere, or round in a circle. */
  readonly nowhere: string[];
}

async function gather(
  folder: string,
  mentions: readonly Mention[],
  reserved: ReadonlySet<string>,
): Promise<{ files: Bundle["files"]; nowhere: readonly string[] }> {
  const gathered: Gathered = { root: await realpath(folder), reserved, found: new Map(), nowhere: [] };
  const { found, nowhere } = gathered;
  for (const mention of mentions) {
    const path = posix.normalize(mention.path).replace(/\/+$/, "");
    await take(gathered, path, mention, []);
  }
  if (found.size > FILES)
    throw refuse("bundle.too_large", {
      detail: `It would be ${found.size} files; ${FILES} is the most. Most of them: ${crowded(found)}.`,
    });
  const files = [...found].map(([path, { content, executable }]) => ({
    path,
    content: content.toString("base64"),
    ...(executable && { executable: true as const }),
  }));
  return { files, nowhere };
}

/** Takes a file along, or everything in a folder. `folders` are those it is in, each where it really is. */
async function take(gathered: Gathered, path: string, mention: Mention, folders: readonly string[]): Promise<void> {
  const { root, reserved, found, nowhere } = gathered;
  const whole = resolve(root, path);
  const outside = () =>
    refuse("cli.file", {
      detail: `${path === posix.normalize(mention.path).replace(/\/+$/, "") ? mention.path : `${path}, in ${mention.path}`} (${mention.by}) is outside the app's folder.`,
      hint: "Move it below the Compose file, or put it into a volume or an image.",
    });
  const unreadable = (error: NodeJS.ErrnoException) => refuse("cli.file", { detail: `${path}: ${error.message}`, cause: error });
  const below = (place: string) => place === root || place.startsWith(root + sep);
  if (!below(whole)) throw outside();
  const gone = (error: NodeJS.ErrnoException): string[] => {
    if (error.code !== "ENOENT" && error.code !== "ENOTDIR" && error.code !== "ELOOP") throw unreadable(error);
    return [];
  };
  // A link anywhere in the path may lead out of the folder: what counts is where the file really is.
  const real = await realpath(whole).catch((error: NodeJS.ErrnoException) => gone(error)[0]);
  const name = relative(root, whole).split(sep).join("/");
  if (real === undefined) {
    const link = (await readdir(dirname(whole)).catch(gone)).includes(basename(whole));
    if (mention.needed)
      throw refuse("cli.file", {
        detail: `${mention.path} (${mention.by}) ${link ? "is a link that leads nowhere" : "is not there"}.`,
      });
    if (link) nowhere.push(name);
    return;
  }
  if (!below(real)) throw outside();
  const facts = await stat(real).catch((error: NodeJS.ErrnoException) => {
    throw unreadable(error);
  });
  if (facts.isDirectory()) {
    if (folders.includes(real) || `${await realpath(dirname(whole))}${sep}`.startsWith(real + sep)) return; // a link to a folder it is in
    const entries = await readdir(real).catch((error: NodeJS.ErrnoException) => {
      throw unreadable(error);
    });
    for (const entry of entries.sort())
      if (entry !== ".git") await take(gathered, posix.join(name, entry), { ...mention, needed: false }, [...folders, real]);
    return;
  }
  if (reserved.has(name) || found.has(name) || !facts.isFile()) return;
  if (name.length > PATH_LENGTH)
    throw refuse("cli.file", { detail: `${name.slice(0, 60)}…: the path is longer than ${PATH_LENGTH} characters.` });
  if (facts.size > 8 * REQUEST_BYTES) throw tooLarge([[name, facts.size]], `${name} alone is ${kilobytes(facts.size)}`);
  const content = await readFile(real).catch((error: NodeJS.ErrnoException) => {
    throw unreadable(error);
  });
  found.set(name, { content, executable: (facts.mode & 0o100) !== 0 });
}

const kilobytes = (bytes: number) => `${Math.ceil(bytes / 1024)} KB`;

function crowded(found: ReadonlyMap<string, unknown>): string {
  const folders = new Map<string, number>();
  for (const path of found.keys()) folders.set(posix.dirname(path), (folders.get(posix.dirname(path)) ?? 0) + 1);
  const most = [...folders].sort((a, b) => b[1] - a[1]).slice(0, 3);
  return most.map(([folder, count]) => `${folder}/ (${count})`).join(", ");
}

const tooLarge = (sizes: readonly (readonly [string, number])[], what: string) => {
  const biggest = [...sizes].sort((a, b) => b[1] - a[1]).slice(0, BIGGEST);
  return refuse("bundle.too_large", {
    detail: `${what}. The biggest: ${biggest.map(([path, size]) => `${path} (${kilobytes(size)})`).join(", ")}.`,
  });
};

/** @throws Refused bundle.too_large, naming the files to look at first */
function checkSize(bundle: Bundle): void {
  const sizes = bundle.files.map(({ path, content }) => [path, Math.floor(content.length * 0.75)] as const);
  const own = bundle.compose === undefined ? [] : [["the Compose file", Buffer.byteLength(bundle.compose)] as const];
  const whole: (readonly [string, number])[] = [...own, ...sizes];
  const text = JSON.stringify(bundle);
  const compressed = gzipSync(text).length;
  if (compressed > BUNDLE_BYTES)
    throw tooLarge(whole, `It is ${kilobytes(compressed)} compressed; ${kilobytes(BUNDLE_BYTES)} is the most`);
  if (text.length > REQUEST_BYTES - 4096)
    throw tooLarge(whole, `It is ${kilobytes(text.length)} to send; ${kilobytes(REQUEST_BYTES)} is the most`);
}
