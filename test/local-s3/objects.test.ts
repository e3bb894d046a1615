import { createHash } from "node:crypto";
import { mkdtempSync, readdirSync, rmSync, statSync } from "node:fs";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import {
  type ChecksumAlgorithm,
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  type PutObjectCommandInput,
} from "@aws-sdk/client-s3";
import { getSignedUrl } from "@aws-sdk/s3-request-presigner";
import { afterAll, beforeAll, expect, test } from "vitest";
import { BUCKET, clientOf, credentials, serveS3 } from "./s3-client.ts";

const folder = mkdtempSync(join(tmpdir(), "berth-s3-"));
let stage: Awaited<ReturnType<typeof serveS3>>;
beforeAll(async () => {
  stage = await serveS3({ folder });
});
afterAll(async () => {
  await stage.close();
  rmSync(folder, { recursive: true });
});

const put = (Key: string, more: Partial<PutObjectCommandInput> = {}) =>
  stage.client.send(new PutObjectCommand({ Bucket: BUCKET, Key, Body: "content", ...more }));
const bytesOf = async (Key: string, Range?: string) => {
  const { Body } = await stage.client.send(new GetObjectCommand({ Bucket: BUCKET, Key, ...(Range && { Range }) }));
  return Buffer.from((await Body?.transformToByteArray()) ?? []);
};
const sha256 = (bytes: Uint8Array | string) => createHash("sha256").update(bytes).digest("base64");

test("what the newest client sends as a stream, in chunks with a trailing checksum, is stored without its framing", async () => {
  const bytes = Buffer.alloc(300_000, "0123456789");
  const Body = Readable.from([bytes.subarray(0, 100_000), bytes.subarray(100_000)]);
  await put("streamed", { Body, ContentLength: bytes.length });
  expect(await bytesOf("streamed")).toEqual(bytes);
  const head = await stage.client.send(new HeadObjectCommand({ Bucket: BUCKET, Key: "streamed", ChecksumMode: "ENABLED" }));
  expect(head).toMatchObject({ ContentLength: bytes.length, ChecksumType: "FULL_OBJECT" });
  expect(head.ChecksumCRC32).toBeDefined();
  expect(head.ContentEncoding).toBeUndefined();
});

test.for<ChecksumAlgorithm>(["CRC32", "CRC32C", "SHA1", "SHA256"])(
  "a %s of the client's is checked, kept and given back",
  async (algorithm) => {
    const key = `sum-${algorithm}`;
    const made = await put(key, { ChecksumAlgorithm: algorithm });
    const field = `Checksum${algorithm}` as const;
    expect(made[field]).toMatch(/=$/);
    const head = await stage.client.send(new HeadObjectCommand({ Bucket: BUCKET, Key: key, ChecksumMode: "ENABLED" }));
    expect(head[field]).toBe(made[field]);
    const wrong = Buffer.from(made[field] ?? "", "base64");
    wrong[0] = (wrong[0] ?? 0) ^ 1;
    await expect(put(`wrong-${algorithm}`, { [field]: wrong.toString("base64") })).rejects.toMatchObject({ name: "BadDigest" });
    await expect(bytesOf(`wrong-${algorithm}`)).rejects.toMatchObject({ name: "NoSuchKey" });
  },
);

async function presigned(key: string, body: string, signing: { seconds?: number; at?: Date } = {}) {
  const command = new PutObjectCommand({
    Bucket: BUCKET,
    Key: key,
    ContentLength: Buffer.byteLength(body),
    ChecksumSHA256: sha256(body),
    IfNoneMatch: "*",
  });
  const client = clientOf(stage.endpoint, { requestChecksumCalculation: "WHEN_REQUIRED" });
  return getSignedUrl(client, command, {
    expiresIn: signing.seconds ?? 900,
    ...(signing.at && { signingDate: signing.at }),
    unhoistableHeaders: new Set(["x-amz-checksum-sha256", "if-none-match"]),
    signableHeaders: new Set(["host", "content-length", "if-none-match"]),
  });
}

const send = (url: string, body: string, headers: Record<string, string>) => fetch(url, { method: "PUT", body, headers });

test("a presigned address takes exactly the bytes that it was signed for, once", async () => {
  const url = await presigned("signed", "right");
  const headers = { "x-amz-checksum-sha256": sha256("right"), "if-none-match": "*" };
  expect((await send(url, "longer than that", headers)).status).toBe(403);
  expect(await (await send(url, "wrong", headers)).text()).toContain("<Code>BadDigest</Code>");
  expect((await send(url, "wrong", { ...headers, "x-amz-checksum-sha256": sha256("wrong") })).status).toBe(403);
  expect((await send(url, "right", { "if-none-match": "*" })).status).toBe(403);
  expect((await send(url.replace("signed", "other"), "right", headers)).status).toBe(403);
  expect((await send(url, "right", headers)).status).toBe(200);
  expect(String(await bytesOf("signed"))).toBe("right");
  expect((await send(url, "right", headers)).status).toBe(412);
  const late = await presigned("late", "right", { at: new Date(Date.now() - 1000_000) });
  expect(await (await send(late, "right", headers)).text()).toContain("Request has expired");
});

test("who signs with another key, or not at all, reaches nothing", async () => {
  await put("mine");
  for (const [name, other] of [
    ["SignatureDoesNotMatch", { ...credentials, secretAccessKey: "x" }],
    ["InvalidAccessKeyId", { ...credentials, accessKeyId: "x" }],
  ] as const) {
    const client = clientOf(stage.endpoint, { credentials: other });
    await expect(client.send(new GetObjectCommand({ Bucket: BUCKET, Key: "mine" }))).rejects.toMatchObject({ name });
  }
  const answer = await fetch(`${stage.endpoint}/${BUCKET}/mine`);
  expect([answer.status, await answer.text()]).toEqual([403, expect.stringContaining("<Code>AccessDenied</Code>")]);
});

test("an upload that breaks off leaves what was there before", async () => {
  await put("kept", { Body: "before" });
  const files = readdirSync(join(folder, BUCKET)).length;
  const command = new PutObjectCommand({ Bucket: BUCKET, Key: "kept", ContentLength: 100_000 });
  const url = await getSignedUrl(clientOf(stage.endpoint, { requestChecksumCalculation: "WHEN_REQUIRED" }), command);
  const broken = request(url, { method: "PUT", headers: { "content-length": 100_000 } });
  broken.on("error", () => {});
  broken.write(Buffer.alloc(50_000));
  await expect.poll(() => readdirSync(join(folder, BUCKET)).length).toBe(files + 1);
  broken.destroy();
  await expect.poll(() => readdirSync(join(folder, BUCKET)).length).toBe(files);
  expect(String(await bytesOf("kept"))).toBe("before");
});

test("what is done nowhere here is refused, and never taken for something else", async () => {
  await put("whole");
  const copy = put("copied", { Metadata: {} }).then(() =>
    stage.client.send(new GetObjectCommand({ Bucket: BUCKET, Key: "whole", PartNumber: 1 })),
  );
  await expect(copy).rejects.toMatchObject({ name: "NotImplemented" });
  await expect(put("x".repeat(1025))).rejects.toMatchObject({ name: "KeyTooLongError" });
  const other = stage.client.send(new GetObjectCommand({ Bucket: "other", Key: "whole" }));
  await expect(other).rejects.toMatchObject({ name: "NoSuchBucket" });
});

test("objects survive a restart, in files that nobody else may read", async () => {
  await put("restart/ä b", { Body: "still there", Metadata: { made: "here" } });
  await put("restart/gone");
  await stage.client.send(new DeleteObjectCommand({ Bucket: BUCKET, Key: "restart/gone" }));
  await stage.close();
  stage = await serveS3({ folder });
  expect(String(await bytesOf("restart/ä b", "bytes=6-"))).toBe("there");
  const listed = await stage.client.send(new ListObjectsV2Command({ Bucket: BUCKET, Prefix: "restart/" }));
  expect(listed.Contents?.map(({ Key }) => Key)).toEqual(["restart/ä b"]);
  const modes = readdirSync(join(folder, BUCKET)).map((name) => statSync(join(folder, BUCKET, name)).mode & 0o777);
  expect(new Set(modes)).toEqual(new Set([0o600]));
});

test("a list is in the order of the keys' UTF-8 bytes", async () => {
  const keys = ["order/A", "order/a", "order/a/b", "order/ab", "order/ä", "order/\u{ff5e}", "order/\u{1f600}"];
  for (const key of keys.toReversed()) await put(key);
  const listed = await stage.client.send(new ListObjectsV2Command({ Bucket: BUCKET, Prefix: "order/" }));
  expect(listed.Contents?.map(({ Key }) => Key)).toEqual(keys);
});

test("what keys have in common up to a delimiter comes once, however small the pages", async () => {
  for (const key of ["page/a", "page/b/1", "page/b/2", "page/b/3", "page/c", "page/d/1"]) await put(key);
  const found: (string | undefined)[] = [];
  for (let token: string | undefined; ; ) {
    const page = await stage.client.send(
      new ListObjectsV2Command({ Bucket: BUCKET, Prefix: "page/", Delimiter: "/", MaxKeys: 1, ContinuationToken: token }),
    );
    found.push(...(page.Contents ?? []).map(({ Key }) => Key), ...(page.CommonPrefixes ?? []).map(({ Prefix }) => Prefix));
    token = page.NextContinuationToken;
    if (token === undefined) break;
  }
  expect(found).toEqual(["page/a", "page/b/", "page/c", "page/d/"]);
});
