import { decodeChunks } from "@berth/local-s3/chunked.ts";
import { checkSignature, type Signed } from "@berth/local-s3/signature.ts";
import { expect, test } from "vitest";

/** The examples of "Authenticating Requests (AWS Signature Version 4)" in the S3 API reference, with the signatures printed there. */
const known = [{ accessKeyId: "AKIAIOSFODNN7EXAMPLE", secretAccessKey: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY" }];
const now = Date.parse("2013-05-24T00:00:00Z");
const EMPTY = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
const scope = "AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request";

function signed(method: string, url: string, signature: string, headers: Record<string, string>): Signed {
  const all = { host: "examplebucket.s3.amazonaws.com", "x-amz-date": "20130524T000000Z", ...headers };
  const names = Object.keys(all).sort().join(";");
  const authorization = `AWS4-HMAC-SHA256 Credential=${scope},SignedHeaders=${names},Signature=${signature}`;
  return { method, url, headers: { ...all, authorization } };
}

const examples: Record<string, Signed> = {
  "an object's range": signed("GET", "/test.txt", "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41", {
    range: "bytes=0-9",
    "x-amz-content-sha256": EMPTY,
  }),
  "a new object": signed("PUT", "/test%24file.text", "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd", {
    date: "Fri, 24 May 2013 00:00:00 GMT",
    "x-amz-content-sha256": "44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072",
    "x-amz-storage-class": "REDUCED_REDUNDANCY",
  }),
  "a query without a value": signed("GET", "/?lifecycle", "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543", {
    "x-amz-content-sha256": EMPTY,
  }),
  "a list": signed("GET", "/?max-keys=2&prefix=J", "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7", {
    "x-amz-content-sha256": EMPTY,
  }),
  "a presigned address": {
    method: "GET",
    url: `/test.txt?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=${encodeURIComponent(scope)}&X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host&X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404`,
    headers: { host: "examplebucket.s3.amazonaws.com" },
  },
};

test.for(Object.entries(examples))("%s that AWS publishes is signed right, and every change to it is refused", ([, request]) => {
  expect(() => checkSignature(request, known, now)).not.toThrow();
  const changed: Signed[] = [
    { ...request, method: "DELETE" },
    { ...request, url: request.url.replace(/^\/(\w?)/, "/x$1") },
    { ...request, url: `${request.url}${request.url.includes("?") ? "&" : "?"}acl` },
    { ...request, headers: { ...request.headers, host: "other.s3.amazonaws.com" } },
    ...(request.headers["x-amz-content-sha256"] === undefined
      ? []
      : [{ ...request, headers: { ...request.headers, "x-amz-content-sha256": "0".repeat(64) } }]),
  ];
  for (const each of changed) expect(() => checkSignature(each, known, now)).toThrow(/does not match/);
  const other = [{ accessKeyId: "AKIAIOSFODNN7EXAMPLE", secretAccessKey: "another" }];
  expect(() => checkSignature(request, other, now)).toThrow(/does not match/);
  expect(() => checkSignature(request, [], now)).toThrow(/does not exist/);
  const extra = { ...request, headers: { ...request.headers, "x-amz-acl": "public-read" } };
  expect(() => checkSignature(extra, known, now)).toThrow(/not signed/);
});

test("a signature is good around its time only, and a presigned address until it expires", () => {
  const request = examples["a list"] as Signed; // above
  const minutes = (count: number) => now + count * 60_000;
  for (const at of [minutes(-14), minutes(14)]) expect(() => checkSignature(request, known, at)).not.toThrow();
  for (const at of [minutes(-16), minutes(16)]) expect(() => checkSignature(request, known, at)).toThrow(/too large/);
  const presigned = examples["a presigned address"] as Signed; // above
  expect(() => checkSignature(presigned, known, now + 86_400_000)).not.toThrow();
  expect(() => checkSignature(presigned, known, now + 86_401_000)).toThrow(/expired/);
  expect(() => checkSignature(presigned, known, minutes(-16))).toThrow(/not yet valid/);
  expect(() => checkSignature({ ...request, headers: { host: "x" } }, known, now)).toThrow("Access Denied");
});

const chunked = signed(
  "PUT",
  "/examplebucket/chunkObject.txt",
  "4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9",
  {
    host: "s3.amazonaws.com",
    "content-encoding": "aws-chunked",
    "content-length": "66824",
    "x-amz-content-sha256": "STREAMING-AWS4-HMAC-SHA256-PAYLOAD",
    "x-amz-decoded-content-length": "66560",
    "x-amz-storage-class": "REDUCED_REDUNDANCY",
  },
);
const body = Buffer.from(
  `10000;chunk-signature=ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648\r\n${"a".repeat(65_536)}\r\n` +
    `400;chunk-signature=0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497\r\n${"a".repeat(1024)}\r\n` +
    `0;chunk-signature=b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9\r\n\r\n`,
);

async function decoded(bytes: Buffer, pieces = 1000): Promise<Buffer> {
  const { chain } = checkSignature(chunked, known, now);
  const source = async function* () {
    for (let at = 0; at < bytes.length; at += pieces) yield bytes.subarray(at, at + pieces);
  };
  const chunks: Buffer[] = [];
  for await (const chunk of decodeChunks(source(), chain, new Map())) chunks.push(chunk);
  return Buffer.concat(chunks);
}

test.for([7, 1000, 70_000])(
  "the chunked upload that AWS publishes comes out as it was, in pieces of %i bytes",
  async (pieces) => {
    expect(body.length).toBe(66_824);
    expect(await decoded(body, pieces)).toEqual(Buffer.alloc(66_560, "a"));
  },
);

test("a chunked body with another byte, another order or its end missing is refused", async () => {
  const flipped = Buffer.from(body);
  flipped[70_000 - 4000] = 0x62;
  await expect(decoded(flipped)).rejects.toThrow(/another signature/);
  await expect(decoded(Buffer.concat([body.subarray(65_626), body.subarray(0, 65_626)]))).rejects.toThrow();
  await expect(decoded(body.subarray(0, 66_000))).rejects.toThrow(/number of bytes/);
  await expect(decoded(body.subarray(0, 66_737))).rejects.toThrow(/number of bytes/);
});
