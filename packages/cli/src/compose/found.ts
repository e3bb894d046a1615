import { readdir, realpath, stat } from "node:fs/promises";
import { basename, dirname, posix, relative, resolve, sep } from "node:path";
import { refuse } from "../refusal.ts";
import type { Mention } from "./files.ts";

/** A file that a Compose file reads or mounts. */
export interface FoundFile {
  /** From the project's folder. */
  readonly path: string;
  /** Where it really is, from the same folder. */
  readonly real: string;
  readonly root: string;
  readonly bytes: number;
  readonly executable: boolean;
  /** Compose itself does not read it. */
  readonly mounted: boolean;
}

const PATH_LENGTH = 200;

interface Gathered {
  readonly root: string;
  readonly reserved: ReadonlySet<string>;
  readonly found: Map<string, FoundFile>;
  /** Links below a folder that lead nowhere, or round in a circle. */
  readonly nowhere: string[];
}

/** @throws Refused for a file that is missing or outside the folder */
export async function findFiles(
  folder: string,
  mentions: readonly Mention[],
  reserved: ReadonlySet<string>,
): Promise<{ found: readonly FoundFile[]; nowhere: readonly string[] }> {
  const gathered: Gathered = { root: await realpath(folder), reserved, found: new Map(), nowhere: [] };
  for (const mention of mentions) {
    const path = posix.normalize(mention.path).replace(/\/+$/, "");
    await take(gathered, path, mention, []);
  }
  return { found: [...gathered.found.values()], nowhere: gathered.nowhere };
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
  if (reserved.has(name) || !facts.isFile()) return;
  if (name.length > PATH_LENGTH)
    throw refuse("cli.file", { detail: `${name.slice(0, 60)}…: the path is longer than ${PATH_LENGTH} characters.` });
  const mounted = mention.mounted === true && found.get(name)?.mounted !== false;
  found.set(name, {
    path: name,
    real: relative(root, real).split(sep).join("/"),
    root,
    bytes: facts.size,
    executable: (facts.mode & 0o100) !== 0,
    mounted,
  });
}
