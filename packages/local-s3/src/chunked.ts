import { createHash, timingSafeEqual } from "node:crypto";
import { S3Error } from "./error.ts";
import { hmac, type Payload, sha256 } from "./signature.ts";

/** What follows the last chunk of a body, such as its checksum. */
export type Trailers = Map<string, string>;

const incomplete = () =>
  new S3Error("IncompleteBody", 400, "You did not provide the number of bytes specified by the Content-Length HTTP header");
const LINE_MOST = 8192;

/**
 * Takes `aws-chunked` framing off a body: `<hex size>[;chunk-signature=...]`, the bytes, and after an empty chunk the trailers. Where
 * chunks are signed, each signature follows from the one before, and a wrong one refuses the body.
 */
export async function* decodeChunks(
  body: AsyncIterable<Buffer>,
  signed: Payload["chain"] | undefined,
  trailers: Trailers,
): AsyncGenerator<Buffer, void> {
  const reader = readerOf(body);
  let before = signed?.signature ?? "";
  for (;;) {
    const [, size, given] = /^([0-9a-fA-F]{1,8})(?:;chunk-signature=([0-9a-f]{64}))?$/.exec(await reader.line()) ?? [];
    if (size === undefined || (signed && given === undefined)) throw incomplete();
    const hash = createHash("sha256");
    for await (const piece of reader.take(Number.parseInt(size, 16))) {
      hash.update(piece);
      yield piece;
    }
    if (signed) before = checkChunk(signed, before, hash.digest("hex"), given ?? "");
    if (Number.parseInt(size, 16) === 0) break;
    if ((await reader.line()) !== "") throw incomplete();
  }
  const lines: string[] = [];
  for (let line = await reader.line(true); line !== ""; line = await reader.line(true)) lines.push(line);
  for (const line of lines) {
    const [, name, value] = /^([!-9;-~]+):\s*(.*)$/.exec(line) ?? [];
    if (name === undefined) throw incomplete();
    trailers.set(name.toLowerCase(), (value ?? "").trim());
  }
  if (signed && trailers.has("x-amz-trailer-signature")) checkTrailers(signed, before, trailers);
}

function checkChunk({ key, scope, date }: Payload["chain"], before: string, hash: string, given: string): string {
  const expected = hmac(key, ["AWS4-HMAC-SHA256-PAYLOAD", date, scope, before, sha256(""), hash].join("\n"));
  return same(expected, given);
}

function checkTrailers({ key, scope, date }: Payload["chain"], before: string, trailers: Trailers): void {
  const given = trailers.get("x-amz-trailer-signature") ?? "";
  trailers.delete("x-amz-trailer-signature");
  const text = [...trailers].map(([name, value]) => `${name}:${value}\n`).join("");
  same(hmac(key, ["AWS4-HMAC-SHA256-TRAILER", date, scope, before, sha256(text)].join("\n")), given);
}

function same(expected: Buffer, given: string): string {
  const bytes = Buffer.from(given, "hex");
  if (bytes.length !== expected.length || !timingSafeEqual(bytes, expected))
    throw new S3Error("SignatureDoesNotMatch", 403, "A chunk of the body has another signature than its own.");
  return given;
}

function readerOf(body: AsyncIterable<Buffer>) {
  const pieces = body[Symbol.asyncIterator]();
  let rest = Buffer.alloc(0);
  let over = false;
  const more = async () => {
    const { value, done } = await pieces.next();
    over = done === true;
    if (!over) rest = rest.length === 0 ? value : Buffer.concat([rest, value]);
  };
  return {
    /** Without its end. `last`: nothing more may follow, which counts as an empty line. */
    async line(last = false): Promise<string> {
      for (;;) {
        const end = rest.indexOf("\r\n");
        if (end >= 0) {
          const text = rest.subarray(0, end).toString("latin1");
          rest = rest.subarray(end + 2);
          return text;
        }
        if (over && last && rest.length === 0) return "";
        if (over || rest.length > LINE_MOST) throw incomplete();
        await more();
      }
    },
    async *take(size: number): AsyncGenerator<Buffer, void> {
      for (let left = size; left > 0; ) {
        if (rest.length === 0) {
          if (over) throw incomplete();
          await more();
          continue;
        }
        const piece = rest.subarray(0, left);
        rest = rest.subarray(piece.length);
        left -= piece.length;
        yield piece;
      }
    },
  };
}
