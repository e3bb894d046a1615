import type { IncomingMessage, ServerResponse } from "node:http";
import { join } from "node:path";
import { notImplemented, S3Error } from "./error.ts";
import { getObject } from "./get.ts";
import { listObjects } from "./list.ts";
import { putObject } from "./put.ts";
import { type Credentials, checkSignature, queryOf } from "./signature.ts";
import { type Bucket, createBucket } from "./store.ts";
import { element, refusal } from "./xml.ts";

/**
 * The calls of S3 that Berth and what it runs need, exact in what a client can see: objects, lists, presigned addresses and signatures.
 * Buckets are named when it is made. Everything else answers `NotImplemented`, never a success.
 */
export interface S3 {
  /** `prefix` is what stands before the bucket in the address, such as `/s3`. */
  answer(incoming: IncomingMessage, response: ServerResponse, prefix: string): Promise<void>;
  bucket(name: string): Bucket;
  clear(): void;
}

export interface S3Options {
  readonly buckets: readonly string[];
  readonly credentials: readonly Credentials[];
  /** The time of objects. */
  readonly now: () => number;
  /** The time that signatures are judged by; clients sign with their own machine's clock. */
  readonly signingNow?: () => number;
  /** In memory, if not given. */
  readonly folder?: string | undefined;
}

export function createS3({ buckets: names, credentials, now, signingNow = now, folder }: S3Options): S3 {
  const buckets = new Map(
    names.map((name) => [name, createBucket(folder === undefined ? undefined : join(folder, name))] as const),
  );
  const bucketOf = (name: string) => {
    const found = buckets.get(name);
    if (!found) throw new S3Error("NoSuchBucket", 404, "The specified bucket does not exist");
    return found;
  };

  async function serve(incoming: IncomingMessage, response: ServerResponse, prefix: string): Promise<void> {
    const { method = "GET", url = "/", headers } = incoming;
    const payload = checkSignature({ method, url, headers }, credentials, signingNow());
    const [, name = "", rest = ""] = /^\/([^/?]*)\/?([^?]*)/.exec(url.slice(prefix.length)) ?? [];
    const bucket = bucketOf(decodeURIComponent(name));
    const key = decodeURIComponent(rest);
    const query = new Map(
      queryOf(url).filter(([each]) => !each.startsWith("X-Amz-") && !each.startsWith("x-amz-") && each !== "x-id"),
    );
    if (key === "") return ofBucket(method, name, bucket, query, response);
    if (query.size > 0) throw notImplemented(`Not done here: ${[...query.keys()].join(", ")}`);
    if (Buffer.byteLength(key) > 1024) throw new S3Error("KeyTooLongError", 400, "Your key is too long");
    if (method === "GET" || method === "HEAD") return getObject(response, bucket, key, headers, method === "GET");
    if (method === "PUT") {
      const { etag, checksums } = await putObject(incoming, bucket, key, payload, now());
      const sums = Object.entries(checksums).map(([each, value]) => [`x-amz-checksum-${each}`, value]);
      const type = sums.length > 0 ? { "x-amz-checksum-type": "FULL_OBJECT" } : {};
      return void response.writeHead(200, { etag, ...Object.fromEntries(sums), ...type, "content-length": 0 }).end();
    }
    if (method === "DELETE") {
      bucket.remove(key);
      return void response.writeHead(204).end();
    }
    throw notImplemented(`${method} of an object is not done here`);
  }

  return {
    async answer(incoming, response, prefix) {
      try {
        await serve(incoming, response, prefix);
      } catch (caught) {
        if (response.headersSent) return void response.destroy();
        const error = caught instanceof URIError ? new S3Error("InvalidURI", 400, "Couldn't parse the specified URI.") : caught;
        if (!(error instanceof S3Error)) throw error;
        const body = incoming.method === "HEAD" ? "" : refusal(error, incoming.url?.split("?")[0] ?? "");
        // What is left of a refused body is not read.
        response.writeHead(error.status, { "content-type": "application/xml", connection: "close" }).end(body);
      }
    },
    bucket: bucketOf,
    clear: () => {
      for (const bucket of buckets.values()) bucket.clear();
    },
  };
}

function ofBucket(
  method: string,
  name: string,
  bucket: Bucket,
  query: ReadonlyMap<string, string>,
  response: ServerResponse,
): void {
  const xml = (body: string) => response.writeHead(200, { "content-type": "application/xml" }).end(body);
  if (method === "HEAD") return void response.writeHead(200).end();
  if (method === "GET" && query.has("location")) return void xml(element("LocationConstraint", []));
  if (method === "GET" && query.get("list-type") === "2") return void xml(listObjects(name, bucket.list(), query));
  throw notImplemented(`${method} of a bucket is not done here`);
}
