import { gzipSync } from "node:zlib";
import { type Header, pack } from "tar-stream";

export type Entry = string | Partial<Header>;

/** A gzipped tar of files by their paths, and of whatever else a tar can hold. */
export async function tarred(entries: Readonly<Record<string, Entry>>): Promise<Buffer> {
  const tar = pack();
  for (const [name, entry] of Object.entries(entries))
    typeof entry === "string"
      ? tar.entry({ name, mtime: new Date(0), mode: 0o600 }, entry)
      : tar.entry({ name, mtime: new Date(0), ...entry });
  tar.finalize();
  const chunks: Buffer[] = [];
  for await (const chunk of tar) chunks.push(Buffer.from(chunk as Uint8Array)); // tar-stream says no more than Readable
  return gzipSync(Buffer.concat(chunks));
}
