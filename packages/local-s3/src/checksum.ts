import { createHash } from "node:crypto";
import { crc32 } from "node:zlib";

/** A checksum that a client may send with an object, fed piece by piece. */
export interface Summing {
  update(chunk: Uint8Array): void;
  /** Base64 */
  digest(): string;
}

const word = (value: number): string => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value >>> 0);
  return bytes.toString("base64");
};

/** CRC-32C (Castagnoli), reflected. */
const castagnoli = Uint32Array.from({ length: 256 }, (_, index) => {
  let value = index;
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? 0x82f63b78 ^ (value >>> 1) : value >>> 1;
  return value >>> 0;
});

function crc32Sum(): Summing {
  let value = 0;
  return {
    update(chunk) {
      value = crc32(chunk, value);
    },
    digest: () => word(value),
  };
}

function crc32cSum(): Summing {
  let value = 0xffffffff;
  return {
    update(chunk) {
      for (const byte of chunk) value = (castagnoli[(value ^ byte) & 0xff] as number) ^ (value >>> 8); // within its 256
    },
    digest: () => word(value ^ 0xffffffff),
  };
}

function hashSum(algorithm: string): Summing {
  const hash = createHash(algorithm);
  return { update: (chunk) => void hash.update(chunk), digest: () => hash.digest("base64") };
}

/** By the name that ends their header, `x-amz-checksum-<name>`. */
export const checksums: Readonly<Record<string, () => Summing>> = {
  crc32: crc32Sum,
  crc32c: crc32cSum,
  sha1: () => hashSum("sha1"),
  sha256: () => hashSum("sha256"),
};

export const CHECKSUM = /^x-amz-checksum-([a-z0-9]+)$/;
