import { createHash } from "node:crypto";
import type { IncomingHttpHeaders, IncomingMessage } from "node:http";
import { CHECKSUM, checksums, type Summing } from "./checksum.ts";
import { decodeChunks, type Trailers } from "./chunked.ts";
import { invalid, notImplemented, S3Error } from "./error.ts";
import type { Payload } from "./signature.ts";
import type { Bucket, Stored } from "./store.ts";

const PUT_MOST = 5 * 1024 ** 3;
/** Headers that come back with the object. */
const KEPT = /^(content-(type|encoding|disposition|language)|cache-control|expires|x-amz-meta-.+)$/;

/** Takes an object in, and keeps it only if everything that was said of it is so. */
export async function putObject(
  incoming: IncomingMessage,
  bucket: Bucket,
  key: string,
  payload: Payload,
  now: number,
): Promise<Stored> {
  const { headers } = incoming;
  if (headers["x-amz-copy-source"] !== undefined) throw notImplemented("Copies are not made here");
  const trailers: Trailers = new Map();
  const chunked = payload.hash.startsWith("STREAMING-");
  const size = sizeOf(headers, chunked);
  const sums = summed(headers);
  const whole = createHash("sha256");
  const md5 = createHash("md5");
  const plain = chunked ? decodeChunks(incoming, signedChunks(payload), trailers) : (incoming as AsyncIterable<Buffer>);
  const watched = async function* () {
    for await (const chunk of plain) {
      whole.update(chunk);
      md5.update(chunk);
      for (const sum of sums.values()) sum.update(chunk);
      yield chunk;
    }
  };
  checkAbsent(headers, bucket, key);
  const received = await bucket.receive(watched());
  try {
    if (received.size !== size) throw new S3Error("IncompleteBody", 400, "The body has another length than was said.");
    if (/^[0-9a-f]{64}$/.test(payload.hash) && whole.digest("hex") !== payload.hash)
      throw new S3Error(
        "XAmzContentSHA256Mismatch",
        400,
        "The provided 'x-amz-content-sha256' header does not match what was computed.",
      );
    const said = headers["content-md5"];
    if (said !== undefined && md5.digest("base64") !== said)
      throw new S3Error("BadDigest", 400, "The Content-MD5 you specified did not match what we received.");
    const found = checkSums(headers, trailers, sums);
    checkAbsent(headers, bucket, key); // another may have been first while this one came in
    const stored: Stored = {
      key,
      size: received.size,
      etag: received.etag,
      modifiedAt: now,
      headers: keptOf(headers),
      checksums: found,
    };
    received.keep(stored);
    return stored;
  } catch (error) {
    received.discard();
    throw error;
  }
}

function sizeOf(headers: IncomingHttpHeaders, chunked: boolean): number {
  const size = chunked ? headers["x-amz-decoded-content-length"] : headers["content-length"];
  if (typeof size !== "string" || !/^\d{1,15}$/.test(size))
    throw new S3Error("MissingContentLength", 411, "You must provide the Content-Length HTTP header.");
  if (Number(size) > PUT_MOST)
    throw new S3Error("EntityTooLarge", 400, "Your proposed upload exceeds the maximum allowed object size.");
  return Number(size);
}

function signedChunks({ hash, chain }: Payload): Payload["chain"] | undefined {
  if (hash === "STREAMING-UNSIGNED-PAYLOAD-TRAILER") return undefined;
  if (/^STREAMING-AWS4-HMAC-SHA256-PAYLOAD(-TRAILER)?$/.test(hash)) return chain;
  throw notImplemented(`x-amz-content-sha256: ${hash} is not known here`);
}

/** Those said in a header, and those that follow the body. @throws S3Error for one that is not known */
function summed(headers: IncomingHttpHeaders): Map<string, Summing> {
  const trailing = String(headers["x-amz-trailer"] ?? "").split(",");
  const names = [...Object.keys(headers), ...trailing].flatMap((name) => CHECKSUM.exec(name.trim().toLowerCase())?.[1] ?? []);
  return new Map(
    names
      .filter((name) => name !== "type" && name !== "algorithm")
      .map((name) => {
        const sum = checksums[name];
        if (!sum) throw notImplemented(`The checksum ${name} is not known here`);
        return [name, sum()];
      }),
  );
}

function checkSums(
  headers: IncomingHttpHeaders,
  trailers: Trailers,
  sums: ReadonlyMap<string, Summing>,
): Readonly<Record<string, string>> {
  return Object.fromEntries(
    [...sums].map(([name, sum]) => {
      const said = headers[`x-amz-checksum-${name}`] ?? trailers.get(`x-amz-checksum-${name}`);
      const found = sum.digest();
      if (said === undefined) throw new S3Error("MalformedTrailerError", 400, "The trailer that was announced did not come.");
      if (Buffer.from(String(said), "base64").length !== Buffer.from(found, "base64").length)
        throw invalid(`Value for x-amz-checksum-${name} header is invalid.`);
      if (said !== found)
        throw new S3Error("BadDigest", 400, `The ${name.toUpperCase()} you specified did not match the calculated checksum.`);
      return [name, found];
    }),
  );
}

function checkAbsent(headers: IncomingHttpHeaders, bucket: Bucket, key: string): void {
  const none = headers["if-none-match"];
  if (none === undefined) return;
  if (none !== "*") throw notImplemented("A header you provided implies functionality that is not implemented: If-None-Match");
  if (bucket.find(key))
    throw new S3Error("PreconditionFailed", 412, "At least one of the pre-conditions you specified did not hold");
}

const keptOf = (headers: IncomingHttpHeaders): Record<string, string> =>
  Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) => {
      if (typeof value !== "string" || !KEPT.test(name)) return [];
      // Framing of the request, not of the object.
      const left =
        name === "content-encoding"
          ? value
              .split(",")
              .filter((each) => each.trim() !== "aws-chunked")
              .join(",")
          : value;
      return left === "" ? [] : [[name, left]];
    }),
  );
