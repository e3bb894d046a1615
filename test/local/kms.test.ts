import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { createKey, InvalidCiphertext } from "../../packages/local/src/kms/keys.ts";

const about = { tenant: "ten_1", target: "tgt_1" };

test("a data key opens for the context it was made for, in whatever order that is told", () => {
  const key = createKey();
  const { plain, wrapped } = key.generateDataKey(about);
  expect(plain).toHaveLength(32);
  expect(key.decrypt(wrapped, { target: "tgt_1", tenant: "ten_1" })).toEqual(plain);
});

test("another context, another key, a changed and a cut ciphertext are refused", () => {
  const key = createKey();
  const { wrapped } = key.generateDataKey(about);
  const changed = Uint8Array.from(wrapped, (byte, i) => (i === wrapped.length - 1 ? byte ^ 1 : byte));
  expect(() => key.decrypt(wrapped, { ...about, tenant: "ten_2" })).toThrow(InvalidCiphertext);
  expect(() => key.decrypt(wrapped, {})).toThrow(InvalidCiphertext);
  expect(() => createKey().decrypt(wrapped, about)).toThrow(InvalidCiphertext);
  expect(() => key.decrypt(changed, about)).toThrow(InvalidCiphertext);
  expect(() => key.decrypt(wrapped.subarray(0, 20), about)).toThrow(InvalidCiphertext);
});

test("a key kept in a folder opens after a restart what it wrapped before", () => {
  const folder = mkdtempSync(join(tmpdir(), "berth-kms-"));
  const { plain, wrapped } = createKey({ folder }).generateDataKey(about);
  expect(createKey({ folder }).decrypt(wrapped, about)).toEqual(plain);
});
