import { RemoteError } from "@berth/domain/remote/remote.ts";
import { beforeEach, expect, test } from "vitest";
import { HOST_KEY } from "../support/reach.ts";
import { useCli } from "./harness.ts";

const cli = useCli();
let tenant: Awaited<ReturnType<typeof cli.tenant>>;
beforeEach(async () => {
  tenant = await cli.tenant();
});
const { fingerprint } = HOST_KEY;
const PASSWORD = "canary-77aa";
const bootstrap = (args: readonly string[], input = `${PASSWORD}\n`) =>
  cli.berth(["target", "bootstrap", ...args], { token: tenant.secret, input });

test("a server is added, its key confirmed by its fingerprint, and only then the password of standard input is used", async () => {
  const run = await bootstrap(["web1", "root@127.0.0.1:2222", "--fingerprint", fingerprint]);
  expect(run.code, run.stderr).toBe(0);
  expect(run.stdout).toMatch(/✓ web1 is ready/);
  expect(run.stderr).toMatch(/web1 takes Berth's key; the password is forgotten/);
  expect(run.stdout + run.stderr).not.toContain(PASSWORD);
  expect(cli.reach.letIns.at(-1)).toMatchObject({ password: PASSWORD, publicKey: expect.stringMatching(/ berth-web1$/) });
});

test("without anybody who confirms the host key no password is read or sent", async () => {
  const before = cli.reach.letIns.length;
  const run = await bootstrap(["web1", "root@127.0.0.1"]);
  expect(run.code).not.toBe(0);
  expect(run.stderr).toContain(`berth target bootstrap web1 --fingerprint ${fingerprint} < FILE`);
  const wrong = await bootstrap(["web1", "--fingerprint", `SHA256:${"e".repeat(43)}`]);
  expect(wrong.stderr).toContain("That is not the host key the server showed");
  expect(cli.reach.letIns.length).toBe(before);
});

test("a wrong password ends with 1 and what to do, and the right one can be given right after", async () => {
  cli.reach.refusePassword(new RemoteError("password.wrong", "The server did not let root in with the password"));
  const run = await bootstrap(["web1", "root@127.0.0.1", "--fingerprint", fingerprint]);
  expect(run.code).toBe(1);
  expect(run.stdout).toContain("did not let root in");
  expect(run.stdout).toMatch(/tried\s+once\s+and\s+nothing\s+changed/);
  expect((await bootstrap(["web1"])).code).toBe(0);
});

test("a password is never an argument, and an empty one is asked for", async () => {
  expect((await bootstrap(["web1", "root@127.0.0.1", PASSWORD])).code).toBe(1);
  const empty = await bootstrap(["web1", "root@127.0.0.1", "--fingerprint", fingerprint], "");
  expect(empty.code).toBe(1);
  expect(empty.stderr).toContain("standard input");
});

test("Docker is installed and passwords are turned off in the same command, with the way back shown before, and the server is checked last", async () => {
  const more = ["--install-docker", "--disable-password-login"];
  const asked = await bootstrap(["web1", "root@127.0.0.1", "--fingerprint", fingerprint, ...more]);
  expect(asked.code).not.toBe(0);
  expect(asked.stderr).toContain("berth target prepare web1 --enable-password-login");
  expect(asked.stderr).toContain("rm /etc/ssh/sshd_config.d/00-berth.conf");
  const run = await bootstrap(["web1", "--yes", ...more]);
  expect(run.code, run.stderr).toBe(0);
  expect(run.stderr).toMatch(/web1 has Docker and Compose[\s\S]*web1 takes no passwords any more/);
  expect(run.stdout).toMatch(/✓ web1 is ready/);
  expect(
    cli.reach.runs
      .filter(({ op }) => op === "prepare")
      .slice(-2)
      .map(({ values }) => values.what),
  ).toEqual(["docker", "passwords.off"]);
});

test("prepare asks for what is to be done, and does not turn passwords off unless that is agreed to", async () => {
  await bootstrap(["web1", "root@127.0.0.1", "--fingerprint", fingerprint]);
  const prepare = (...args: string[]) => cli.berth(["target", "prepare", "web1", ...args], { token: tenant.secret });
  const runs = () => cli.reach.runs.filter(({ op }) => op === "prepare").length;
  const before = runs();
  expect((await prepare()).code).toBe(1);
  expect((await prepare("--disable-password-login", "--enable-password-login")).code).toBe(1);
  expect((await prepare("--disable-password-login")).stderr).toContain("--disable-password-login --yes");
  expect(runs()).toBe(before);
  expect((await prepare("--enable-password-login")).code).toBe(0);
  expect(runs()).toBe(before + 1);
});
