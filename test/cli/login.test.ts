import { readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { answerDevice } from "@berth/domain/token/device.ts";
import { beforeAll, describe, expect, test } from "vitest";
import { flat, useCli } from "./harness.ts";

const cli = useCli();
type Tenant = Awaited<ReturnType<typeof cli.tenant>>;
let tenant: Tenant;
const config = () => cli.folder().then((BERTH_CONFIG_DIR) => ({ BERTH_CONFIG_DIR }));
const written = async ({ BERTH_CONFIG_DIR }: { BERTH_CONFIG_DIR: string }) =>
  JSON.parse(await readFile(join(BERTH_CONFIG_DIR, "config.json"), "utf8"));

beforeAll(async () => {
  tenant = await cli.tenant();
});

describe("with a token", () => {
  test("from standard input it is kept for the owner's eyes only, and shown nowhere", async () => {
    const env = await config();
    const login = await cli.berth(["login", "--token", "-"], { env, input: `${tenant.secret}\n` });
    expect(login).toMatchObject({ code: 0, stderr: "" });
    expect(login.stdout).toContain(`Logged in to ${cli.url}`);
    expect(login.stdout).not.toContain(tenant.secret);
    expect((await stat(join(env.BERTH_CONFIG_DIR, "config.json"))).mode & 0o777).toBe(0o600);
    expect(await written(env)).toEqual({
      current: "default",
      contexts: { default: { url: cli.url, token: tenant.secret, via: "given" } },
    });
    const who = await cli.berth(["whoami", "--json"], { env: { ...env, BERTH_URL: undefined } });
    expect(who.json).toMatchObject({ tenant: tenant.id, context: "default", url: cli.url, from: "context" });
  });

  test("that is no good nothing is kept", async () => {
    const env = await config();
    const login = await cli.berth(["login", "--token", "-", "--json"], { env, input: "berth_test_nonsense" });
    expect(login.code).toBe(4);
    expect(login.json).toMatchObject({ code: "auth.required" });
    await expect(written(env)).rejects.toThrow("ENOENT");
  });

  test("that is empty is refused as a mistake", async () => {
    expect((await cli.berth(["login", "--token", "-", "--json"], { env: await config() })).json).toMatchObject({
      code: "cli.usage",
    });
  });
});

describe("with the browser", () => {
  const confirm = (approve: boolean) => {
    let said = "";
    return (text: string) => {
      said += text;
      const userCode = /[A-Z]{4}-[A-Z]{4}/.exec(said)?.[0];
      if (!userCode) return;
      said = "";
      void answerDevice(tenant.ctx, { userCode, approve });
    };
  };

  test("a confirmed code logs in, and logging out revokes the token that came of it", async () => {
    const env = await config();
    const login = await cli.berth(["login", "--no-browser"], { env, watch: confirm(true) });
    expect(login.code, login.stderr).toBe(0);
    expect(login.stderr).toContain(`${cli.url}/device?code=`);
    const { token } = (await written(env)).contexts.default;
    expect((await cli.berth(["whoami"], { token, env })).code).toBe(0);
    const logout = await cli.berth(["logout", "--json"], { env });
    expect(logout.json).toEqual({ context: "default", url: cli.url, revoked: true });
    expect(await written(env)).toEqual({ current: "default", contexts: {} });
    expect((await cli.berth(["whoami"], { token, env })).code).toBe(4);
    expect((await cli.berth(["logout"], { env })).code).toBe(4);
  });

  test("a program gets the code as JSON on standard error and only the result on standard output", async () => {
    const login = await cli.berth(["login", "--json", "--scope", "read"], { env: await config(), watch: confirm(true) });
    expect(JSON.parse(login.stderr)).toMatchObject({ type: "confirm", code: expect.stringMatching(/^[A-Z]{4}-[A-Z]{4}$/) });
    expect(login.json).toMatchObject({ tenant: tenant.id, actor: { scopes: ["read"] } });
  });

  test("a denied code ends with the service's problem", async () => {
    const env = await config();
    const login = await cli.berth(["login"], { env, watch: confirm(false) });
    expect(login.code).toBe(1);
    expect(login.stderr).toContain("The login was denied");
    await expect(written(env)).rejects.toThrow("ENOENT");
  });
});

describe("contexts", () => {
  test("are chosen by flag before environment before the last login", async () => {
    const env = await config();
    const other = await cli.tenant();
    await cli.berth(["login", "--token", "-", "--context", "mine"], { env, input: tenant.secret });
    await cli.berth(["login", "--token", "-", "--context", "other"], { env, input: other.secret });
    const who = async (args: readonly string[], more: object = {}) =>
      (await cli.berth(["whoami", "--json", ...args], { env: { ...env, BERTH_URL: undefined, ...more } })).json.tenant;
    expect(await who([])).toBe(other.id);
    expect(await who([], { BERTH_CONTEXT: "mine" })).toBe(tenant.id);
    expect(await who(["--context", "other"], { BERTH_CONTEXT: "mine" })).toBe(other.id);
    expect(await who(["--context", "other"], { BERTH_TOKEN: tenant.secret })).toBe(other.id);
    expect(await who([], { BERTH_TOKEN: tenant.secret, BERTH_URL: cli.url })).toBe(tenant.id);
  });

  test("that are not there are refused with those that are", async () => {
    const env = await config();
    await cli.berth(["login", "--token", "-", "--context", "mine"], { env, input: tenant.secret });
    const { json, code } = await cli.berth(["whoami", "--context", "none", "--json"], { env });
    expect(code).toBe(1);
    expect(json.detail).toContain("There are: mine");
  });

  test("never send their token to another address", async () => {
    const env = await config();
    await cli.berth(["login", "--token", "-"], { env, input: tenant.secret });
    const elsewhere = cli.url.replace("127.0.0.1", "localhost");
    expect((await cli.berth(["whoami", "--url", elsewhere], { env })).code).toBe(4);
    expect((await cli.berth(["whoami", "--url", cli.url], { env })).code).toBe(0);
  });

  test("a token is not sent in the clear to another machine", async () => {
    const { json, code } = await cli.berth(["whoami", "--json", "--url", "http://berth.example"], { token: tenant.secret });
    expect(code).toBe(1);
    expect(json).toMatchObject({ code: "cli.insecure" });
  });

  test("a settings file that is broken is named, and not overwritten by what only reads", async () => {
    const env = await config();
    const file = join(env.BERTH_CONFIG_DIR, "config.json");
    await writeFile(file, "{ nonsense");
    const { stderr, code } = await cli.berth(["whoami"], { env });
    expect(code).toBe(1);
    expect(stderr).toContain(file);
    expect(await readFile(file, "utf8")).toBe("{ nonsense");
  });

  test("without any address it is said how to give one", async () => {
    const { json } = await cli.berth(["login", "--json"], { env: { ...(await config()), BERTH_URL: undefined } });
    expect(json).toMatchObject({ code: "cli.no_service", next: [expect.stringContaining("--url")] });
  });
});

describe("tokens", () => {
  test("the secret of a new one is all there is on standard output, and is listed nowhere", async () => {
    const made = await cli.berth(["token", "create", "ci", "--scope", "deploy", "--app", "shop", "--days", "5"], {
      token: tenant.secret,
    });
    expect(made.stdout).toMatch(/^berth_test_\w+\n$/);
    expect(made.stderr).toMatch(/Token ci \(tok_\w+\): may deploy, only shop, until/);
    const list = await cli.berth(["token", "list"], { token: tenant.secret });
    expect(list.stdout).not.toContain(made.stdout.trim());
    const id = /tok_\w+/.exec(made.stderr)?.[0] ?? "";
    const secret = made.stdout.trim();
    expect((await cli.berth(["whoami", "--json"], { token: secret })).json.actor).toMatchObject({
      scopes: ["deploy"],
      app: "shop",
    });
    expect((await cli.berth(["token", "revoke", id], { token: tenant.secret })).stdout).toContain(`${id} is revoked`);
    expect((await cli.berth(["whoami"], { token: secret })).code).toBe(4);
    const again = await cli.berth(["token", "revoke", id, "--json"], { token: tenant.secret });
    expect(again).toMatchObject({ code: 1 });
    expect(again.json).toMatchObject({ code: "token.not_found" });
  });

  test("a scope there is not is a mistake, found before anything is asked", async () => {
    const { json } = await cli.berth(["token", "create", "ci", "--scope", "root", "--json"], { token: tenant.secret });
    expect(json).toMatchObject({ code: "cli.usage", detail: expect.stringContaining("read, plan, deploy, admin, billing") });
  });
});

test("a login at a terminal shows the code and waits", async () => {
  const env = await config();
  let done = false;
  const login = await cli.atTerminal(["login", "--no-browser"], [], {
    env,
    watch: (text) => {
      const userCode = /code=([A-Z]{4}-[A-Z]{4})/.exec(flat(text))?.[1];
      if (!userCode || done) return;
      done = true;
      void answerDevice(tenant.ctx, { userCode, approve: true });
    },
  });
  expect(login.code).toBe(0);
  expect(flat(login.stdout)).toContain("waiting for you to confirm it in the browser");
});
