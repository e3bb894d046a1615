import { createHash, generateKeyPairSync, randomBytes } from "node:crypto";
import type { PrivateKey } from "./remote.ts";

export interface KeyPair {
  readonly privateKey: PrivateKey;
  readonly publicKey: string;
}

/** The private key as OpenSSH PEM (PROTOCOL.key of OpenSSH), the public key as an authorized_keys line. */
export function generateKey(comment: string): KeyPair {
  if (/[\r\n\0]/u.test(comment)) throw new Error("a key's comment is one line");
  const { publicKey, privateKey } = generateKeyPairSync("ed25519");
  const raw = Buffer.from(publicKey.export({ format: "jwk" }).x!, "base64url"); // an ed25519 JWK always has x and d
  const seed = Buffer.from(privateKey.export({ format: "jwk" }).d!, "base64url");
  const blob = Buffer.concat([text("ssh-ed25519"), text(raw)]);
  const check = randomBytes(4);
  const body = Buffer.concat([check, check, blob, text(Buffer.concat([seed, raw])), text(comment)]);
  const padding = Buffer.from(Array.from({ length: (8 - (body.length % 8)) % 8 }, (_, i) => i + 1));
  const whole = Buffer.concat([
    Buffer.from("openssh-key-v1\0"),
    text("none"),
    text("none"),
    text(""),
    number(1),
    text(blob),
    text(Buffer.concat([body, padding])),
  ]);
  const lines = whole
    .toString("base64")
    .match(/.{1,70}/gu)!
    .join("\n"); // never empty
  return {
    privateKey: `-----BEGIN OPENSSH PRIVATE KEY-----\n${lines}\n-----END OPENSSH PRIVATE KEY-----\n`,
    publicKey: `ssh-ed25519 ${blob.toString("base64")} ${comment}`.trimEnd(),
  };
}

export function fingerprint(key: string): string {
  const digest = createHash("sha256").update(Buffer.from(key, "base64")).digest("base64");
  return `SHA256:${digest.replace(/=+$/u, "")}`;
}

export function keyType(key: string): string {
  const blob = Buffer.from(key, "base64");
  if (blob.length < 8) throw new Error("not a public key");
  return blob.subarray(4, 4 + blob.readUInt32BE(0)).toString("latin1");
}

function number(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

function text(value: string | Buffer): Buffer {
  const bytes = Buffer.from(value);
  return Buffer.concat([number(bytes.length), bytes]);
}
