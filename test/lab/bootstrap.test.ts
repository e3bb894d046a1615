/** A password that lets a key in on a real server, and every way in which it does not. */
import { generateKey } from "@berth/domain/remote/key.ts";
import { letIn } from "@berth/domain/remote/password.ts";
import { connectSsh } from "@berth/domain/remote/ssh.ts";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { available, type Lab, startLab } from "./lab.ts";
import type { Server } from "./server.ts";

const reason = available();
const PASSWORD = "canary $(touch /CANARY) ü'\"";

describe.skipIf(reason)(`a password of a real server${reason ? ` (skipped: ${reason})` : ""}`, () => {
  let lab: Lab;
  let server: Server;
  const key = generateKey("berth-web1");
  /** What sshd has said since it first started, of those at the usual port or at another. */
  const told = (port = 22) => server.exec(`cat /var/log/sshd${port === 22 ? "" : `-${port}`}.log`);
  const count = async (words: RegExp, port?: number) => (await told(port)).match(words)?.length ?? 0;
  const use = (user: string, password = PASSWORD, at: Partial<Server> = {}) =>
    letIn({ ...server, user, ...at }, password, key.publicKey);
  const sshd = (port: number, ...options: string[]) =>
    server.exec(
      `/usr/sbin/sshd -p ${port} -E /var/log/sshd-${port}.log -o PidFile=/run/sshd-${port}.pid -o LogLevel=VERBOSE ${options.map((each) => `-o ${each}`).join(" ")}
       until [ -s /run/sshd-${port}.pid ]; do sleep 0.05; done`,
    );
  const user = (name: string) =>
    server.exec(`useradd --create-home --shell /bin/bash ${name} && chpasswd <<'EOF'\n${name}:${PASSWORD}\nEOF`);
  const keys = (name: string) => server.exec(`cat /home/${name}/.ssh/authorized_keys 2>/dev/null || true`);

  beforeAll(async () => {
    lab = await startLab({ servers: 1 });
    server = lab.servers[0]!; // one was asked for
  });
  afterAll(() => lab?.close());

  test("lets the key in, beside those that are there, and a second time changes nothing", async () => {
    await user("mona");
    await server.exec(
      "install -d -o mona -m 700 /home/mona/.ssh && printf 'ssh-ed25519 AAAA of-mona' >/home/mona/.ssh/authorized_keys",
    );
    await server.exec("chown mona /home/mona/.ssh/authorized_keys");
    for (let time = 0; time < 2; time++) {
      await use("mona");
      expect(await keys("mona")).toBe(`ssh-ed25519 AAAA of-mona\n${key.publicKey}\n`);
    }
    await (await connectSsh({ ...server, user: "mona" }, key.privateKey)).close();
    expect(await server.exec("grep -rl 'canary' /home /var/log /tmp /run/sshd* 2>/dev/null || ls / | grep CANARY || true")).toBe(
      "",
    );
  });

  test("that is wrong is tried once and locks nobody out: the right one lets the key in right after", async () => {
    await user("lisa");
    const before = await count(/Failed password for lisa/gu);
    await expect(use("lisa", "not it")).rejects.toMatchObject({ class: "password.wrong" });
    expect(await count(/Failed password for lisa/gu)).toBe(before + 1);
    expect(await keys("lisa")).toBe("");
    await use("lisa");
    expect(await keys("lisa")).toBe(`${key.publicKey}\n`);
  });

  test("is not sent where the server lets nobody in by password, nor where another host key is shown", async () => {
    await user("otto");
    await sshd(2201, "PasswordAuthentication=no", "KbdInteractiveAuthentication=no", "UsePAM=no");
    await expect(use("otto", PASSWORD, { port: 2201 })).rejects.toMatchObject({ class: "password.refused" });
    const other = generateKey("other").publicKey.split(" ")[1]!; // three words
    await expect(use("otto", PASSWORD, { hostKey: other })).rejects.toMatchObject({ class: "hostkey.changed" });
    expect(await count(/(?:password|keyboard-interactive) for otto/gu, 2201)).toBe(0);
    expect(await count(/(?:password|keyboard-interactive) for otto/gu)).toBe(0);
    expect(await keys("otto")).toBe("");
  });

  test("is given to a server that asks for it by itself, once", async () => {
    await user("kim");
    await sshd(2202, "PasswordAuthentication=no", "KbdInteractiveAuthentication=yes", "UsePAM=yes");
    await expect(use("kim", "not it", { port: 2202 })).rejects.toMatchObject({ class: "password.wrong" });
    expect(await count(/Failed keyboard-interactive\/pam for kim/gu, 2202)).toBe(1);
    await use("kim", PASSWORD, { port: 2202 });
    expect(await keys("kim")).toBe(`${key.publicKey}\n`);
  });

  test("that has to be changed first is told apart, by a server that asks and by one that refuses the command", async () => {
    await user("old");
    await server.exec("chage -d 0 old");
    await sshd(2203, "PasswordAuthentication=yes", "KbdInteractiveAuthentication=no", "UsePAM=yes");
    for (const port of [2202, 2203])
      await expect(use("old", PASSWORD, { port }), String(port)).rejects.toMatchObject({ class: "password.more" });
    expect(await keys("old")).toBe("");
  });

  test("of a user whose folder cannot be written is not a wrong one", async () => {
    await user("barred");
    await server.exec("chown root /home/barred && chmod 755 /home/barred");
    await expect(use("barred")).rejects.toMatchObject({
      class: "key.failed",
      message: expect.stringMatching(/ermission denied/u),
    });
  });

  test("is not tried on a server that is away", async () => {
    await expect(use("mona", PASSWORD, { port: 2299 })).rejects.toMatchObject({ class: "refused" });
  });
});
