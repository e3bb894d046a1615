// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are texts of Compose
import { expect, test } from "vitest";
import { flat, useCli } from "./harness.ts";

const cli = useCli();

const CANARY = " hidden-canary ü ";

async function ready() {
  const tenant = await cli.tenant();
  await tenant.app("shop");
  return { tenant, token: tenant.secret };
}
const shown = async (token: string, name: string, more: readonly string[] = []) =>
  (await cli.berth(["secret", "get", name, "--app", "shop", "--reveal", "--reason", "a test", "--json", ...more], { token })).json
    .value;

test("at a terminal a secret is asked for, and what is typed is not shown", async () => {
  const { token } = await ready();
  const run = await cli.atTerminal(
    ["secret", "set", "DB_PASSWORD", "--app", "shop"],
    [["Value of DB_PASSWORD", "typed-canary\r"]],
    {
      token,
    },
  );
  expect(run.code, run.stdout).toBe(0);
  expect(flat(run.stdout)).toContain("Secret DB_PASSWORD of shop is set");
  expect(run.stdout).not.toContain("typed-canary");
  expect(await shown(token, "DB_PASSWORD")).toBe("typed-canary");
});

test("from standard input the last line's end is not part of it, and a file is taken as it is", async () => {
  const { token } = await ready();
  const cwd = await cli.folder({ "key.pem": "one\ntwo\n" });
  await cli.berth(["secret", "set", "A", "--app", "shop"], { token, input: `${CANARY}\n` });
  await cli.berth(["secret", "set", "KEY", "--app", "shop", "--file", "key.pem"], { token, cwd });
  expect([await shown(token, "A"), await shown(token, "KEY")]).toEqual([CANARY, "one\ntwo\n"]);
});

test("a value as an argument is refused, and not repeated", async () => {
  const { token } = await ready();
  const run = await cli.berth(["secret", "set", "A=argument-canary", "--app", "shop"], { token });
  expect(run.code).toBe(1);
  expect(run.stderr).toContain("A value is never an argument");
  expect(run.stderr).toContain("berth secret set A");
  expect(run.stdout + run.stderr).not.toContain("argument-canary");
  expect((await cli.berth(["secret", "set", "A", "value", "--app", "shop"], { token })).code).toBe(1);
});

test.each([
  [["secret", "set", "A", "--app", "shop"], "The value is to come on standard input."],
  [["secret", "set", "1A", "--app", "shop"], "cannot be a name"],
  [["secret", "set", "A", "--app", "shop", "--file", "none.txt"], "There is no file none.txt"],
  [["secret", "import", "none.env", "--app", "shop"], "There is no file none.env"],
  [["secret", "import", "-", "--app", "shop"], "- sets nothing"],
  [["secret", "get", "A", "--app", "shop"], "--reveal --reason"],
  [["secret", "unset", "A", "--app", "shop"], "berth secret unset A --app shop --yes"],
  [["variable", "set", "A", "-n", "Not One", "--app", "shop"], "cannot be a namespace's name"],
  [["variable", "set", "A"], "It is not clear which app is meant"],
])("berth %s says what is missing", async (args, says) => {
  const { token } = await ready();
  const run = await cli.berth(args, { token, cwd: await cli.folder() });
  expect(run.code).toBe(1);
  expect(run.stderr).toContain(says);
});

test("a file of many is imported whole, as Compose reads it, and a name of ours is refused", async () => {
  const { token } = await ready();
  const names = Array.from({ length: 95 }, (_, i) => `NAME_${i}`);
  const input = `${names.map((name, i) => `${name}="value ${i}"`).join("\n")}\nOF_ANOTHER=\${NAME_3}!\n`;
  const run = await cli.berth(["secret", "import", "-", "--app", "shop", "--json"], { token, input });
  expect(run.json.items).toHaveLength(96);
  expect([await shown(token, "NAME_94"), await shown(token, "OF_ANOTHER")]).toEqual(["value 94", "value 3!"]);
  const refused = await cli.berth(["secret", "import", "-", "--app", "shop", "--json"], { token, input: "BERTH_APP=mine\n" });
  expect(refused.json).toMatchObject({ code: "input.invalid", detail: expect.stringContaining("BERTH_") });
});

test("a secret that is to be shown without a proof is refused, with the command that proves", async () => {
  const { tenant, token } = await ready();
  await cli.berth(["secret", "set", "A", "--app", "shop"], { token, input: CANARY });
  const unproved = await tenant.token(["deploy"], { proved: false });
  const run = await cli.berth(["secret", "get", "A", "--app", "shop", "--reveal", "--reason", "a test"], { token: unproved });
  expect(run.code).toBe(1);
  expect(run.stderr).toContain("berth prove");
  expect(run.stdout + run.stderr).not.toContain("canary");
});

test("what a Compose file demands may be set with the service alone, and what nothing sets is told with the command that does", async () => {
  const { tenant, token } = await ready();
  await tenant.target("web1");
  const compose =
    "services:\n  web:\n    image: a:${TAG:?which one}\n    environment: {PASSWORD: '${DB_PASSWORD:?}', LEVEL: '${LEVEL}'}\n";
  const cwd = await cli.folder({ "compose.yaml": compose }, "shop");
  const before = await cli.berth(["deploy", "--app", "shop"], { token, cwd });
  expect(before.code).toBe(1);
  expect(before.stderr).toContain("berth secret set TAG");
  await cli.berth(["variable", "set", "TAG", "--app", "shop"], { token, input: "2" });
  await cli.berth(["secret", "set", "DB_PASSWORD", "--app", "shop"], { token, input: CANARY });
  const run = await cli.berth(["deploy", "--app", "shop"], { token, cwd });
  expect(run.code, run.stderr).toBe(0);
  expect(run.stdout + run.stderr).toContain("berth secret set LEVEL --app shop");
  const env = String(cli.reach.runs.at(-1)?.files.find(({ path }) => path === ".env")?.content);
  expect(env).toBe(`DB_PASSWORD='${CANARY}'\nTAG='2'\n`);
});

test("with --deploy what is live has the new value at once, and the command ends as that deployment does", async () => {
  const { tenant, token } = await ready();
  await tenant.target("web1");
  await tenant.work(await tenant.deploy("shop"));
  const run = await cli.berth(["secret", "set", "A", "--app", "shop", "--deploy"], { token, input: CANARY });
  expect(run.code, run.stderr).toBe(0);
  expect(run.stdout + run.stderr).toContain("Release 2 of shop");
  expect(run.stdout + run.stderr).not.toContain("hidden-canary");
  expect(String(cli.reach.runs.at(-1)?.files.find(({ path }) => path === ".env")?.content)).toBe(`A='${CANARY}'\n`);
  const unset = await cli.berth(["secret", "unset", "A", "--app", "shop", "--yes", "--deploy", "--json"], { token });
  expect(unset.lines.at(-1)).toMatchObject({ status: "succeeded" });
});

test("who unsets a secret is told that a rollback brings it back", async () => {
  const { token } = await ready();
  await cli.berth(["secret", "set", "A", "--app", "shop"], { token, input: CANARY });
  const run = await cli.berth(["secret", "unset", "A", "--app", "shop", "--yes"], { token });
  expect(run.code).toBe(0);
  expect(flat(run.stderr)).toContain("A rollback to a release that had it brings it back");
});

test("who rolls back to a release with a secret that was unset is told so", async () => {
  const { tenant, token } = await ready();
  await tenant.target("web1");
  await tenant.work(await tenant.deploy("shop"));
  await cli.berth(["secret", "set", "A", "--app", "shop", "--deploy"], { token, input: CANARY });
  await cli.berth(["secret", "unset", "A", "--app", "shop", "--yes", "--deploy"], { token });
  const run = await cli.berth(["rollback", "2", "--app", "shop"], { token });
  expect(run.code, run.stderr).toBe(0);
  expect(flat(run.stderr)).toContain("Brings back what was unset: A. What leaked is to be revoked where it came from.");
  expect((await cli.berth(["rollback", "1", "--app", "shop"], { token })).stderr).not.toContain("Brings back");
});
