import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

export type EncryptionContext = Readonly<Record<string, string>>;

/** One KMS key: it makes data keys and opens them again, for the same encryption context only. */
export interface KmsKey {
  readonly id: string;
  generateDataKey(context: EncryptionContext, bytes?: number): { plain: Uint8Array; wrapped: Uint8Array };
  /** @throws InvalidCiphertext when the wrapping was changed, is another key's, or was made for another context */
  decrypt(wrapped: Uint8Array, context: EncryptionContext): Uint8Array;
}

export class InvalidCiphertext extends Error {}

const IV = 12;
const TAG = 16;
const algorithm = "aes-256-gcm";

const bound = (context: EncryptionContext) =>
  Buffer.from(JSON.stringify(Object.entries(context).sort(([a], [b]) => (a < b ? -1 : 1))));

/** A key whose material is kept in a folder, or in memory only. `random` decides data keys and initialisation vectors. */
export function createKey(options: { readonly folder?: string; readonly random?: (bytes: number) => Uint8Array } = {}): KmsKey {
  const random = options.random ?? ((bytes: number) => randomBytes(bytes));
  const master = materialOf(options.folder, random);
  return {
    id: "local",
    generateDataKey(context, bytes = 32) {
      const plain = Buffer.from(random(bytes));
      const iv = random(IV);
      const cipher = createCipheriv(algorithm, master, iv).setAAD(bound(context));
      const data = Buffer.concat([cipher.update(plain), cipher.final()]);
      return { plain, wrapped: Buffer.concat([iv, cipher.getAuthTag(), data]) };
    },
    decrypt(wrapped, context) {
      if (wrapped.length <= IV + TAG) throw new InvalidCiphertext();
      const decipher = createDecipheriv(algorithm, master, wrapped.subarray(0, IV), { authTagLength: TAG });
      decipher.setAAD(bound(context)).setAuthTag(wrapped.subarray(IV, IV + TAG));
      try {
        return Buffer.concat([decipher.update(wrapped.subarray(IV + TAG)), decipher.final()]);
      } catch (cause) {
        throw new InvalidCiphertext("the ciphertext does not open with this key and context", { cause });
      }
    },
  };
}

function materialOf(folder: string | undefined, random: (bytes: number) => Uint8Array): Uint8Array {
  if (folder === undefined) return random(32);
  const file = join(folder, "key");
  if (existsSync(file)) return Buffer.from(readFileSync(file, "utf8"), "base64");
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const made = random(32);
  writeFileSync(file, Buffer.from(made).toString("base64"), { mode: 0o600 });
  return made;
}
