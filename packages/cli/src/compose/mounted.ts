import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { readFile } from "node:fs/promises";
import { join, posix } from "node:path";
import { gzipSync } from "node:zlib";
import { bytesText, KILOBYTE, MEGABYTE } from "@berth/domain/bytes.ts";
import { BUNDLE_BYTES, LARGE_FILES_BYTES, LARGE_FILES_MOST } from "@berth/domain/release/archive.ts";
import type { LargeFile } from "@berth/domain/release/large.ts";
import type { Entry } from "../build/context.ts";
import { refuse } from "../refusal.ts";
import type { Bundle, BundleFile } from "./bundle.ts";
import { checksum } from "./checksum.ts";
import type { FoundFile } from "./found.ts";

/** The service's limits: the request and the number of files. */
export const REQUEST_BYTES = MEGABYTE;
export const FILES = 200;
/** Of the request, for what is said besides the bundle. */
const BESIDE = 4096;
/** Of the bundle, for the names of the archives. */
const NAMES = 32 * KILOBYTE;
const BIGGEST = 5;
/** Mounted files of more bytes than this are large: the first of these with which the bundle is small enough. */
const LIMITS = [Number.POSITIVE_INFINITY, 65_536, 16_384, 4096, 1024, 0, -1] as const;

interface Filled {
  readonly bundle: Bundle;
  /** What its large files have, each by the hash of it. */
  readonly mounted: readonly Entry[];
}

/**
 * The bundle with the mounted files, of which as many are in it as there is room for; the others are large.
 * @throws Refused bundle.too_large, naming the files to look at first
 */
export async function withMounted(bundle: Bundle, found: readonly FoundFile[]): Promise<Filled> {
  checkAll(found);
  const described = new Map<FoundFile, LargeFile>();
  for (const limit of LIMITS) {
    const small = found.filter(({ bytes }) => bytes <= limit);
    if (small.length + bundle.files.length > FILES || bytesOf(small) > REQUEST_BYTES) continue;
    const large = found.filter(({ bytes }) => bytes > limit);
    for (const file of large) described.set(file, described.get(file) ?? (await describe(file)));
    const told = large.flatMap((file) => described.get(file) ?? []);
    const files = [...bundle.files, ...(await readFiles(small))];
    const filled = { ...bundle, files, ...(told.length > 0 && { large: told }) };
    if (fits(filled)) return { bundle: filled, mounted: contentOf(large, described) };
  }
  throw tooLarge(bundle);
}

export async function readFiles(found: readonly FoundFile[]): Promise<BundleFile[]> {
  const files: BundleFile[] = [];
  for (const file of found) {
    if (file.bytes > REQUEST_BYTES) throw refused(`${file.path} alone is ${kilobytes(file.bytes)}`, [[file.path, file.bytes]]);
    const content = await readFile(whole(file)).catch(unreadable(file));
    files.push({ path: file.path, content: content.toString("base64"), ...(file.executable && { executable: true as const }) });
  }
  return files;
}

async function describe(file: FoundFile): Promise<LargeFile> {
  const hash = createHash("sha256");
  const sum = checksum();
  let bytes = 0;
  try {
    for await (const chunk of createReadStream(whole(file)) as AsyncIterable<Buffer>) {
      hash.update(chunk);
      sum.update(chunk);
      bytes += chunk.length;
    }
  } catch (error) {
    return unreadable(file)(error as Error);
  }
  const executable = file.executable && { executable: true as const };
  return { path: file.path, hash: hash.digest("hex"), bytes, checksum: sum.value(), ...executable };
}

/** What has the same content is there once. */
function contentOf(large: readonly FoundFile[], described: ReadonlyMap<FoundFile, LargeFile>): Entry[] {
  const contents = new Map<string, Entry>();
  for (const file of large) {
    const { hash, bytes } = described.get(file) ?? {};
    if (hash !== undefined && bytes !== undefined)
      contents.set(hash, { kind: "file", path: hash, mode: 0o600, bytes, source: file.real });
  }
  return [...contents.values()];
}

function fits(bundle: Bundle): boolean {
  const names = bundle.large ? NAMES : 0;
  const text = JSON.stringify(bundle);
  return text.length <= REQUEST_BYTES - BESIDE - names && gzipSync(text).length <= BUNDLE_BYTES - names;
}

const whole = ({ root, real }: FoundFile) => join(root, real);
const bytesOf = (found: readonly FoundFile[]) => found.reduce((sum, { bytes }) => sum + bytes, 0);
const kilobytes = (bytes: number) => `${Math.ceil(bytes / KILOBYTE)} KB`;
const unreadable =
  ({ path }: FoundFile) =>
  (error: Error): never => {
    throw refuse("cli.file", { detail: `${path}: ${error.message}`, cause: error });
  };

type Size = readonly [path: string, bytes: number];

function refused(what: string, sizes: readonly Size[]) {
  const biggest = sizes.toSorted((a, b) => b[1] - a[1]).slice(0, BIGGEST);
  return refuse("bundle.too_large", {
    detail: `${what}. The biggest: ${biggest.map(([path, bytes]) => `${path} (${bytesText(bytes)})`).join(", ")}.`,
  });
}

/** @throws Refused bundle.too_large for mounted files that are too many or too large wherever they are */
function checkAll(found: readonly FoundFile[]): void {
  const bytes = bytesOf(found);
  if (bytes > LARGE_FILES_BYTES)
    throw refused(
      `The files that services mount are ${bytesText(bytes)}; ${bytesText(LARGE_FILES_BYTES)} is the most`,
      found.map((file) => [file.path, file.bytes]),
    );
  if (found.length > LARGE_FILES_MOST)
    throw refuse("bundle.too_large", {
      detail: `Services mount ${found.length} files; ${LARGE_FILES_MOST} is the most. Most of them: ${crowded(found)}.`,
    });
}

function crowded(found: readonly FoundFile[]): string {
  const folders = new Map<string, number>();
  for (const { path } of found) folders.set(posix.dirname(path), (folders.get(posix.dirname(path)) ?? 0) + 1);
  const most = [...folders].sort((a, b) => b[1] - a[1]).slice(0, 3);
  return most.map(([folder, count]) => `${folder}/ (${count})`).join(", ");
}

/** What Compose itself reads is too large, so no mounted file is to blame. */
function tooLarge(bundle: Bundle) {
  if (bundle.files.length > FILES)
    return refuse("bundle.too_large", { detail: `Compose reads ${bundle.files.length} files; ${FILES} is the most.` });
  const own: Size[] = bundle.compose === undefined ? [] : [["the Compose file", Buffer.byteLength(bundle.compose)]];
  const sizes = [...own, ...bundle.files.map(({ path, content }): Size => [path, Math.floor(content.length * 0.75)])];
  const text = JSON.stringify(bundle);
  const compressed = gzipSync(text).length;
  return compressed > BUNDLE_BYTES
    ? refused(`What Compose reads is ${kilobytes(compressed)} compressed; ${kilobytes(BUNDLE_BYTES)} is the most`, sizes)
    : refused(`What Compose reads is ${kilobytes(text.length)} to send; ${kilobytes(REQUEST_BYTES)} is the most`, sizes);
}
