import { readFileSync } from "node:fs";
import { beforeEach, describe, expect, test } from "vitest";
import { flat, useCli } from "./harness.ts";

const cli = useCli();
let tenant: Awaited<ReturnType<typeof cli.tenant>>;
beforeEach(async () => {
  tenant = await cli.tenant({ plan: "solo" });
});

const compose = "services:\n  web:\n    image: registry.test/web:1\n";
const exported = (more: object = {}) => ({
  format: "berth-self-hosted",
  version: 1,
  targets: [{ name: "north", host: "127.0.0.1", port: 2222, user: "deploy" }],
  apps: [{ name: "store", compose, targets: ["north"], variables: ["DB_PASSWORD"] }],
  releases: [{ app: "store", number: 7, images: ["registry.test/web:7"], createdAt: "2026-01-02T03:04:05Z" }],
  webhooks: [{ repository: "acme/store", branch: "main", app: "store" }],
  ...more,
});
const INSTALL = /^echo 'ssh-ed25519 \S+ berth-north' \| ssh -p 2222 deploy@127\.0\.0\.1 'umask 077;/;

const folder = (document: object) => cli.folder({ "export.json": JSON.stringify(document) });
const run = async (args: readonly string[], document: object = exported(), options: object = {}) =>
  cli.berth(["import", "self-hosted", "export.json", ...args], { token: tenant.secret, cwd: await folder(document), ...options });
const apps = async () => (await cli.berth(["app", "list", "--json"], { token: tenant.secret })).json.items;

test("--yes applies the plan and names the keys to let in, the servers to trust and the apps to deploy", async () => {
  const { code, stdout, stderr } = await run(["--yes"], exported(), { env: { COLUMNS: "120" } });
  expect(code, stderr).toBe(0);
  for (const line of [/target +north +created/, /app +store +created/, /history +store +created/]) expect(stdout).toMatch(line);
  expect(stdout).toContain("4 created, 0 here already, 0 left out.");
  const next = stdout
    .slice(stdout.indexOf("Next:"))
    .split("\n")
    .slice(1, 4)
    .map((line) => line.trim());
  expect(next).toEqual([expect.stringMatching(INSTALL), "berth target trust north", "berth deploy --app store --target north"]);
  const again = await run(["--yes"]);
  expect(again.code).toBe(0);
  expect(again.stdout).toContain("0 to create, 4 here already, 0 left out.");
  const list = await cli.berth(["import", "list"], { token: tenant.secret });
  expect(list.stdout).toMatch(/store\n +Environments +production\n +Ran on +north\n +Give values for +DB_PASSWORD\n/);
  expect(list.stdout).toMatch(/Releases +1, the last 7 \(production\): registry\.test\/web:7\n +Set up again +acme\/store#main/);
});

test("a program looks at the plan, applies it by its digest, and no other", async () => {
  const preview = await run(["--preview", "--json"]);
  expect([preview.code, preview.json.applied, preview.json.next]).toEqual([0, false, []]);
  expect(preview.json.items[2]).toMatchObject({ kind: "history", name: "store", reason: "1 kept as notes." });
  expect(await apps()).toEqual([]);
  const other = await run(["--plan", "0".repeat(64), "--json"]);
  expect([other.code, other.json.code]).toEqual([1, "import.plan_changed"]);
  expect(other.json.next).toEqual(["berth import self-hosted export.json"]);
  const done = await run(["--plan", preview.json.plan, "--json"]);
  expect([done.code, done.json.applied, done.json.exit]).toEqual([0, true, 0]);
  expect(done.json.next[0]).toMatch(INSTALL);
  expect((await apps()).map(({ name }: { name: string }) => name)).toEqual(["store"]);
});

test("where nobody can be asked nothing is done, and the line that does it is given", async () => {
  const asked = await run([]);
  expect(asked.code).toBe(1);
  expect(asked.stderr).toMatch(/app +store +create/);
  expect(asked.stderr).toMatch(/berth import self-hosted export\.json --plan [0-9a-f]{64}/);
  expect(await apps()).toEqual([]);
});

test("at a terminal it asks: no ends with 2 and nothing, yes makes it", async () => {
  const options = { token: tenant.secret, cwd: await folder(exported()) };
  const args = ["import", "self-hosted", "export.json"];
  const no = await cli.atTerminal(args, [["Create 4 things?", "n"]], options);
  expect([no.code, await apps()]).toEqual([2, []]);
  const yes = await cli.atTerminal(args, [["Create 4 things?", "y"]], options);
  expect(yes.code, yes.stdout).toBe(0);
  expect(flat(yes.stdout)).toContain("4 created");
});

test("what does not fit is listed with the plan that has room, and ends with 1", async () => {
  const many = [1, 2, 3, 4].map((n) => ({ name: `app${n}`, compose }));
  const { code, stdout } = await run(["--yes"], exported({ apps: many, releases: [], webhooks: [] }), {
    env: { COLUMNS: "120" },
  });
  expect(code).toBe(1);
  expect(stdout).toMatch(/app +app4 +over limit +The plan has 3 app slots, and this is one more\./);
  expect(stdout).toContain("All of it needs 4 app slots and 1 target: the plan pro has room.");
  expect(stdout).toContain("berth billing change pro");
  expect(await apps()).toHaveLength(3);
});

describe("a file with a secret is refused by its place before it is sent, and its value is nowhere", () => {
  const value = "hunter2-never-shown";
  test.each([
    ["a member", { apps: [{ name: "store", compose, dbPassword: value }] }, "apps.0.dbPassword"],
    [
      "a Compose file's variable",
      { apps: [{ name: "store", compose: `${compose}    environment:\n      API_KEY: ${value}\n` }] },
      "apps.0.compose.services.web.environment.API_KEY",
    ],
  ])("%s", async (_, more, path) => {
    // Nobody is logged in, so that an answer of the service would be another one.
    for (const json of [[], ["--json"]]) {
      const { code, stdout, stderr } = await run(["--yes", ...json], exported(more), { token: undefined });
      expect(code).toBe(1);
      expect(stdout + stderr).toContain(path);
      expect(stdout + stderr).toContain("The export holds a secret");
      expect(stdout + stderr).not.toContain(value);
    }
  });

  test("and a file that is no JSON shows nothing of itself", async () => {
    const cwd = await cli.folder({ "export.json": `password = ${value}` });
    const { code, stdout } = await cli.berth(["import", "self-hosted", "export.json", "--json"], { token: tenant.secret, cwd });
    expect([code, JSON.parse(stdout).code]).toEqual([1, "cli.file"]);
    expect(stdout).not.toContain(value);
  });
});

test("a file that is not there, fields that are wrong and a plan that is none are explained", async () => {
  const missing = await cli.berth(["import", "self-hosted", "none.json", "--json"], { token: tenant.secret });
  expect(missing.json).toMatchObject({ code: "cli.file", detail: "There is no file none.json." });
  const wrong = await run(["--json"], exported({ version: 2 }));
  expect(wrong.json).toMatchObject({ code: "input.invalid", detail: expect.stringContaining("body.document.version") });
  expect((await run(["--plan", "abc", "--json"])).json.code).toBe("cli.usage");
});

test("the example of docs/import.md is taken, also from standard input", async () => {
  const text = readFileSync(new URL("../../docs/import.md", import.meta.url), "utf8");
  const example = /```json\n([\s\S]*?)```/.exec(text)?.[1]?.replace("203.0.113.7", "127.0.0.1") ?? "";
  const read = await cli.berth(["import", "self-hosted", "-", "--preview", "--json"], { token: tenant.secret, input: example });
  expect(read.code, read.stdout).toBe(0);
  const made = read.json.items.map(({ kind, name, action }: Record<string, string>) => `${kind} ${name} ${action}`);
  expect(made).toEqual(["target web1 create", "app shop create", "history shop create", "webhook acme/shop#main -> shop create"]);
});
