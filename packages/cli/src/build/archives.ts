import { createHash } from "node:crypto";
import { createReadStream, createWriteStream, rmSync } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Transform, type TransformCallback } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGzip } from "node:zlib";
import { KILOBYTE, MEGABYTE } from "@berth/domain/bytes.ts";
import { BUILT_FROM_BYTES, type Archive as Named } from "@berth/domain/release/archive.ts";
import { pack } from "tar-stream";
import { exits } from "../exit.ts";
import { refuse } from "../refusal.ts";
import type { Entry } from "./context.ts";
import { biggest } from "./size.ts";

/** An archive in a file of this machine. */
export interface Archive extends Named {
  readonly file: string;
}

export interface Archives {
  /** What services are built from. */
  readonly list: readonly Archive[];
  /** Large files that services mount. */
  readonly mounted: readonly Archive[];
  /** Files that services are built from. */
  readonly files: number;
  /** Removes the files. */
  readonly remove: () => Promise<void>;
}

/** The least that an archive is made for, before it is compressed: a server unpacks each apart, so many small ones take long. */
const LEAST = MEGABYTE;
/** So many archives of the least size at most; a larger folder has larger ones. */
const COUNT = 150;
/** A file up to this size is read at once, which takes half as long as by a stream, and so many of them together. */
const SMALL = 64 * KILOBYTE;
const READ_AHEAD = 16;
/** End this program without its "exit". */
const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/**
 * Cuts what is sent so that a change of one file changes one archive: where one ends depends on the names of files near its end and on nothing
 * before. Of the same files the same archives are made on any machine.
 */
export function cut(entries: readonly Entry[]): Entry[][] {
  const sizeOf = (entry: Entry) => (entry.kind === "file" ? entry.bytes : 0) + KILOBYTE;
  const all = entries.reduce((sum, entry) => sum + sizeOf(entry), 0);
  let least = LEAST;
  while (all / least > COUNT) least *= 2;
  const parts: Entry[][] = [];
  let part: Entry[] = [];
  let size = 0;
  const end = () => {
    if (part.length > 0) parts.push(part);
    part = [];
    size = 0;
  };
  for (const entry of entries) {
    if (sizeOf(entry) >= least) {
      end();
      parts.push([entry]);
      continue;
    }
    part.push(entry);
    size += sizeOf(entry);
    if ((size >= least && endsOne(entry.path)) || size >= 8 * least) end();
  }
  end();
  return parts;
}

/** One path of eight. */
const endsOne = (path: string) => createHash("sha1").update(path).digest().readUInt8() % 8 === 0;

/** @throws Refused bundle.too_large, naming the biggest folders */
export async function makeArchives(
  folder: string,
  entries: readonly Entry[],
  contents: readonly Entry[] = [],
): Promise<Archives> {
  if (entries.length + contents.length === 0) return { list: [], mounted: [], files: 0, remove: () => Promise.resolve() };
  const place = await mkdtemp(join(tmpdir(), "berth-build-"));
  const atExit = () => rmSync(place, { recursive: true, force: true });
  process.once("exit", atExit);
  const stop = () => process.exit(exits.killed);
  for (const signal of SIGNALS) process.once(signal, stop);
  const remove = () => {
    process.off("exit", atExit);
    for (const signal of SIGNALS) process.off(signal, stop);
    return rm(place, { recursive: true, force: true });
  };
  try {
    let bytes = 0;
    const writeAll = async (name: string, parts: readonly Entry[][]) => {
      const list: Archive[] = [];
      for (const [index, part] of parts.entries()) {
        const archive = await write(folder, part, join(place, `${name}${index}`));
        list.push(archive);
        bytes += archive.bytes;
        if (bytes > BUILT_FROM_BYTES) throw tooLarge(entries, contents);
      }
      return list;
    };
    const list = await writeAll("built", cut(entries));
    const mounted = await writeAll("mounted", cut(contents));
    return { list, mounted, files: entries.filter(({ kind }) => kind === "file").length, remove };
  } catch (error) {
    await remove();
    throw error;
  }
}

/** No times and no owners: they would make another archive of the same files. */
async function write(folder: string, part: readonly Entry[], file: string): Promise<Archive> {
  const tar = pack();
  const hash = createHash("sha256");
  let bytes = 0;
  const count = new Transform({
    transform(chunk: Buffer, _: BufferEncoding, done: TransformCallback) {
      hash.update(chunk);
      bytes += chunk.length;
      done(null, chunk);
    },
  });
  const written = pipeline(tar, createGzip(), count, createWriteStream(file, { mode: 0o600 }));
  const filled = fill(folder, part, tar).catch((error: Error) => {
    tar.destroy(error);
    throw error;
  });
  await Promise.all([filled, written]);
  return { hash: hash.digest("hex"), bytes, file };
}

async function fill(folder: string, part: readonly Entry[], tar: ReturnType<typeof pack>): Promise<void> {
  for (let at = 0; at < part.length; at += READ_AHEAD) {
    const some = part.slice(at, at + READ_AHEAD);
    const contents = await Promise.all(some.map((entry) => (isSmall(entry) ? read(folder, entry) : undefined)));
    for (const [index, entry] of some.entries()) {
      const header = { name: entry.path, mode: entry.mode, mtime: new Date(0) };
      const content = contents[index];
      if (content) tar.entry({ ...header, size: content.length }, content);
      else if (entry.kind === "folder") tar.entry({ ...header, type: "directory" });
      else if (entry.kind === "link") tar.entry({ ...header, type: "symlink", linkname: entry.to });
      else
        await pipeline(createReadStream(join(folder, sourceOf(entry))), tar.entry({ ...header, size: entry.bytes })).catch(
          changed(entry),
        );
    }
  }
  tar.finalize();
}

const isSmall = (entry: Entry) => entry.kind === "file" && entry.bytes <= SMALL;

async function read(folder: string, entry: Entry): Promise<Buffer> {
  const content = await readFile(join(folder, sourceOf(entry))).catch(changed(entry));
  if (entry.kind === "file" && content.length !== entry.bytes)
    changed(entry)(new Error(`it had ${entry.bytes} bytes and has ${content.length}`));
  return content;
}

const sourceOf = (entry: Entry) => (entry.kind === "file" && entry.source) || entry.path;

const changed =
  (entry: Entry) =>
  (error: Error): never => {
    throw refuse("cli.file", {
      detail: `${sourceOf(entry)} cannot be read, or changed meanwhile: ${error.message}`,
      cause: error,
    });
  };

function tooLarge(built: readonly Entry[], mounted: readonly Entry[]) {
  const [what, hint] =
    mounted.length === 0 ? (["are built from is", LEFT_OUT] as const) : (["are built from and mount is", KEPT_APART] as const);
  return refuse("bundle.too_large", {
    detail: `What services ${what} more than ${BUILT_FROM_BYTES / MEGABYTE} MB compressed. The biggest: ${biggest([...built, ...mounted]).join(", ")}.`,
    hint,
  });
}

const LEFT_OUT = "Leave out what the build does not need, in .dockerignore.";
const KEPT_APART = "Put large data into a volume, and leave out what no build needs, in .dockerignore.";
