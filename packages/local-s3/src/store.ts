import { createHash, randomBytes } from "node:crypto";
import {
  createReadStream,
  createWriteStream,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { S3Error } from "./error.ts";

/** What is known of an object beside its bytes. */
export interface Stored {
  readonly key: string;
  readonly size: number;
  /** With its quotes. */
  readonly etag: string;
  readonly modifiedAt: number;
  readonly headers: Readonly<Record<string, string>>;
  /** By the algorithm's name, base64. */
  readonly checksums: Readonly<Record<string, string>>;
}

/** Bytes that are complete and belong to no key yet. */
export interface Received {
  readonly size: number;
  readonly etag: string;
  keep(stored: Stored): void;
  discard(): void;
}

export interface Bucket {
  find(key: string): Stored | undefined;
  /** Both ends included. */
  read(key: string, from: number, to: number): Readable;
  /** Takes bytes in, in memory or in a file beside; nothing is seen of them until they are kept. */
  receive(bytes: AsyncIterable<Buffer>): Promise<Received>;
  remove(key: string): void;
  /** In the order of the keys' UTF-8 bytes. */
  list(): Stored[];
  clear(): void;
}

/** With the name of its bytes. */
type Kept = Stored & { readonly body: string };

const nameOf = (key: string) => createHash("sha256").update(key).digest("hex");

/** A bucket in a folder, or in memory without one. A crash leaves of an object what was there before, or all of it. */
export function createBucket(folder: string | undefined): Bucket {
  const objects = new Map<string, Kept>();
  const bodies = new Map<string, Buffer>();
  if (folder !== undefined) {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    for (const name of readdirSync(folder)) {
      if (!name.endsWith(".json")) continue;
      const stored = JSON.parse(readFileSync(join(folder, name), "utf8")) as Kept; // written below
      objects.set(stored.key, stored);
    }
    const used = new Set([...objects.values()].map(({ body }) => body));
    for (const name of readdirSync(folder)) if (!name.endsWith(".json") && !used.has(name)) rmSync(join(folder, name));
  }
  const bodyOf = (key: string) => objects.get(key)?.body;

  function replace(stored: Stored, body: string): void {
    const before = bodyOf(stored.key);
    const kept = { ...stored, body };
    if (folder !== undefined) {
      const file = join(folder, `${nameOf(stored.key)}.json`);
      writeFileSync(`${file}.new`, JSON.stringify(kept), { mode: 0o600 });
      renameSync(`${file}.new`, file);
    }
    objects.set(stored.key, kept);
    if (before !== undefined) drop(before);
  }

  /** Who reads the old bytes still has them open. */
  const drop = (body: string) => {
    bodies.delete(body);
    if (folder !== undefined) rmSync(join(folder, body), { force: true });
  };

  function remove(key: string): void {
    const body = bodyOf(key);
    if (body === undefined) return;
    objects.delete(key);
    if (folder !== undefined) rmSync(join(folder, `${nameOf(key)}.json`), { force: true });
    drop(body);
  }

  return {
    find: (key) => objects.get(key),
    read(key, from, to) {
      const body = bodyOf(key);
      if (body === undefined) throw new S3Error("NoSuchKey", 404, "The specified key does not exist.");
      if (folder !== undefined) return createReadStream(join(folder, body), { start: from, end: to });
      return Readable.from([(bodies.get(body) ?? Buffer.alloc(0)).subarray(from, to + 1)]);
    },
    async receive(bytes) {
      const body = randomBytes(16).toString("hex");
      const hash = createHash("md5");
      let size = 0;
      const counted = async function* () {
        for await (const chunk of bytes) {
          size += chunk.length;
          hash.update(chunk);
          yield chunk;
        }
      };
      try {
        if (folder === undefined) bodies.set(body, await wholeOf(counted()));
        else await pipeline(counted, createWriteStream(join(folder, body), { mode: 0o600 }));
      } catch (error) {
        drop(body);
        throw error;
      }
      return { size, etag: `"${hash.digest("hex")}"`, keep: (stored) => replace(stored, body), discard: () => drop(body) };
    },
    remove,
    list: () => [...objects.values()].sort((a, b) => Buffer.compare(Buffer.from(a.key), Buffer.from(b.key))),
    clear() {
      for (const key of [...objects.keys()]) remove(key);
    },
  };
}

async function wholeOf(bytes: AsyncIterable<Buffer>): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of bytes) chunks.push(chunk);
  return Buffer.concat(chunks);
}
