import { lstat, readdir, readFile, realpath } from "node:fs/promises";
import { dirname, posix, relative, resolve, sep } from "node:path";
import { gzipSync } from "node:zlib";
import { refuse } from "../refusal.ts";
import { type Mention, type Read, readCompose } from "./files.ts";
import { type Project, readText } from "./project.ts";
import { parseEnv, references, type Variables } from "./variables.ts";

/** What is sent: the Compose file, the files it needs and the variables it is to be read with. */
export interface Bundle {
  readonly compose: string;
  readonly files: readonly { readonly path: string; readonly content: string }[];
  readonly variables: Variables;
}

export interface Bundled {
  readonly bundle: Bundle;
  readonly read: Read;
  /** What to know before it is sent. */
  readonly notes: readonly string[];
}

/** The service's limits: the bundle compressed, the request, the number of files and a path's length. */
export const BUNDLE_BYTES = 256 * 1024;
export const REQUEST_BYTES = 1024 * 1024;
export const FILES = 200;
const PATH_LENGTH = 200;
const BIGGEST = 5;

/** These mean something of their own on the server; the shell's values for them would be wrong there. */
const machine = new Set([
  "HOME",
  "HOSTNAME",
  "LOGNAME",
  "OLDPWD",
  "PATH",
  "PWD",
  "SHELL",
  "TERM",
  "TMPDIR",
  "UID",
  "GID",
  "USER",
]);

type Env = Readonly<Record<string, string | undefined>>;

/** @throws Refused for a file that is missing, outside the folder or too large */
export async function makeBundle(project: Project, env: Env): Promise<Bundled> {
  const { folder, file, text } = project;
  const outer = (name: string) => (machine.has(name) ? undefined : env[name]);
  const beside = await readText(resolve(folder, ".env"));
  const own = beside === undefined ? {} : parseEnv(beside, ".env", outer);
  const used = references(text);
  const fromShell = used.map(({ name }) => name).filter((name) => outer(name) !== undefined);
  const variables: Variables = { ...own, ...Object.fromEntries(fromShell.map((name) => [name, outer(name) ?? ""])) };
  const read = readCompose(text, file, (name) => variables[name]);
  const files = await gather(folder, read.paths);
  const bundle: Bundle = { compose: text, files, variables };
  checkSize(bundle);
  const unset = used.filter(({ name, bare }) => bare && variables[name] === undefined && !machine.has(name));
  const override = await overrideOf(project);
  return {
    bundle,
    read,
    notes: [
      ...(fromShell.length > 0 ? [`From your shell: ${fromShell.join(", ")}`] : []),
      ...(unset.length > 0 ? [`Set nowhere, so empty: ${unset.map(({ name }) => name).join(", ")}`] : []),
      ...(override ? [`${override} is not taken along; only ${file} is`] : []),
    ],
  };
}

async function overrideOf({ folder, file }: Project): Promise<string | undefined> {
  const name = file.replace(/\.(ya?ml)$/, ".override.$1");
  return name !== file && (await readText(resolve(folder, name))) !== undefined ? name : undefined;
}

const ours = new Set(["compose.yaml", ".env"]);

async function gather(folder: string, mentions: readonly Mention[]): Promise<Bundle["files"]> {
  const root = await realpath(folder);
  const found = new Map<string, Buffer>();
  for (const mention of mentions) {
    const path = posix.normalize(mention.path).replace(/\/+$/, "");
    await take(root, path, mention, found);
  }
  if (found.size > FILES)
    throw refuse("bundle.too_large", {
      detail: `It would be ${found.size} files; ${FILES} is the most. Most of them: ${crowded(found)}.`,
    });
  return [...found].map(([path, content]) => ({ path, content: content.toString("base64") }));
}

async function take(root: string, path: string, mention: Mention, found: Map<string, Buffer>): Promise<void> {
  const whole = resolve(root, path);
  const outside = () =>
    refuse("cli.file", {
      detail: `${mention.path} (${mention.by}) is outside the app's folder.`,
      hint: "Move it below the Compose file, or put it into a volume or an image.",
    });
  const below = (target: string) => target === root || target.startsWith(root + sep);
  if (!below(whole)) throw outside();
  const stat = await lstat(whole).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "ENOENT" && error.code !== "ENOTDIR")
      throw refuse("cli.file", { detail: `${path}: ${error.message}`, cause: error });
    return undefined;
  });
  if (!stat) {
    if (mention.needed) throw refuse("cli.file", { detail: `${mention.path} (${mention.by}) is not there.` });
    return;
  }
  if (stat.isSymbolicLink()) {
    const real = await realpath(whole);
    if (!below(real)) throw outside();
    if (`${await realpath(dirname(whole))}${sep}`.startsWith(real + sep)) return; // a link to a folder it is in
  }
  const name = relative(root, whole).split(sep).join("/");
  const entries = await readdir(whole).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOTDIR") return undefined;
    throw refuse("cli.file", { detail: `${path}: ${error.message}`, cause: error });
  });
  if (entries) {
    for (const entry of entries.sort())
      if (entry !== ".git") await take(root, posix.join(name, entry), { ...mention, needed: false }, found);
    return;
  }
  if (ours.has(name) || found.has(name) || (!stat.isFile() && !stat.isSymbolicLink())) return;
  if (name.length > PATH_LENGTH)
    throw refuse("cli.file", { detail: `${name.slice(0, 60)}…: the path is longer than ${PATH_LENGTH} characters.` });
  if (stat.size > 8 * REQUEST_BYTES) throw tooLarge([[name, stat.size]], `${name} alone is ${kilobytes(stat.size)}`);
  found.set(
    name,
    await readFile(whole).catch((error: NodeJS.ErrnoException) => {
      throw refuse("cli.file", { detail: `${path}: ${error.message}`, cause: error });
    }),
  );
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
  const whole: (readonly [string, number])[] = [["the Compose file", Buffer.byteLength(bundle.compose)], ...sizes];
  const text = JSON.stringify(bundle);
  const compressed = gzipSync(text).length;
  if (compressed > BUNDLE_BYTES)
    throw tooLarge(whole, `It is ${kilobytes(compressed)} compressed; ${kilobytes(BUNDLE_BYTES)} is the most`);
  if (text.length > REQUEST_BYTES - 4096)
    throw tooLarge(whole, `It is ${kilobytes(text.length)} to send; ${kilobytes(REQUEST_BYTES)} is the most`);
}
