import { createServer } from "node:http";
import { S3Client, type S3ClientConfig } from "@aws-sdk/client-s3";
import { createS3, type S3Options } from "@berth/local-s3/s3.ts";
import { close, listen } from "../../packages/local/src/state/server.ts";

export const credentials = { accessKeyId: "local", secretAccessKey: "local" };
export const BUCKET = "bundles";

export const clientOf = (endpoint: string, more: S3ClientConfig = {}) =>
  new S3Client({ endpoint, region: "us-east-1", credentials, forcePathStyle: true, maxAttempts: 1, ...more });

/** The engine behind a listener, below a prefix as the local cloud has it. */
export async function serveS3(options: Partial<S3Options> = {}) {
  const s3 = createS3({ buckets: [BUCKET], credentials: [credentials], now: () => Date.now(), ...options });
  const server = createServer((incoming, response) => {
    s3.answer(incoming, response, "/s3").catch((error: unknown) => response.destroy(error as Error));
  });
  const endpoint = `http://127.0.0.1:${(await listen(server, 0)).port}/s3`;
  return { s3, endpoint, client: clientOf(endpoint), close: () => close(server) };
}
