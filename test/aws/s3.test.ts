/** Archives in a bucket, through the real client, against the local engine that test/local-s3 holds to be exact. */
import { createHash } from "node:crypto";
import { bucketOf } from "@berth/aws/s3.ts";
import { afterAll, beforeAll, expect, test } from "vitest";
import { BUCKET, credentials, serveS3 } from "../local-s3/s3-client.ts";

const DAY = 86_400_000;
let now = Date.UTC(2026, 0, 1);
let stage: Awaited<ReturnType<typeof serveS3>>;
beforeAll(async () => {
  stage = await serveS3({ now: () => now, signingNow: Date.now });
});
afterAll(() => stage.close());

const archives = () => bucketOf({ endpoint: stage.endpoint, region: "local", credentials }, BUCKET, () => new Date(now));
const named = (text: string) => ({
  content: Buffer.from(text),
  archive: { hash: createHash("sha256").update(text).digest("hex"), bytes: Buffer.byteLength(text) },
});
const send = (url: string, headers: Readonly<Record<string, string>>, body: string) =>
  fetch(url, { method: "PUT", headers: { ...headers }, body }).then(({ status }) => status);
const read = async (content: AsyncIterable<Uint8Array> | undefined) => {
  const chunks: Uint8Array[] = [];
  for await (const chunk of content ?? []) chunks.push(chunk);
  return content && Buffer.concat(chunks).toString();
};

test("what was sent is kept for its tenant alone", async () => {
  const { archive } = named("one");
  const { upload, open } = archives();
  const asked = await upload("ten_1", archive);
  expect(asked && (await send(asked.url, asked.headers, "one"))).toBe(200);
  expect(await read(await open("ten_1", archive.hash))).toBe("one");
  expect(await upload("ten_1", archive)).toBeUndefined();
  expect(await open("ten_2", archive.hash)).toBeUndefined();
  expect(await upload("ten_2", archive)).toMatchObject({ hash: archive.hash });
});

test("an address takes the bytes that it was signed for, and no others", async () => {
  const { archive } = named("two");
  const asked = await archives().upload("ten_1", archive);
  expect(asked).toBeDefined();
  if (!asked) return;
  const { url, headers } = asked;
  expect(await send(url, headers, "owt")).toBe(400); // other bytes of the same length
  expect(await send(url, headers, "twice")).toBe(403); // another length
  expect(await send(url, {}, "two")).toBe(403);
  const forged = { "x-amz-checksum-sha256": createHash("sha256").update("owt").digest("base64") };
  expect(await send(url, forged, "owt")).toBe(403);
  expect(await send(url.replace("ten_1", "ten_2"), headers, "two")).toBe(403);
  expect(await archives().open("ten_1", archive.hash)).toBeUndefined();
  expect(await send(url, headers, "two")).toBe(200);
});

test("what has less than eight days left is sent again, so that a release finds it for a week", async () => {
  const { archive } = named("three");
  const { upload } = archives();
  const asked = await upload("ten_1", archive);
  expect(asked && (await send(asked.url, asked.headers, "three"))).toBe(200);
  now += 7 * DAY - 1000;
  expect(await upload("ten_1", archive)).toBeUndefined();
  now += 2000;
  expect(await upload("ten_1", archive)).toBeDefined();
});
