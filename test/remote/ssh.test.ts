import { execFileSync } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import { fingerprint, generateKey } from "@berth/domain/remote/key.ts";
import type { Exit, RunEvent } from "@berth/domain/remote/remote.ts";
import { RUN } from "@berth/domain/remote/request.ts";
import { connectSsh, scanHostKey } from "@berth/domain/remote/ssh.ts";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { asking, compose, deployOf, type Host, makeHost } from "./host.ts";
import { type Sshd, startRelay, startSshd, withoutSshd } from "./sshd.ts";

const reason = withoutSshd();

describe.skipIf(reason)(`a server over SSH${reason ? ` (skipped: ${reason})` : ""}`, () => {
  let host: Host;
  let sshd: Sshd;
  let jobs = 0;
  const newJob = () => `job_${++jobs}`;
  beforeAll(async () => {
    host = makeHost();
    sshd = await startSshd(host);
  });
  afterAll(async () => {
    await sshd?.stop();
    host?.remove();
  });

  async function run(input: ReturnType<typeof deployOf>, address = sshd.address): Promise<{ exit: Exit; events: RunEvent[] }> {
    const events: RunEvent[] = [];
    const remote = await connectSsh(address, sshd.key.privateKey);
    try {
      return { exit: await remote.run(input, (event) => events.push(event)), events };
    } finally {
      await remote.close();
    }
  }

  test("is deployed to with one connection and one exec of the constant command", async () => {
    const before = sshd.log().length;
    const { exit, events } = await run(asking(host, deployOf(newJob())));
    expect(exit.code).toBe(0);
    expect(events.at(-1)).toMatchObject({ type: "result", data: exit });
    const log = sshd.log().slice(before);
    expect(log.match(/^Connection from /gmu)).toHaveLength(1);
    expect(log.match(/^Starting session: command for /gmu)).toHaveLength(1);
    expect(
      log.match(/userauth-request for user \S+ service \S+ method \S+/gu)?.map((line) => line.split(" ").at(-1)),
    ).not.toContain("password");
  });

  test("gets the same command whatever is sent, byte for byte", async () => {
    const before = sshd.log().length;
    const hostile = "$(touch CANARY) '\"; touch CANARY\n`touch CANARY` ünï 🚢";
    const files = [
      { path: "compose.yaml", content: compose },
      { path: hostile.replaceAll("/", ""), content: hostile },
      { path: ".env", content: `A=${hostile}` },
    ];
    const { exit } = await run(asking(host, deployOf(newJob(), { files })));
    expect(exit.code).toBe(0);
    expect(execFileSync("cat", [`${host.home}/apps/shop-production/${hostile}`], { encoding: "utf8" })).toBe(hostile);
    expect(execFileSync("find", [host.home, "/root", "-name", "CANARY"], { encoding: "utf8" })).toBe("");
    expect(sshd.log().slice(before)).not.toContain("CANARY");
    expect(RUN).toMatchInlineSnapshot(
      `"exec sh -c 'umask 077; PATH="$PATH:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"; export PATH; fail() { printf "berth 1 0\\nr\\tcode\\t%s\\nr\\tclass\\t%s\\nr\\tstep\\tpreflight\\nr\\tmessage\\t%s\\n.\\n" "$1" "$2" "$3"; cat >/dev/null; exit "$1"; }; command -v tar >/dev/null || fail 69 tool.missing "tar is not installed"; full() { c=files.failed; case $1 in *"o space left"*|*uota*exceeded*) c=disk.full;; *ermission*|*ead-only*) c=folder.denied;; esac; fail 1 "$c" "$2: $(printf "%s" "$1" | head -n 1)"; }; IFS= read -r s; d=$(mktemp -d -t berth.XXXXXXXX 2>&1) || full "$d" "No temporary folder can be made"; n=0; IFS= read -r n; e=$(head -c "$n" | tar -xof - -C "$d" 2>&1) || { rm -rf "$d"; full "$e" "The release cannot be unpacked"; }; if [ -z "$s" ]; then exec sh "$d/runner.sh" "$d"; fi; mkfifo "$d/s" || { rm -rf "$d"; fail 69 tool.missing "mkfifo is not installed"; }; exec 3<>"$d/s"; printf "%s\\n" "$s" >&3 & exec sh "$d/runner.sh" "$d" 3'"`,
    );
  });

  test("shows its key before any credential is sent", async () => {
    const before = sshd.log().length;
    const shown = await scanHostKey("127.0.0.1", sshd.address.port);
    expect(shown).toEqual({ type: "ssh-ed25519", key: sshd.address.hostKey, fingerprint: fingerprint(sshd.address.hostKey) });
    expect(shown.fingerprint).toMatch(/^SHA256:[A-Za-z0-9+/]{43}$/u);
    await sleep(50);
    expect(sshd.log().slice(before)).not.toContain("userauth-request");
  });

  test("that shows another key than the pinned one stops everything before a credential is sent", async () => {
    const relay = await startRelay(sshd.address.port);
    const before = sshd.log().length;
    const other = generateKey("other").publicKey.split(" ")[1]!; // three words
    const failed = connectSsh({ ...sshd.address, port: relay.port, hostKey: other }, sshd.key.privateKey);
    await expect(failed).rejects.toMatchObject({ class: "hostkey.changed" });
    await sleep(50);
    expect(sshd.log().slice(before)).toContain("SSH2_MSG_KEXINIT sent");
    expect(sshd.log().slice(before)).not.toContain("userauth-request");
    expect(relay.sent().includes(sshd.address.user)).toBe(false);
    await relay.close();
  });

  test("that no longer has a key of the pinned type counts as changed", async () => {
    const ecdsa = `${Buffer.from([0, 0, 0, 19]).toString("latin1")}ecdsa-sha2-nistp256`;
    const failed = connectSsh({ ...sshd.address, hostKey: Buffer.from(ecdsa, "latin1").toString("base64") }, sshd.key.privateKey);
    await expect(failed).rejects.toMatchObject({ class: "hostkey.changed" });
  });

  test("that does not know the key says so, and no other way in is tried", async () => {
    const before = sshd.log().length;
    await expect(connectSsh(sshd.address, generateKey("stranger").privateKey)).rejects.toMatchObject({ class: "auth.failed" });
    expect(sshd.log().slice(before)).not.toMatch(/method (?:password|keyboard-interactive|none)/u);
  });

  test("where nothing listens is refused", async () => {
    await expect(connectSsh({ ...sshd.address, port: 1 }, sshd.key.privateKey)).rejects.toMatchObject({ class: "refused" });
  });
});
