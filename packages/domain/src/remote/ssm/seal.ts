import { createCipheriv, createDecipheriv, createPublicKey, diffieHellman, generateKeyPairSync, pbkdf2Sync } from "node:crypto";
import { gunzipSync, gzipSync } from "node:zlib";

/**
 * What goes through a channel, as `openssl enc` reads and writes it: a salt of its own for every piece, from which key and counter are
 * derived, and gzip inside. Nothing proves that a piece is whole or whose it is: who can change what SSM carries can run commands on the
 * server anyway. It keeps those from reading it who may only look at the history of commands.
 */
export interface Seal {
  seal(plain: Uint8Array): Buffer;
  /** @throws Error for what is none of this channel's */
  open(sealed: Uint8Array): Buffer;
}

export interface Agreement {
  /** Base64, as both ends tell it. */
  readonly publicKey: string;
  /** With the other end's. @throws Error */
  with(publicKey: string): Seal;
}

const MAGIC = Buffer.from("Salted__");
const CIPHER = "aes-256-ctr";
/** What a server may make of one piece, packed. */
const OPENED_MOST = 1024 * 1024;

/** Keys of both ends that live as long as a channel and are never sent: what was recorded cannot be opened afterwards. */
export function agree(random: (bytes: number) => Uint8Array): Agreement {
  const own = generateKeyPairSync("x25519");
  return {
    publicKey: own.publicKey.export({ format: "der", type: "spki" }).toString("base64"),
    with(text) {
      const publicKey = createPublicKey({ key: Buffer.from(text, "base64"), format: "der", type: "spki" });
      const shared = diffieHellman({ privateKey: own.privateKey, publicKey }).toString("base64");
      const derive = (salt: Uint8Array) => {
        const bytes = pbkdf2Sync(shared, salt, 1, 48, "sha256");
        return [CIPHER, bytes.subarray(0, 32), bytes.subarray(32)] as const;
      };
      return {
        seal(plain) {
          const salt = random(8);
          const cipher = createCipheriv(...derive(salt));
          return Buffer.concat([MAGIC, salt, cipher.update(gzipSync(plain)), cipher.final()]);
        },
        open(sealed) {
          const bytes = Buffer.from(sealed);
          if (!bytes.subarray(0, 8).equals(MAGIC)) throw new Error("a piece of the channel has no salt");
          const decipher = createDecipheriv(...derive(bytes.subarray(8, 16)));
          const packed = Buffer.concat([decipher.update(bytes.subarray(16)), decipher.final()]);
          return gunzipSync(packed, { maxOutputLength: OPENED_MOST });
        },
      };
    },
  };
}
