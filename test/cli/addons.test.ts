// biome-ignore-all lint/suspicious/noTemplateCurlyInString: it is the syntax of Compose that is tested here
/** What a folder's files say of the variables of add-ons. */
import { beforeEach, expect, test } from "vitest";
import { useCli } from "./harness.ts";

const cli = useCli();
const compose = `services:
  web: { image: "registry.test/web:1", environment: { CACHE: "\${REDIS_URL:?}", PORT: "\${REDIS_PORT}", OTHER: "\${OTHER}" } }
`;
let tenant: Awaited<ReturnType<typeof cli.tenant>>;
let cwd = "";
const berth = (...args: string[]) => cli.berth(args, { token: tenant.secret, cwd });

beforeEach(async () => {
  tenant = await cli.tenant();
  cwd = await cli.folder({ "compose.yaml": compose }, "shop");
  await tenant.app("shop");
  await tenant.target("web1");
});

test("a variable of an add-on is set, and one that is nobody's is not", async () => {
  const before = await berth("deploy");
  expect([before.code, before.stderr]).toEqual([1, expect.stringContaining("REDIS_URL has to be set")]);
  expect((await berth("addon", "add", "redis")).code).toBe(0);
  const after = await berth("deploy");
  expect(after.code, after.stderr).toBe(0);
  expect(after.stderr).toContain("Set nowhere, so empty: OTHER\n");
  const staging = await berth("deploy", "--environment", "staging");
  expect([staging.code, staging.stderr]).toEqual([1, expect.stringContaining("REDIS_URL has to be set")]);
});

test("what is there already is named with where, and what to do", async () => {
  await berth("addon", "add", "redis");
  cwd = await cli.folder({ "compose.yaml": compose, ".env": "REDIS_URL=redis://elsewhere\n" }, "shop");
  const refused = await berth("deploy");
  expect(refused.code).toBe(1);
  expect(refused.stderr).toContain('would add the variable "REDIS_URL", which is set in .env or by the shell that');
  expect(refused.stderr).toContain("--name");
});

test("what cannot be meant is refused before anything is asked", async () => {
  for (const [args, said] of [
    [["add", "mongo"], '"mongo" is none of postgres, redis, nats, mariadb.'],
    [["add", "redis", "--name", "No"], '"No" cannot be an add-on\'s name'],
    [["set", "redis"], "Say what is to be set"],
    [["remove", "redis"], "Removing redis takes its variables from the services of shop"],
  ] as const)
    expect((await berth("addon", ...args)).stderr, args.join(" ")).toContain(said);
});

test("an upgrade says what pauses before it is agreed to, and what became of it", async () => {
  await berth("addon", "add", "redis");
  await berth("deploy");
  const asked = await berth("addon", "upgrade", "redis", "--version", "8");
  expect(asked.code).not.toBe(0);
  expect(asked.stderr).toContain("Every service that reaches redis stops while its data is taken over into a new volume");
  expect(asked.stderr).toContain("berth addon upgrade redis --version 8 --yes");
  const done = await berth("addon", "upgrade", "redis", "--version", "8", "--yes");
  expect([done.code, done.stdout]).toEqual([0, expect.stringContaining("Release 2 is live on web1")]);
  const shown = (await berth("addon", "show", "redis")).stdout;
  expect(shown).toMatch(/Kind +Redis 8\n/);
  expect(shown.replaceAll(/\s+/g, " ")).toMatch(
    /Set aside the volume redis-data of version 7; the first deployment after [-\d :]+ UTC removes it/,
  );
  expect((await berth("addon", "upgrade", "redis", "--yes")).stdout).toContain("Release 3 is live on web1");
  expect((await berth("addon", "upgrade", "redis", "--version", "7", "--yes")).stderr).toContain("does not read its data");
});

test("with --deploy what is live has the add-ons as they are now at once, and the command ends as that deployment does", async () => {
  cwd = await cli.folder({ "compose.yaml": "services: { web: { image: registry.test/web:1 } }\n" }, "shop");
  const early = await berth("addon", "add", "redis", "--deploy");
  expect(early.code).not.toBe(0);
  expect(early.stderr).toContain("is not deployed");
  await berth("deploy");
  const added = await berth("addon", "add", "nats", "--deploy");
  expect([added.code, added.stdout]).toEqual([0, expect.stringContaining("Release 2 is live on web1")]);
  expect((await berth("addon", "set", "nats", "--memory", "1g", "--deploy")).stdout).toContain("Release 3 is live on web1");
  const removed = await berth("addon", "remove", "nats", "--yes", "--deploy");
  expect([removed.code, removed.stdout]).toEqual([0, expect.stringContaining("Release 4 is live on web1")]);
  expect(removed.stderr).toContain("The data of nats stays in the volume shop-production_nats-data");
});
