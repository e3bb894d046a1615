import { execFileSync } from "node:child_process";
import { chmod, readFile } from "node:fs/promises";
import { join } from "node:path";
import { INSTALL } from "@berth/domain/remote/install.ts";
import { beforeEach, describe, expect, test } from "vitest";
import { addressText, parseAddress } from "../../packages/cli/src/target/address.ts";
import { installCommand } from "../../packages/cli/src/target/install.ts";
import { HOST_KEY, lost } from "../support/reach.ts";
import { useCli } from "./harness.ts";

const cli = useCli();
let tenant: Awaited<ReturnType<typeof cli.tenant>>;
const { fingerprint } = HOST_KEY;
const wrong = `SHA256:${"e".repeat(43)}`;

beforeEach(async () => {
  tenant = await cli.tenant();
});
const berth = (args: readonly string[], options = {}) => cli.berth(args, { token: tenant.secret, ...options });

describe("an address", () => {
  test.each([
    ["203.0.113.7", { user: "root", host: "203.0.113.7", port: 22 }, "root@203.0.113.7"],
    ["deploy@host.example:2222", { user: "deploy", host: "host.example", port: 2222 }, "deploy@host.example:2222"],
    ["first.last@h", { user: "first.last", host: "h", port: 22 }, "first.last@h"],
    ["MACHINE-7$@h", { user: "MACHINE-7$", host: "h", port: 22 }, "MACHINE-7$@h"],
    ["ssh://root@h", { user: "root", host: "h", port: 22 }, "root@h"],
    ["root@[2001:db8::1]:2200", { user: "root", host: "2001:db8::1", port: 2200 }, "root@[2001:db8::1]:2200"],
    ["root@2001:db8::1", { user: "root", host: "2001:db8::1", port: 22 }, "root@[2001:db8::1]"],
  ])("%s is understood, and written as people do", (text, address, written) => {
    expect(parseAddress(text)).toEqual(address);
    expect(addressText(address)).toBe(written);
  });

  test.each([
    "",
    "root@",
    "-oProxyCommand=x",
    "root@-oProxyCommand=x",
    "ro ot@h",
    "a@b@c",
    "$(id)@h",
    "a$b@h",
    ".hidden@h",
    "1000@h",
    `${"a".repeat(33)}@h`,
    "root@h:0",
    "root@h:99999",
    "root@[nope]",
    "root@h/x",
  ])("%j is refused", (text) => {
    expect(() => parseAddress(text)).toThrow();
  });
});

describe("target add", () => {
  test("shows the key and the line that lets it in, and leaves the host key to be confirmed", async () => {
    const run = await berth(["target", "add", "web1", "root@127.0.0.1:2222"]);
    expect(run.code, run.stderr).toBe(0);
    expect(run.stderr).toMatch(/echo 'ssh-ed25519 \S+ berth-web1' \| ssh -p 2222 root@127\.0\.0\.1 'umask 077;/);
    expect(run.stderr).toContain(`web1 shows this host key: ${fingerprint}`);
    expect(run.stderr).toContain(`berth target trust web1 --fingerprint ${fingerprint}`);
    expect(run.stdout).toContain("its host key waits to be confirmed");
    expect((await berth(["target", "show", "web1", "--json"])).json.status).toBe("untrusted");
  });

  test("with the right fingerprint confirms it and tells what the server has", async () => {
    const run = await berth(["target", "add", "web1", "root@127.0.0.1", "--fingerprint", fingerprint]);
    expect(run.code).toBe(0);
    expect(run.stdout).toContain("✓ web1 is ready");
    expect(run.stdout).toMatch(/Docker +27\.3\.1\n +Compose +2\.29\.7/);
  });

  test("with another fingerprint confirms nothing", async () => {
    const run = await berth(["target", "add", "web1", "root@127.0.0.1", "--fingerprint", wrong, "--json"]);
    expect(run.code).toBe(1);
    expect(run.json).toMatchObject({ code: "target.key_mismatch", detail: expect.stringContaining(fingerprint) });
    expect((await berth(["target", "show", "web1", "--json"])).json).toMatchObject({ status: "untrusted" });
  });

  test("with --yes trusts what was shown, and says so", async () => {
    const run = await berth(["target", "add", "web1", "root@127.0.0.1", "--yes"]);
    expect(run).toMatchObject({ code: 0, stderr: expect.stringContaining("Trusted as it was shown, because of --yes.") });
  });

  test("of a server that lets nobody in says what is missing and how to fix it", async () => {
    cli.reach.next(lost("auth.failed", "no key"));
    const run = await berth(["target", "add", "web1", "root@127.0.0.1", "--yes"]);
    expect(run.code).toBe(1);
    expect(run.stdout).toContain("✗ web1 is unready");
    expect(run.stdout).toMatch(/What to do +Add the target's public key/);
    expect(run.stderr).toContain("berth target check web1");
    const shown = await berth(["target", "show", "web1"]);
    expect(shown.stdout).toContain("Let the key in there with this line:");
  });

  test("with --install hands the key to the person's own ssh on standard input, with a constant command", async () => {
    const bin = await cli.folder({ ssh: '#!/bin/sh\nprintf "%s\\n" "$@" >"$0.args"\ncat >"$0.stdin"\n' });
    await chmod(join(bin, "ssh"), 0o755);
    const env = { PATH: `${bin}:${process.env.PATH}` };
    const run = await berth(["target", "add", "web1", "deploy@127.0.0.1:2222", "--install", "--yes"], { env });
    expect(run.code, run.stderr).toBe(0);
    const { publicKey } = (await berth(["target", "show", "web1", "--json"])).json;
    expect(await readFile(join(bin, "ssh.stdin"), "utf8")).toBe(`${publicKey}\n`);
    expect((await readFile(join(bin, "ssh.args"), "utf8")).split("\n").slice(0, -1)).toEqual([
      "-p",
      "2222",
      "-l",
      "deploy",
      "-o",
      "ConnectTimeout=20",
      "--",
      "127.0.0.1",
      ...INSTALL.split("\n"),
    ]);
  });

  test("with --install that fails says what to do by hand, and the server stays registered", async () => {
    const bin = await cli.folder({ ssh: "#!/bin/sh\nexit 255\n" });
    await chmod(join(bin, "ssh"), 0o755);
    const run = await berth(["target", "add", "web1", "root@127.0.0.1", "--install", "--yes", "--json"], {
      env: { PATH: `${bin}:${process.env.PATH}` },
    });
    expect(run.code).toBe(1);
    expect(run.json).toMatchObject({
      code: "cli.key",
      next: [expect.stringContaining("authorized_keys"), "berth target trust web1"],
    });
    expect((await berth(["target", "list", "--json"])).json.items).toHaveLength(1);
    // Whoever comes back to it, or adds it again, is led on.
    expect((await berth(["target", "show", "web1"])).stdout).toContain("berth target trust web1");
    const again = await berth(["target", "add", "web1", "root@127.0.0.1", "--no-install", "--json"]);
    expect(again.json).toMatchObject({ code: "target.exists", next: ["berth target show web1"] });
  });
});

test("the constant command lets a key in once, whatever the file looked like", async () => {
  const home = await cli.folder();
  const keys = join(home, ".ssh", "authorized_keys");
  const let_in = (key: string) =>
    execFileSync("sh", ["-c", INSTALL], { env: { HOME: home, PATH: process.env.PATH }, input: `${key}\n` });
  let_in("ssh-ed25519 AAAA berth-web1");
  let_in("ssh-ed25519 AAAA berth-web1");
  expect(await readFile(keys, "utf8")).toBe("ssh-ed25519 AAAA berth-web1\n");
  execFileSync("sh", ["-c", 'printf "no newline at the end" >"$0"', keys]);
  let_in("ssh-ed25519 BBBB berth-$(touch hacked)");
  expect(await readFile(keys, "utf8")).toBe("no newline at the end\nssh-ed25519 BBBB berth-$(touch hacked)\n");
});

test("a public key that is none never becomes part of a command to paste", () => {
  const address = { user: "root", host: "h", port: 22 };
  expect(() => installCommand(address, "ssh-ed25519 AAAA'; rm -rf / #")).toThrow();
  expect(installCommand(address, "ssh-ed25519 AAAA berth-x")).toContain("echo 'ssh-ed25519 AAAA berth-x' | ssh root@h ");
});

describe("target check", () => {
  test("of all of them ends with 1 when one is not ready, and says which", async () => {
    await tenant.target("web1");
    await tenant.target("web2");
    cli.reach.next(lost("refused", "nothing listens"));
    const run = await berth(["target", "check", "--all"]);
    expect(run.code).toBe(1);
    expect(run.stdout).toMatch(/^web[12] +ready/m);
    expect(run.stdout).toMatch(/^web[12] +unready .*berth target show web[12]$/m);
    const { json } = await berth(["target", "check", "--all", "--json"]);
    expect(json.items).toMatchObject([{ status: "ready" }, { status: "ready" }]);
  });

  test("needs one name or --all, and not both", async () => {
    for (const args of [[], ["web1", "--all"]])
      expect((await berth(["target", "check", ...args, "--json"])).json).toMatchObject({ code: "cli.usage" });
  });
});

test("a changed host key is shown beside the confirmed one, and the list says what to do", async () => {
  await tenant.target("web1");
  const before = cli.reach.hostKey;
  cli.reach.hostKey = { ...HOST_KEY, key: `${HOST_KEY.key}x`, fingerprint: wrong };
  try {
    expect((await berth(["target", "check", "web1"])).code).toBe(1);
    expect((await berth(["target", "list"])).stdout).toContain("Confirm web1's host key: berth target trust web1");
    expect((await berth(["target", "show", "web1"])).stdout).toMatch(
      new RegExp(`Shown key +${wrong.replace("+", "\\+")} \\(not confirmed\\)`),
    );
  } finally {
    cli.reach.hostKey = before;
  }
});

test("removing one without a terminal needs --yes, and says what is lost", async () => {
  await tenant.target("web1");
  const refused = await berth(["target", "remove", "web1", "--json"]);
  expect(refused.json).toMatchObject({ code: "cli.confirm", next: ["berth target remove web1 --yes"] });
  expect((await berth(["target", "remove", "web1", "--yes"])).code).toBe(0);
});
