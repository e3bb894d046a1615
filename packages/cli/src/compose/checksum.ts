/** The polynomial of `cksum`, highest bit first. */
const POLYNOMIAL = 0x04c11db7;

const table = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte << 24;
  for (let bit = 0; bit < 8; bit++) value = value & 0x80000000 ? (value << 1) ^ POLYNOMIAL : value << 1;
  return value;
});

/** What `cksum` says of a content: of its bytes, and then of their number. */
export function checksum(): { readonly update: (chunk: Uint8Array) => void; readonly value: () => number } {
  let sum = 0;
  let length = 0;
  const add = (byte: number) => {
    sum = (sum << 8) ^ (table[(sum >>> 24) ^ byte] ?? 0);
  };
  return {
    update(chunk) {
      for (const byte of chunk) add(byte);
      length += chunk.length;
    },
    value() {
      const before = sum;
      for (let left = length; left > 0; left = Math.floor(left / 256)) add(left % 256);
      const value = ~sum >>> 0;
      sum = before;
      return value;
    },
  };
}
