import { createHash, createHmac, timingSafeEqual } from "node:crypto";
import { denied, S3Error } from "./error.ts";

/**
 * Signature Version 4 as S3 checks it: in the Authorization header, or in the query of a presigned address. Signed is the path as it is
 * sent, so nothing here knows below which prefix the service listens.
 */
export interface Signed {
  readonly method: string;
  /** With the query, as it was sent. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
}

export interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

/** What the signature says of the body: its hash, that it is not signed, or that its chunks are. */
export interface Payload {
  readonly hash: string;
  /** Continues the signature into the chunks of a body. */
  readonly chain: { readonly key: Buffer; readonly scope: string; readonly date: string; readonly signature: string };
}

const SKEW_MS = 15 * 60_000;
const LONGEST_SECONDS = 604_800;
const ALGORITHM = "AWS4-HMAC-SHA256";

export const sha256 = (text: string | Uint8Array) => createHash("sha256").update(text).digest("hex");
export const hmac = (key: string | Uint8Array, text: string) => createHmac("sha256", key).update(text).digest();

/** @throws S3Error naming what is wrong with the signature, as the service names it */
export function checkSignature(request: Signed, known: readonly Credentials[], now: number): Payload {
  const query = queryOf(request.url);
  const header = request.headers.authorization;
  if (header === undefined && query.every(([name]) => name !== "X-Amz-Signature")) throw denied();
  const parts = header === undefined ? inQuery(query, now) : inHeader(String(header), request.headers, now);
  const [accessKeyId = "", day = "", region = "", service = "", end = ""] = parts.credential.split("/");
  const credentials = known.find((each) => each.accessKeyId === accessKeyId);
  if (!credentials)
    throw new S3Error("InvalidAccessKeyId", 403, "The AWS Access Key Id you provided does not exist in our records.");
  if (service !== "s3" || end !== "aws4_request" || !parts.date.startsWith(day))
    throw new S3Error("AuthorizationHeaderMalformed", 400, "The credential scope is not one of this request");
  const names = parts.signedHeaders.split(";");
  checkNames(names, request.headers);
  const scope = `${day}/${region}/${service}/${end}`;
  const hash = header === undefined ? "UNSIGNED-PAYLOAD" : String(request.headers["x-amz-content-sha256"] ?? "");
  if (hash === "") throw new S3Error("InvalidRequest", 400, "Missing required header for this request: x-amz-content-sha256");
  const canonical = [
    request.method,
    pathOf(request.url),
    canonicalQuery(query),
    ...names.map((name) => `${name}:${headerValue(request.headers[name])}`),
    "",
    parts.signedHeaders,
    hash,
  ].join("\n");
  const key = ["aws4_request", service, region, day].reduceRight<Buffer | string>(
    (above, text) => hmac(above, text),
    `AWS4${credentials.secretAccessKey}`,
  ) as Buffer; // four times an HMAC
  const expected = hmac(key, [ALGORITHM, parts.date, scope, sha256(canonical)].join("\n"));
  const given = Buffer.from(parts.signature, "hex");
  if (given.length !== expected.length || !timingSafeEqual(given, expected))
    throw new S3Error(
      "SignatureDoesNotMatch",
      403,
      "The request signature we calculated does not match the signature you provided. Check your key and signing method.",
    );
  return { hash, chain: { key, scope, date: parts.date, signature: parts.signature } };
}

interface Parts {
  readonly credential: string;
  readonly signedHeaders: string;
  readonly signature: string;
  readonly date: string;
}

function inHeader(header: string, headers: Signed["headers"], now: number): Parts {
  const fields = Object.fromEntries(
    header
      .slice(ALGORITHM.length)
      .split(",")
      .map((field) => field.trim().split(/=(.*)/s).slice(0, 2)),
  ) as Record<string, string>;
  const { Credential: credential, SignedHeaders: signedHeaders, Signature: signature } = fields;
  const date = String(headers["x-amz-date"] ?? "");
  if (!header.startsWith(`${ALGORITHM} `) || !credential || !signedHeaders || !signature || date === "")
    throw new S3Error("AuthorizationHeaderMalformed", 400, "The authorization header is malformed");
  if (Math.abs(timeOf(date) - now) > SKEW_MS)
    throw new S3Error("RequestTimeTooSkewed", 403, "The difference between the request time and the current time is too large.");
  return { credential, signedHeaders, signature, date };
}

function inQuery(query: readonly (readonly [string, string])[], now: number): Parts {
  const fields = Object.fromEntries(query);
  const wrong = (message: string) => new S3Error("AuthorizationQueryParametersError", 400, message);
  const credential = fields["X-Amz-Credential"];
  const date = fields["X-Amz-Date"];
  const signedHeaders = fields["X-Amz-SignedHeaders"];
  const signature = fields["X-Amz-Signature"];
  if (fields["X-Amz-Algorithm"] !== ALGORITHM) throw wrong('X-Amz-Algorithm only supports "AWS4-HMAC-SHA256"');
  if (!credential || !date || !signedHeaders || !signature) throw wrong("Query-string authentication needs all its parameters");
  const expires = fields["X-Amz-Expires"] ?? "";
  if (!/^\d{1,9}$/.test(expires) || Number(expires) < 1 || Number(expires) > LONGEST_SECONDS)
    throw wrong("X-Amz-Expires must be between 1 and 604800 seconds");
  const from = timeOf(date);
  if (from - now > SKEW_MS) throw denied("Request is not yet valid");
  if (now > from + Number(expires) * 1000) throw denied("Request has expired");
  return { credential, signedHeaders, signature, date };
}

/** The host and every header of the service's own have to be signed. */
function checkNames(names: readonly string[], headers: Signed["headers"]): void {
  const unsigned = Object.keys(headers).filter((name) => (name === "host" || name.startsWith("x-amz-")) && !names.includes(name));
  if (unsigned.length > 0)
    throw denied(`There were headers present in the request which were not signed: ${unsigned.join(", ")}`);
}

/** `20130524T000000Z` in milliseconds. */
function timeOf(date: string): number {
  const [, y, mo, d, h, mi, s] = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(date) ?? [];
  if (s === undefined) throw denied("The date is not in ISO 8601 basic format");
  return Date.parse(`${y}-${mo}-${d}T${h}:${mi}:${s}Z`);
}

/** As RFC 3986 has it, once. */
export const encode = (text: string) =>
  encodeURIComponent(text).replaceAll(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`);

const pathOf = (url: string) =>
  (url.split("?")[0] ?? "/")
    .split("/")
    .map((part) => encode(decodeURIComponent(part)))
    .join("/");

export const queryOf = (url: string): (readonly [string, string])[] =>
  url
    .split("?")
    .slice(1)
    .join("?")
    .split("&")
    .filter((pair) => pair !== "")
    .map((pair) => {
      const [name = "", ...rest] = pair.split("=");
      return [decode(name), decode(rest.join("="))] as const;
    });

const decode = (text: string) => decodeURIComponent(text.replaceAll("+", "%20"));

const canonicalQuery = (query: readonly (readonly [string, string])[]) =>
  query
    .filter(([name]) => name !== "X-Amz-Signature")
    .map(([name, value]) => `${encode(name)}=${encode(value)}`)
    .sort()
    .join("&");

const headerValue = (value: string | string[] | undefined) =>
  (Array.isArray(value) ? value.join(",") : (value ?? "")).trim().replaceAll(/ +/g, " ");
