import { createCipheriv, createDecipheriv } from "node:crypto";
import type { Sealed } from "../context.ts";

/**
 * Envelope encryption: each value has a data key of its own, which KMS wraps. AES-256-GCM authenticates what the value is about, so
 * a ciphertext moved elsewhere does not open. The API can seal (GenerateDataKey); only workers can open (Decrypt).
 */
export interface DataKeys {
  readonly make: (about: Readonly<Record<string, string>>) => Promise<{ plain: Uint8Array; wrapped: Uint8Array }>;
  readonly unwrap: (wrapped: Uint8Array, about: Readonly<Record<string, string>>) => Promise<Uint8Array>;
}

const bound = (about: Readonly<Record<string, string>>) =>
  Buffer.from(JSON.stringify(Object.entries(about).sort(([a], [b]) => (a < b ? -1 : 1))));

const base64 = (bytes: Uint8Array) => Buffer.from(bytes).toString("base64");
const IV_BYTES = 12;
const TAG_BYTES = 16;

interface Parts {
  /** The data key, wrapped by KMS. */
  readonly key: Uint8Array;
  readonly iv: Uint8Array;
  readonly tag: Uint8Array;
  readonly data: Uint8Array;
}

export function sealing(keys: DataKeys, random: (bytes: number) => Uint8Array) {
  async function encrypt(plain: Uint8Array, about: Readonly<Record<string, string>>): Promise<Parts> {
    const key = await keys.make(about);
    const iv = random(IV_BYTES);
    const cipher = createCipheriv("aes-256-gcm", key.plain, iv).setAAD(bound(about));
    const data = Buffer.concat([cipher.update(plain), cipher.final()]);
    return { key: key.wrapped, iv, tag: cipher.getAuthTag(), data };
  }
  async function decrypt(parts: Parts, about: Readonly<Record<string, string>>): Promise<Buffer> {
    const key = await keys.unwrap(parts.key, about);
    const decipher = createDecipheriv("aes-256-gcm", key, parts.iv, { authTagLength: TAG_BYTES });
    decipher.setAAD(bound(about)).setAuthTag(parts.tag);
    return Buffer.concat([decipher.update(parts.data), decipher.final()]);
  }
  return {
    async seal(plain: string, about: Readonly<Record<string, string>>): Promise<Sealed> {
      const { key, iv, tag, data } = await encrypt(Buffer.from(plain, "utf8"), about);
      return { key: base64(key), iv: base64(iv), tag: base64(tag), data: base64(data) };
    },
    async open(sealed: Sealed, about: Readonly<Record<string, string>>): Promise<string> {
      const bytes = (text: string) => Buffer.from(text, "base64");
      const { key, iv, tag, data } = sealed;
      return (await decrypt({ key: bytes(key), iv: bytes(iv), tag: bytes(tag), data: bytes(data) }, about)).toString("utf8");
    },
    sealBytes: async (plain: Uint8Array, about: Readonly<Record<string, string>>) => join(await encrypt(plain, about)),
    openBytes: (sealed: Uint8Array, about: Readonly<Record<string, string>>): Promise<Uint8Array> =>
      decrypt(split(sealed), about),
  };
}

/** The length of the wrapped key in two bytes, the key, the nonce, the tag and the ciphertext. */
function join({ key, iv, tag, data }: Parts): Uint8Array {
  const length = Buffer.alloc(2);
  length.writeUInt16BE(key.length);
  return Buffer.concat([length, key, iv, tag, data]);
}

/** What is cut short has no whole tag, which does not open. */
function split(sealed: Uint8Array): Parts {
  const bytes = Buffer.from(sealed);
  const iv = 2 + bytes.readUInt16BE(0);
  const tag = iv + IV_BYTES;
  const data = tag + TAG_BYTES;
  return { key: bytes.subarray(2, iv), iv: bytes.subarray(iv, tag), tag: bytes.subarray(tag, data), data: bytes.subarray(data) };
}
