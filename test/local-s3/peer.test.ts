import {
  CreateBucketCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  type S3Client,
} from "@aws-sdk/client-s3";
import { buildApp } from "fauxqs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createChance } from "../support/chance.ts";
import { BUCKET, clientOf, serveS3 } from "./s3-client.ts";

/**
 * The same random conversations with our engine and with fauxqs, an independent implementation, through the real client. It checks no
 * signatures (those are judged by what AWS publishes, signature.test.ts, and by the client's own), heeds no If-None-Match at a PUT and says
 * Accept-Ranges at a GET only, sorts keys by language, and repeats a common prefix on the next page. Tokens of a list and times are each one's own.
 */
const SCRIPTS = 6;
const STEPS = 40;
const peer = buildApp({ logger: false });
let stage: Awaited<ReturnType<typeof serveS3>>;
let theirs: S3Client;

beforeAll(async () => {
  stage = await serveS3();
  theirs = clientOf(await peer.listen({ host: "127.0.0.1", port: 0 }));
});
afterAll(async () => {
  await stage.close();
  await peer.close();
});

/** In an order that is the same by bytes, as the service has it, and by language, as fauxqs has it. */
const plainKeys = ["0", "a", "a/b", "a/b/c", "a/bc", "b", "b/", "c", "d/e", "d/e/f"];
const oddKeys = ["ä/ö", "x y", "x+y", "q?&=", "<&>", "~.-_", "%41", "A", "it's (one)*!"];
const own = new Set([
  "$metadata",
  "AcceptRanges",
  "LastModified",
  "NextContinuationToken",
  "ContinuationToken",
  "Name",
  "ServerSideEncryption",
]);

type Said = { error: string } | Record<string, unknown>;
async function said(work: Promise<object>, odd: boolean): Promise<Said> {
  try {
    return await plain((await work) as Record<string, unknown>, odd);
  } catch (error) {
    const { name, $metadata } = error as Error & { $metadata?: { httpStatusCode?: number } };
    return { error: name, status: $metadata?.httpStatusCode };
  }
}

async function plain(answer: Record<string, unknown>, odd: boolean): Promise<Record<string, unknown>> {
  const { Body, Contents, ...rest } = answer as { Body?: { transformToString(): Promise<string> }; Contents?: { Key: string }[] };
  const without = (object: object) => Object.entries(object).filter(([name]) => !own.has(name));
  const listed = Contents?.map((each) => Object.fromEntries(without(each)) as { Key: string });
  if (odd) listed?.sort((a, b) => (a.Key < b.Key ? -1 : 1));
  return {
    ...Object.fromEntries(without(rest)),
    ...(Body && { Body: await Body.transformToString() }),
    ...(listed && { Contents: listed }),
  };
}

test.for(Array.from({ length: SCRIPTS }, (_, seed) => seed))(
  "a random conversation comes out the same as with fauxqs: %i",
  async (seed) => {
    const bytes = createChance(seed + 1);
    const below = (count: number) => (bytes(1)[0] ?? 0) % count;
    const pick = <T>(list: readonly T[]) => list[below(list.length)] as T; // within its length
    const odd = seed % 3 === 2;
    const keys = odd ? oddKeys : plainKeys;
    stage.s3.clear();
    const Bucket = BUCKET;
    const bucketOfTheirs = `conversation-${seed}`;
    await theirs.send(new CreateBucketCommand({ Bucket: bucketOfTheirs }));
    const ask = (client: S3Client, command: object) =>
      said((client.send as (command: object) => Promise<object>).call(client, command), odd);
    const both = (make: (at: string) => object) =>
      Promise.all([ask(stage.client, make(Bucket)), ask(theirs, make(bucketOfTheirs))]);
    for (let step = 0; step < STEPS; step++) {
      const Key = pick(keys);
      const what = pick(["put", "put", "put with sum", "get", "range", "if", "head", "delete", "list", odd ? "head" : "list"]);
      const text = "0123456789".repeat(1 + below(3));
      const [one, other] = await both((at): object => {
        switch (what) {
          case "put":
            return new PutObjectCommand({ Bucket: at, Key, Body: text, ContentType: "text/x", Metadata: { step: String(step) } });
          case "put with sum":
            return new PutObjectCommand({ Bucket: at, Key, Body: text, ChecksumAlgorithm: "SHA256" });
          case "get":
            return new GetObjectCommand({ Bucket: at, Key });
          case "range":
            return new GetObjectCommand({
              Bucket: at,
              Key,
              Range: ["bytes=2-5", "bytes=5-", "bytes=-3", "bytes=0-99"][step % 4],
            });
          case "if":
            return new GetObjectCommand({ Bucket: at, Key, IfMatch: '"781e5e245d69b566979b86e28d23f2c7"' });
          case "head":
            return new HeadObjectCommand({ Bucket: at, Key });
          case "delete":
            return new DeleteObjectCommand({ Bucket: at, Key });
          default:
            return new ListObjectsV2Command({
              Bucket: at,
              ...(step % 3 === 0 && { Delimiter: "/" }),
              ...(step % 4 === 0 && { Prefix: "a" }),
              ...(step % 5 === 0 && !odd && { StartAfter: "a/b" }),
            });
        }
      });
      expect(one, `${seed}, step ${step}: ${what} ${Key}`).toEqual(other);
    }
    if (!odd) expect(await pages(stage.client, Bucket)).toEqual(await pages(theirs, bucketOfTheirs));
  },
);

async function pages(client: S3Client, Bucket: string): Promise<string[][]> {
  const found: string[][] = [];
  for (let token: string | undefined; ; ) {
    const page = await client.send(new ListObjectsV2Command({ Bucket, MaxKeys: 2, ...(token && { ContinuationToken: token }) }));
    found.push((page.Contents ?? []).map(({ Key }) => Key ?? ""));
    token = page.NextContinuationToken;
    if (token === undefined) return found;
  }
}
