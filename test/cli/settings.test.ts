import { execFile } from "node:child_process";
import { chmod, mkdir, readdir, readFile, readlink, stat, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { changeContexts } from "../../packages/cli/src/config/change.ts";
import { useCli } from "./harness.ts";

const cli = useCli();
let ada: Awaited<ReturnType<typeof cli.tenant>>;
let bob: typeof ada;

beforeAll(async () => {
  ada = await cli.tenant();
  bob = await cli.tenant();
});

const fresh = async () => {
  const folder = await cli.folder();
  return { folder, file: join(folder, "config.json"), env: { BERTH_CONFIG_DIR: folder } as Record<string, string | undefined> };
};
const login = (tenant: typeof ada, env: object, ...more: readonly string[]) =>
  cli.berth(["login", "--token", "-", ...more], { env: { ...env }, input: tenant.secret });
const contextsOf = async (file: string) => JSON.parse(await readFile(file, "utf8"));

describe("the settings file", () => {
  test("keeps every one of eight logins made at once, and leaves nothing beside it", async () => {
    const { env, file, folder } = await fresh();
    const names = Array.from({ length: 8 }, (_, i) => `c${i}`);
    const runs = await Promise.all(names.map((name) => login(ada, env, "--context", name)));
    expect(runs.map(({ code }) => code)).toEqual(names.map(() => 0));
    expect(Object.keys((await contextsOf(file)).contexts).sort()).toEqual(names);
    expect(await readdir(folder)).toEqual(["config.json"]);
  });

  test("is freed from the lock of one that was killed", async () => {
    const { env, file, folder } = await fresh();
    await writeFile(`${file}.lock`, "somebody who is no more");
    expect((await login(ada, env)).code).toBe(0);
    expect(await readdir(folder)).toEqual(["config.json"]);
  });

  test("is written through a link, as of those who keep theirs in a repository, also one that leads to nothing yet", async () => {
    for (const text of [undefined, '{"current":"x","contexts":{"x":{"url":"https://x.example"}}}']) {
      const { env, file, folder } = await fresh();
      await mkdir(join(folder, "dotfiles"));
      await symlink(join("dotfiles", "berth.json"), file);
      if (text) await writeFile(join(folder, "dotfiles", "berth.json"), text, { mode: 0o600 });
      expect((await login(ada, env)).code).toBe(0);
      expect(await readlink(file)).toBe("dotfiles/berth.json");
      expect(await readFile(join(folder, "dotfiles", "berth.json"), "utf8")).toContain(ada.secret);
    }
  });

  test("that others can read is closed to them, with a word", async () => {
    const { env, file } = await fresh();
    await login(ada, env);
    await chmod(file, 0o644);
    const run = await cli.berth(["whoami"], { env });
    expect(run.stderr).toContain(`${file} holds tokens and others could read it (mode 644). Now only you can.`);
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect((await cli.berth(["whoami"], { env })).stderr).toBe("");
  });

  test("leaves nothing behind when it cannot be written", async () => {
    const { env, folder, file } = await fresh();
    await mkdir(file); // so that the last step, putting it in its place, fails
    await expect(changeContexts(env, (before) => before)).rejects.toMatchObject({ problem: { code: "cli.config" } });
    expect(await readdir(folder)).toEqual(["config.json"]);
    // The whole file as a folder cannot even be read; a new one fails at its rename.
    const other = await fresh();
    await expect(
      changeContexts(other.env, () => {
        throw new Error("half-way");
      }),
    ).rejects.toMatchObject({ problem: { code: "cli.config", detail: expect.stringContaining("half-way") } });
    expect(await readdir(other.folder)).toEqual([]);
  });

  test("on a disk that is full stays as it was, with nothing beside it", async () => {
    const { env, file, folder } = await fresh();
    const url = `https://${"x".repeat(2000)}.example`;
    const before = JSON.stringify({ current: "a", contexts: { a: { url } } });
    await writeFile(file, before, { mode: 0o600 });
    const change = new URL("../../packages/cli/src/config/change.ts", import.meta.url);
    const code = `import { changeContexts } from "${change}";
      await changeContexts(process.env, ({ contexts }) => ({ current: "b", contexts })).catch((error) => console.log(JSON.stringify(error.problem)));`;
    // A file may have 1024 bytes, which is what a disk that is full looks like to whoever writes.
    const said = await new Promise<string>((resolve, reject) => {
      const line = `trap "" XFSZ; ulimit -f 1; exec "$NODE" --input-type=module -e "$CODE"`;
      const more = { PATH: process.env.PATH, NODE: process.execPath, CODE: code, ...env };
      execFile("bash", ["--norc", "-c", line], { env: more }, (error, stdout) => (error ? reject(error) : resolve(stdout)));
    });
    expect(JSON.parse(said)).toMatchObject({ code: "cli.config", detail: expect.stringContaining("EFBIG") });
    expect(await readFile(file, "utf8")).toBe(before);
    expect(await readdir(folder)).toEqual(["config.json"]);
  });

  test("that is broken is put aside by a login, and named by what needs it", async () => {
    const { env, file, folder } = await fresh();
    await writeFile(file, "\0\0\0\0", { mode: 0o600 });
    const logout = await cli.berth(["logout"], { env });
    expect(logout.code).toBe(1);
    expect(logout.stderr).toContain("is not JSON");
    const run = await login(ada, env);
    expect(run.code, run.stderr).toBe(0);
    expect(run.stderr).toContain("It is kept as");
    const aside = (await readdir(folder)).find((name) => name.startsWith("config.json.broken-"));
    expect(await readFile(join(folder, aside ?? ""), "utf8")).toBe("\0\0\0\0");
    expect((await cli.berth(["whoami"], { env })).code).toBe(0);
  });
});

describe("where the environment gives all that is needed", () => {
  test("broken settings are not read", async () => {
    const { env, file } = await fresh();
    await writeFile(file, "\0\0\0\0");
    for (const more of [{}, { BERTH_CONTEXT: "ci" }])
      expect((await cli.berth(["whoami"], { token: ada.secret, env: { ...env, ...more } })).code).toBe(0);
  });

  test("a folder of settings that is none is not looked into", async () => {
    const { folder } = await fresh();
    await writeFile(join(folder, "file"), "");
    const env = { BERTH_CONFIG_DIR: join(folder, "file", "below") };
    expect((await cli.berth(["whoami"], { token: ada.secret, env })).code).toBe(0);
  });

  test("a user without a home is no obstacle, and is told what to set when settings are needed", async () => {
    // As where a container runs under an id that nobody has written into its /etc/passwd.
    const preload = await cli.folder({
      "no-home.cjs": `require("node:os").homedir = () => { throw Object.assign(new Error("uv_os_homedir returned ENOENT"), { code: "ERR_SYSTEM_ERROR" }); };`,
    });
    const env = { BERTH_CONFIG_DIR: undefined, HOME: undefined, NODE_OPTIONS: `--require ${join(preload, "no-home.cjs")}` };
    expect((await cli.berth(["whoami"], { token: ada.secret, env })).code).toBe(0);
    const { json, code } = await cli.berth(["whoami", "--json"], { env });
    expect(code).toBe(1);
    expect(json).toMatchObject({ code: "cli.config", hint: expect.stringContaining("BERTH_CONFIG_DIR") });
  });
});

describe("what is mistyped is refused without showing what is secret in it", () => {
  test.each([
    "http://user:PASS@127.0.0.1:1",
    "user:PASS@host",
    "https://user:pa/PASS@host/x",
    "https://host/?token=PASS",
    "https://host/#PASS",
  ])("an address: %s", async (url) => {
    const run = await cli.berth(["whoami"], { token: ada.secret, env: { BERTH_URL: url.replace("PASS", "s3cr3t") } });
    expect([run.code, run.stderr.includes("s3cr3t")]).toEqual([1, false]);
    expect(run.stderr).toContain("is not an address like");
  });

  test.each(["\nx", "\r\nx", "\u2028x", "é"])("a token with %j", async (end) => {
    const { code, json } = await cli.berth(["whoami", "--json"], { token: `berth_test_abc_s3cr3t${end}` });
    expect([code, json.code]).toEqual([1, "cli.usage"]);
    expect(json.detail).toContain("BERTH_TOKEN");
    expect(JSON.stringify(json)).not.toContain("s3cr3t");
  });

  test("a token with a line's end behind it is one", async () => {
    expect((await cli.berth(["whoami"], { token: `${ada.secret}\n` })).stdout).toContain(ada.id);
  });
});

describe("the account that is used is the one that was named", () => {
  const both = async () => {
    const { env } = await fresh();
    await login(ada, env, "--context", "ada");
    await login(bob, env, "--context", "bob");
    return env;
  };

  test("a context on the command line goes before BERTH_TOKEN, and that is said", async () => {
    const env = await both();
    const run = await cli.berth(["whoami", "--context", "ada"], { token: bob.secret, env });
    expect(run.stdout).toContain(ada.id);
    expect(run.stdout).toMatch(/Context +ada/);
    expect(run.stderr).toContain("BERTH_TOKEN is set, but --context ada goes before it");
    const same = await cli.berth(["whoami", "--context", "ada"], { token: ada.secret, env });
    expect(same.stderr).toBe("");
  });

  test("a context without a token for the address, beside BERTH_TOKEN, is refused and both are named", async () => {
    const env = await both();
    const elsewhere = cli.url.replace("127.0.0.1", "localhost");
    const { json, code } = await cli.berth(["whoami", "--json", "--context", "ada", "--url", elsewhere], {
      token: bob.secret,
      env,
    });
    expect(code).toBe(1);
    expect(json.detail).toMatch(/--context ada and BERTH_TOKEN/);
    const none = await cli.berth(["whoami", "--json", "--context", "carol"], { token: bob.secret, env });
    expect(none.json.detail).toContain('There is no context "carol"');
  });

  test("BERTH_TOKEN and BERTH_CONTEXT that are two logins are refused; where the context is only a name the token is used", async () => {
    const env = await both();
    const run = await cli.berth(["whoami", "--json"], { token: bob.secret, env: { ...env, BERTH_CONTEXT: "ada" } });
    expect(run.code).toBe(1);
    expect(run.json.detail).toMatch(/BERTH_TOKEN and BERTH_CONTEXT \(ada\)/);
    for (const BERTH_CONTEXT of ["bob", "ci"])
      expect((await cli.berth(["whoami", "--json"], { token: bob.secret, env: { ...env, BERTH_CONTEXT } })).json).toMatchObject({
        tenant: bob.id,
        context: null,
      });
  });

  test("a context on the command line goes before BERTH_URL", async () => {
    const env = { ...(await both()), BERTH_URL: "https://berth.invalid" };
    expect((await cli.berth(["whoami", "--json", "--context", "ada"], { env })).json).toMatchObject({
      tenant: ada.id,
      url: cli.url,
    });
  });

  test("a login says that it is current now, and there is a way back", async () => {
    const env = { ...(await fresh()).env, BERTH_URL: undefined };
    const at = ["--url", cli.url];
    expect((await login(ada, env, "--context", "ada", ...at)).stderr).toBe("");
    const second = await login(bob, env, "--context", "bob", ...at);
    expect(second.stderr).toContain("Context bob is current now, no longer ada. Back: berth context use ada");
    expect((await cli.berth(["context", "use", "ada"], { env })).stdout).toContain("Context ada is current now");
    expect((await cli.berth(["whoami", "--json"], { env })).json.tenant).toBe(ada.id);
    const list = await cli.berth(["context", "list", "--json"], { env });
    expect(list.json.items).toEqual([
      { name: "ada", url: cli.url, current: true, loggedIn: true },
      { name: "bob", url: cli.url, current: false, loggedIn: true },
    ]);
    expect(list.stdout + (await cli.berth(["context"], { env })).stdout).not.toContain(ada.secret);
    const none = await cli.berth(["context", "use", "carol", "--json"], { env });
    expect(none.json.detail).toContain("There are: ada, bob");
  });

  test("a logout says that the environment still holds a token, and which login is current then", async () => {
    const env = await both();
    const run = await cli.berth(["logout", "--context", "bob"], { token: ada.secret, env });
    expect(run.code, run.stderr).toBe(0);
    expect(run.stderr).toContain("BERTH_TOKEN is still set in this shell");
    expect(run.stderr).toContain("Context ada is current now.");
  });
});
