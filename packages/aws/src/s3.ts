import {
  GetObjectCommand,
  HeadObjectCommand,
  NoSuchKey,
  NotFound,
  PutObjectCommand,
  S3Client,
  type S3ClientConfig,
} from "@aws-sdk/client-s3";
import { getSignedUrl } from "@aws-sdk/s3-request-presigner";
import type { Archives } from "@berth/domain/context.ts";
import { KEPT_DAYS, NAMED_DAYS } from "./kept.ts";

/** Seconds in which an upload has to begin. */
const SECONDS = 3600;

/** A module of its own, loaded at first use: most requests and runs have no archives. */
export function bucketOf(config: S3ClientConfig, Bucket: string, now: () => Date): Archives {
  const s3 = new S3Client({
    ...config,
    forcePathStyle: config.endpoint !== undefined,
    requestChecksumCalculation: "WHEN_REQUIRED",
  });
  const keyOf = (tenant: string, hash: string) => `${tenant}/${hash}`;
  return {
    async upload(tenant, { hash, bytes }) {
      const Key = keyOf(tenant, hash);
      const found = await s3.send(new HeadObjectCommand({ Bucket, Key })).catch(notThere);
      if (found?.LastModified && now().getTime() - found.LastModified.getTime() < (KEPT_DAYS - NAMED_DAYS) * 86_400_000)
        return undefined;
      const sum = Buffer.from(hash, "hex").toString("base64");
      const command = new PutObjectCommand({ Bucket, Key, ContentLength: bytes, ChecksumSHA256: sum });
      // Signed as headers, so that nothing but these bytes is taken.
      const url = await getSignedUrl(s3, command, {
        expiresIn: SECONDS,
        unhoistableHeaders: new Set(["x-amz-checksum-sha256"]),
      });
      return { hash, url, headers: { "x-amz-checksum-sha256": sum } };
    },
    async open(tenant, hash) {
      const found = await s3.send(new GetObjectCommand({ Bucket, Key: keyOf(tenant, hash) })).catch(notThere);
      return found?.Body as AsyncIterable<Uint8Array> | undefined; // a stream of Node, in Node
    },
  };
}

function notThere(error: unknown): undefined {
  if (!(error instanceof NotFound || error instanceof NoSuchKey)) throw error;
}
