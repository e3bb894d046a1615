/** Profiles of a Compose file: those that an environment was deployed with are those it is deployed with the next time. */
import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeEach, expect, test } from "vitest";
import { useCli } from "./harness.ts";

const cli = useCli();
const compose = `services:
  web: { image: "registry.test/web:1" }
  debug: { image: "debug:1", profiles: [debug] }
  jobs: { image: "jobs:1", profiles: [jobs, nightly] }
`;
let tenant: Awaited<ReturnType<typeof cli.tenant>>;
let cwd = "";
const berth = (args: readonly string[], options = {}) => cli.berth(args, { token: tenant.secret, cwd, ...options });
const deploy = (...args: string[]) => berth(["deploy", ...args]);

beforeEach(async () => {
  tenant = await cli.tenant();
  cwd = await cli.folder({ "compose.yaml": compose }, "shop");
  await tenant.app("shop");
  await tenant.target("web1");
});

/** Which services the last release has, and what Compose is told of profiles on the server. */
async function last(...args: string[]) {
  const [release] = (await berth(["releases", "--json", ...args])).json.items;
  const run = cli.reach.runs.findLast(({ op }) => op === "deploy");
  const env = String(run?.files.find(({ path }) => path === ".env")?.content);
  return [release.services.map(({ name }: { name: string }) => name).join(" "), /COMPOSE_PROFILES='(.*)'/.exec(env)?.[1]];
}

test("what was chosen holds for the next deploy and plan, is shown, and is no longer so once something else is chosen", async () => {
  const first = await deploy("--profile", "debug", "--profile", "nightly");
  expect(first.code, first.stderr).toBe(0);
  expect(first.stderr).toContain("Profiles: debug, nightly\n");
  expect(first.stderr).not.toContain("From your shell");
  expect(await last()).toEqual(["web debug jobs", "debug,nightly"]);
  const second = await deploy();
  expect(second.stderr).toMatch(/Profiles: debug, nightly, as the deployment before/);
  expect(await last()).toEqual(["web debug jobs", "debug,nightly"]);
  expect((await berth(["plan"])).stderr).toMatch(/Profiles: debug, nightly, as the deployment before/);
  expect((await berth(["app", "status", "--last-seen"])).stdout).toMatch(/Profiles +debug, nightly\n/);
  await deploy("--profile", "jobs");
  await deploy();
  expect(await last()).toEqual(["web jobs", "jobs"]);
  expect((await deploy("--no-profile")).stderr).toContain("No profiles\n");
  expect(await last()).toEqual(["web", ""]);
  await deploy();
  expect((await last())[0]).toBe("web");
  expect((await berth(["app", "status", "--last-seen"])).stdout).not.toContain("Profiles");
});

test("what the shell or .env says goes before it, and holds too; a rollback has what its release had", async () => {
  await deploy("--profile", "debug");
  await berth(["deploy"], { env: { COMPOSE_PROFILES: "jobs" } });
  expect(await last()).toEqual(["web jobs", "jobs"]);
  await deploy();
  expect(await last()).toEqual(["web jobs", "jobs"]);
  await writeFile(join(cwd, ".env"), "COMPOSE_PROFILES=debug,jobs\n");
  await deploy();
  expect(await last()).toEqual(["web debug jobs", "debug,jobs"]);
  await rm(join(cwd, ".env"));
  expect((await berth(["rollback", "1"])).code).toBe(0);
  expect((await last())[1]).toBe("debug");
  await deploy();
  expect(await last()).toEqual(["web debug", "debug"]);
});

test("each environment has its own, and a profile that no service has is refused before anything is asked", async () => {
  await deploy("--profile", "debug");
  await deploy("--environment", "staging");
  expect(await last("--environment", "staging")).toEqual(["web", undefined]);
  const refused = await deploy("--profile", "debgu");
  expect(refused.code).toBe(1);
  expect(refused.stderr).toContain('no service has the profile "debgu". There are debug, jobs, nightly.');
  for (const name of ["", "-x", "a b"]) expect((await deploy(`--profile=${name}`)).code, name).toBe(name === "" ? 0 : 1);
});

test("a profile that the files no longer have is left out, and not held against them", async () => {
  await deploy("--profile", "debug,jobs");
  await writeFile(join(cwd, "compose.yaml"), compose.replace(/ {2}debug.*\n/, ""));
  const run = await deploy();
  expect(run.code, run.stderr).toBe(0);
  expect(run.stderr).toContain("Profiles: jobs, as the deployment before");
  expect((await last())[0]).toBe("web jobs");
});
