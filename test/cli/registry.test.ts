import { expect, test } from "vitest";
import { failed } from "../support/reach.ts";
import { flat, useCli } from "./harness.ts";

const cli = useCli();

const add = ["registry", "add", "ghcr.io", "--user", "mona"];
const passwordGiven = async (token: string) => {
  await cli.berth(["registry", "check", "ghcr.io"], { token });
  return cli.reach.runs.at(-1)?.logins?.[0]?.password;
};

test("a password comes from standard input as it is, without the line's end", async () => {
  const { secret: token, target } = await cli.tenant();
  await target();
  const run = await cli.berth([...add, "--json"], { token, input: " a token \n" });
  expect(run.json).toMatchObject({ host: "ghcr.io", user: "mona" });
  expect(await passwordGiven(token)).toBe(" a token ");
});

test("at a terminal it is asked for, and what is typed is not shown", async () => {
  const { secret: token, target } = await cli.tenant();
  await target();
  const run = await cli.atTerminal(add, [["Password or token of mona at ghcr.io", "hidden-canary\r"]], { token });
  expect(run.code, run.stdout).toBe(0);
  expect(flat(run.stdout)).toContain("now have the login of mona");
  expect(run.stdout).not.toContain("hidden-canary");
  expect(await passwordGiven(token)).toBe("hidden-canary");
});

test.each([
  [["registry", "add", "ghcr.io"], "Say who logs in there"],
  [["registry", "add", "ghcr", "--user", "mona"], "is not a registry's host"],
  [add, "standard input"],
])("berth %s says what is missing", async (args, says) => {
  const { secret: token } = await cli.tenant();
  const run = await cli.berth(args, { token });
  expect(run.code).toBe(1);
  expect(run.stderr).toContain(says);
});

test("a login that is refused ends with 1, says by whom, whose and what to do, and the list says so too", async () => {
  const { secret: token, target } = await cli.tenant();
  await target("web1");
  await cli.berth(add, { token, input: "a token" });
  cli.reach.next(() => failed({ class: "registry.denied", message: "unauthorized" }));
  const run = await cli.berth(["registry", "check", "ghcr.io"], { token });
  expect(run.code).toBe(1);
  expect(run.stdout).toContain("The login could not be used on web1");
  expect(run.stdout).toContain("ghcr.io refused the login of mona");
  expect(run.stdout).toContain("berth registry add ghcr.io --user mona");
  expect((await cli.berth(["registry", "list"], { token })).stdout).toMatch(/ghcr\.io +mona +refused on web1/);
});

test("nobody is asked whether a login may go where nobody is there", async () => {
  const { secret: token } = await cli.tenant();
  await cli.berth(add, { token, input: "a token" });
  const run = await cli.berth(["registry", "remove", "ghcr.io", "--json"], { token });
  expect(run.json).toMatchObject({ code: "cli.confirm", next: ["berth registry remove ghcr.io --yes"] });
});
