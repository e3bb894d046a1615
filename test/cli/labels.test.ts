import { beforeEach, expect, test } from "vitest";
import { useCli } from "./harness.ts";

const cli = useCli();
let tenant: Awaited<ReturnType<typeof cli.tenant>>;
const berth = (args: readonly string[], options = {}) => cli.berth(args, { token: tenant.secret, ...options });
const compose = "services:\n  web:\n    image: registry.test/web:1\n";

beforeEach(async () => {
  tenant = await cli.tenant();
  await tenant.app("shop");
  for (const name of ["web1", "web2", "web3"]) await tenant.target(name);
  for (const name of ["web1", "web3"]) expect((await berth(["target", "label", name, "eu"])).code).toBe(0);
});

const planned = async (args: readonly string[], settings = "") => {
  const cwd = await cli.folder({ "compose.yaml": compose, ...(settings && { "berth.yaml": settings }) }, "shop");
  const run = await berth(["plan", "--json", ...args], { cwd });
  return { run, names: (run.json as { targets?: { name: string }[] })?.targets?.map(({ name }) => name).sort() };
};

test("a label stands for every server that has it, on the command line and in berth.yaml, beside names and once", async () => {
  expect((await planned(["--target", "label=eu"])).names).toEqual(["web1", "web3"]);
  expect((await planned(["--target", "label=eu,web2", "--target", "web1"])).names).toEqual(["web1", "web2", "web3"]);
  expect((await planned([], "targets: [label=eu]\n")).names).toEqual(["web1", "web3"]);
  await berth(["target", "label", "web1", "--remove", "eu"]);
  expect((await planned(["--target", "label=eu"])).names).toEqual(["web3"]);
});

test("a label that no server has is refused, and nothing is planned on none", async () => {
  const { run } = await planned(["--target", "label=us"]);
  expect(run.code).toBe(1);
  expect(run.stderr + run.stdout).toContain("No server has the label");
});

test("a list shows the servers with a label only, where that is asked for", async () => {
  const { json } = await berth(["target", "list", "--label", "eu", "--json"]);
  expect((json as { items: { name: string }[] }).items.map(({ name }) => name).sort()).toEqual(["web1", "web3"]);
  expect((await berth(["target", "list", "--label", "us"])).stdout).toContain('No server has the label "us".');
});
