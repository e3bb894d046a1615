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

export const sealing = (keys: DataKeys, random: (bytes: number) => Uint8Array) => ({
  async seal(plain: string, about: Readonly<Record<string, string>>): Promise<Sealed> {
    const key = await keys.make(about);
    const iv = random(12);
    const cipher = createCipheriv("aes-256-gcm", key.plain, iv).setAAD(bound(about));
    const data = Buffer.concat([cipher.update(plain, "utf8"), cipher.final()]);
    return { key: base64(key.wrapped), iv: base64(iv), tag: base64(cipher.getAuthTag()), data: base64(data) };
  },
  async open(sealed: Sealed, about: Readonly<Record<string, string>>): Promise<string> {
    const key = await keys.unwrap(Buffer.from(sealed.key, "base64"), about);
    const decipher = createDecipheriv("aes-256-gcm", key, Buffer.from(sealed.iv, "base64"), { authTagLength: 16 });
    decipher.setAAD(bound(about)).setAuthTag(Buffer.from(sealed.tag, "base64"));
    return Buffer.concat([decipher.update(Buffer.from(sealed.data, "base64")), decipher.final()]).toString("utf8");
  },
});
