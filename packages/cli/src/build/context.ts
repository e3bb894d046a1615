import { lstat, readdir, readFile, readlink } from "node:fs/promises";
import { join, posix } from "node:path";
import ignoring from "@balena/dockerignore";
import { buildOf, isLocal } from "@berth/domain/compose/build.ts";
import { type Composed, isBuilt } from "@berth/domain/compose/compose.ts";
import { type ComposeFile, isFields } from "@berth/domain/compose/file.ts";
import { isElsewhere } from "@berth/domain/compose/path.ts";
import { refuse } from "../refusal.ts";

/** Something that is sent in an archive, by its path there: that in the project's folder, unless a file has a `source` in it. */
export type Entry = { readonly path: string; readonly mode: number } & (
  | { readonly kind: "file"; readonly bytes: number; readonly source?: string }
  | { readonly kind: "folder" }
  | { readonly kind: "link"; readonly to: string }
);

/** A folder that a service is built from. */
interface Context {
  readonly service: string;
  readonly folder: string;
  /** From the project's folder; not there for a text in the Compose file, and for a folder beside the context. */
  readonly dockerfile: string | undefined;
  /** Whether .dockerignore counts. */
  readonly ignores: boolean;
}

const ENTRIES_MOST = 100_000;

/**
 * Everything that the services are built from and .dockerignore does not leave out, by path. What several contexts have is there once.
 * @throws Refused for a context or Dockerfile that is missing or outside the folder
 */
export async function entriesOf(
  folder: string,
  { services, file }: Pick<Composed, "services" | "file">,
): Promise<readonly Entry[]> {
  const found = new Map<string, Entry>();
  for (const { name, built } of services) {
    if (!built) continue;
    for (const context of contextsOf(file, name)) await take(folder, context, found);
    for (const path of secretsOf(file, name)) await takeOne(folder, path, found);
  }
  return [...found.values()].sort((a, b) => (a.path < b.path ? -1 : 1));
}

function contextsOf(file: ComposeFile, name: string): Context[] {
  const service = file.services.get(name);
  if (!service || !isBuilt(service)) return [];
  const { context, dockerfile, additional } = buildOf(service);
  const main = isLocal(context)
    ? [{ service: name, folder: inside(context, name), dockerfile: dockerfile && posix.join(context, dockerfile), ignores: true }]
    : [];
  return [
    ...main,
    ...additional
      .filter(isLocal)
      .map((each) => ({ service: name, folder: inside(each, name), dockerfile: undefined, ignores: false })),
  ];
}

/** Above the project's folder, or in that of a Compose file from elsewhere. */
const isOutside = (path: string) => /^(\.\.|\.compose)(\/|$)/.test(path);

function inside(path: string, service: string): string {
  const plain = posix.normalize(path).replace(/\/+$/, "");
  if (isOutside(plain))
    throw refuse("cli.file", {
      detail: `${path} (service ${service} is built from it) is outside the app's folder.`,
      hint: "Deploy from a folder above both: berth deploy -f app/compose.yaml.",
    });
  return plain;
}

/** Files that builds read as secrets: they are in no context. */
function secretsOf(file: ComposeFile, name: string): string[] {
  const service = file.services.get(name);
  if (!service) return [];
  return buildOf(service).secrets.flatMap((secret) => {
    const source = file.secrets.get(secret);
    const path = isFields(source) ? source.file : undefined;
    return typeof path === "string" && !isElsewhere(path) && !isOutside(path) ? [posix.normalize(path)] : [];
  });
}

async function take(folder: string, context: Context, found: Map<string, Entry>): Promise<void> {
  const root = await look(folder, context.folder);
  if (root?.kind !== "folder")
    throw refuse("cli.file", {
      detail: `${context.folder} (service ${context.service} is built from it) is ${root ? "no folder" : "not there"}.`,
    });
  const rules = context.ignores ? await rulesOf(folder, context) : undefined;
  if (context.dockerfile !== undefined) {
    if (!(await takeOne(folder, context.dockerfile, found)))
      throw refuse("cli.file", {
        detail: `Service ${context.service} is built from ${context.folder}, and there is no ${context.dockerfile}.`,
      });
  }
  if (context.ignores) await takeOne(folder, posix.join(context.folder, ".dockerignore"), found);
  await walk("");

  async function walk(below: string): Promise<void> {
    const entries = await readdir(join(folder, context.folder, below)).catch((error: NodeJS.ErrnoException) => {
      throw refuse("cli.file", { detail: `${posix.join(context.folder, below)}: ${error.message}`, cause: error });
    });
    for (const name of entries.sort()) {
      const path = posix.join(below, name);
      const left = rules?.ignores(path) ?? false;
      if (left && !rules?.brings) continue;
      const whole = posix.join(context.folder, path);
      const entry = await look(folder, whole);
      if (!entry) continue;
      if (!left) found.set(whole, entry);
      if (found.size > ENTRIES_MOST)
        throw refuse("bundle.too_large", {
          detail: `Services are built from more than ${ENTRIES_MOST} files. Leave out what the build does not need, in ${posix.join(context.folder, ".dockerignore")}.`,
        });
      if (entry.kind === "folder") await walk(path);
    }
  }
}

interface Rules {
  readonly ignores: (path: string) => boolean;
  /** Whether something in a folder that is left out may be taken all the same. */
  readonly brings: boolean;
}

/** The rules beside the Dockerfile go before those of the context. */
async function rulesOf(folder: string, { folder: context, dockerfile }: Context): Promise<Rules | undefined> {
  const places = [...(dockerfile ? [`${dockerfile}.dockerignore`] : []), posix.join(context, ".dockerignore")];
  for (const place of places) {
    if ((await look(folder, place))?.kind !== "file") continue;
    const text = await readFile(join(folder, place), "utf8");
    const rules = ignoring().add(text);
    return { ignores: (path) => rules.ignores(path), brings: /^\s*!/m.test(text) };
  }
  return undefined;
}

async function takeOne(folder: string, path: string, found: Map<string, Entry>): Promise<boolean> {
  const entry = isOutside(path) ? undefined : await look(folder, path);
  if (entry) found.set(path, entry);
  const ignored = `${path}.dockerignore`;
  const rules = entry && (await look(folder, ignored));
  if (rules) found.set(ignored, rules);
  return entry !== undefined;
}

/** Sockets, devices and pipes are left out, as Docker leaves them out. */
async function look(folder: string, path: string): Promise<Entry | undefined> {
  const whole = join(folder, path);
  const facts = await lstat(whole).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT" || error.code === "ENOTDIR") return undefined;
    throw refuse("cli.file", { detail: `${path}: ${error.message}`, cause: error });
  });
  if (!facts) return undefined;
  const mode = facts.mode & 0o777;
  if (facts.isSymbolicLink()) return { path, mode: 0o777, kind: "link", to: await readlink(whole) };
  if (facts.isDirectory()) return { path, mode, kind: "folder" };
  return facts.isFile() ? { path, mode, kind: "file", bytes: facts.size } : undefined;
}
