import type { IncomingHttpHeaders, ServerResponse } from "node:http";
import { pipeline } from "node:stream/promises";
import { S3Error } from "./error.ts";
import type { Bucket, Stored } from "./store.ts";

/** GET and HEAD of an object, whole or a range of it. */
export async function getObject(
  response: ServerResponse,
  bucket: Bucket,
  key: string,
  headers: IncomingHttpHeaders,
  body: boolean,
): Promise<void> {
  const stored = bucket.find(key);
  if (!stored) throw new S3Error("NoSuchKey", 404, "The specified key does not exist.");
  const fact = headersOf(stored, headers["x-amz-checksum-mode"] === "ENABLED" && headers.range === undefined);
  const condition = conditionOf(stored, headers);
  if (condition === 304) return void response.writeHead(304, fact).end();
  if (condition === 412)
    throw new S3Error("PreconditionFailed", 412, "At least one of the pre-conditions you specified did not hold");
  const range = rangeOf(headers.range, stored.size);
  const [from, to] = range ?? [0, stored.size - 1];
  response.writeHead(range ? 206 : 200, {
    ...fact,
    "content-length": to - from + 1,
    ...(range && { "content-range": `bytes ${from}-${to}/${stored.size}` }),
  });
  if (!body || to < from) return void response.end();
  // A caller that goes away is no error of ours.
  await pipeline(bucket.read(key, from, to), response).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "ERR_STREAM_PREMATURE_CLOSE") throw error;
  });
}

const headersOf = ({ etag, modifiedAt, headers, checksums }: Stored, sums: boolean): Record<string, string> => ({
  "content-type": "binary/octet-stream",
  ...headers,
  etag,
  "last-modified": new Date(modifiedAt).toUTCString(),
  "accept-ranges": "bytes",
  ...(sums && Object.fromEntries(Object.entries(checksums).map(([name, value]) => [`x-amz-checksum-${name}`, value]))),
  ...(sums && Object.keys(checksums).length > 0 && { "x-amz-checksum-type": "FULL_OBJECT" }),
});

function conditionOf({ etag, modifiedAt }: Stored, headers: IncomingHttpHeaders): 200 | 304 | 412 {
  const named = (list: string) => list.trim() === "*" || list.split(",").some((each) => each.trim().replace(/^W\//, "") === etag);
  const seconds = Math.floor(modifiedAt / 1000) * 1000;
  const match = headers["if-match"];
  if (match !== undefined && !named(match)) return 412;
  const since = Date.parse(headers["if-unmodified-since"] ?? "");
  if (match === undefined && seconds > since) return 412;
  const none = headers["if-none-match"];
  if (none !== undefined) return named(none) ? 304 : 200;
  return seconds <= Date.parse(headers["if-modified-since"] ?? "") ? 304 : 200;
}

/** One range only; what is no range is not heeded, as HTTP wants it. */
function rangeOf(header: string | undefined, size: number): readonly [number, number] | undefined {
  const [, first = "", last = ""] = /^bytes=(\d*)-(\d*)$/.exec(header ?? "") ?? [];
  if (first === "" && last === "") return undefined;
  const from = first === "" ? Math.max(0, size - Number(last)) : Number(first);
  const to = first === "" || last === "" ? size - 1 : Math.min(Number(last), size - 1);
  if (first !== "" && last !== "" && Number(last) < Number(first)) return undefined;
  if (from >= size || (first === "" && Number(last) === 0))
    throw new S3Error("InvalidRange", 416, "The requested range is not satisfiable");
  return [from, to];
}
