import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { fingerprint, generateKey, keyType } from "@berth/domain/remote/key.ts";
import ssh2 from "ssh2";
import { expect, test } from "vitest";
import { withoutSshd } from "./sshd.ts";

test("a made key is read by ssh2, and its halves belong together", () => {
  for (let round = 0; round < 20; round += 1) {
    const { privateKey, publicKey } = generateKey("berth target_1");
    const parsed = ssh2.utils.parseKey(privateKey);
    if (parsed instanceof Error) throw parsed;
    expect(`ssh-ed25519 ${parsed.getPublicSSH().toString("base64")} ${parsed.comment}`).toBe(publicKey);
    expect(parsed.verify("text", parsed.sign("text"))).toBe(true);
    expect(keyType(publicKey.split(" ")[1]!)).toBe("ssh-ed25519"); // three words
  }
});

test.skipIf(withoutSshd())("OpenSSH reads a made key and names the same fingerprint", () => {
  const folder = mkdtempSync(`${tmpdir()}/berth-key-`);
  const { privateKey, publicKey } = generateKey("a comment");
  writeFileSync(`${folder}/key`, privateKey, { mode: 0o600 });
  expect(execFileSync("ssh-keygen", ["-y", "-f", `${folder}/key`], { encoding: "utf8" }).trim()).toBe(publicKey);
  const shown = execFileSync("ssh-keygen", ["-l", "-f", `${folder}/key`], { encoding: "utf8" });
  expect(shown).toContain(fingerprint(publicKey.split(" ")[1]!)); // three words
  rmSync(folder, { recursive: true });
});

test("two keys are never the same, and a comment is one line", () => {
  expect(generateKey("x").privateKey).not.toBe(generateKey("x").privateKey);
  expect(() => generateKey("x\nssh-ed25519 AAAA")).toThrow();
});
