import { gapOf } from "@berth/domain/log/batch-writer.ts";
import { TABLE } from "@berth/local/cloud/table.ts";
import { beforeEach, expect, test } from "vitest";
import { printer } from "../../packages/cli/src/log/print.ts";
import { until } from "../lab/until.ts";
import { allGood, failed, succeeded } from "../support/reach.ts";
import { speaking } from "../support/speaking.ts";
import { useCli } from "./harness.ts";

const cli = useCli();
let tenant: Awaited<ReturnType<typeof cli.tenant>>;
beforeEach(async () => {
  tenant = await cli.tenant();
  await tenant.target("web1");
  await tenant.target("web2");
  await tenant.app("shop");
  await tenant.work(await tenant.deploy("shop", { targets: ["web1", "web2"] }));
});
const berth = (args: readonly string[], options = {}) =>
  cli.berth(["logs", "shop", ...args], { token: tenant.secret, ...options });

/** What `--json` prints, in hand. */
function jsonSession() {
  const said: string[] = [];
  const terminal = { out: (...lines: string[]) => void said.push(...lines) };
  return { json: true, terminal, said } as unknown as Parameters<typeof printer>[0] & { readonly said: readonly string[] };
}

test("lines say when, on which server, of which service, and the bounds go to the server", async () => {
  const run = await berth(["--service", "web", "--tail", "7", "--since", "10m"]);
  expect(run.stdout).toMatch(/^\d\d:\d\d:\d\d {2}web[12] {2}web {2}hello from web\n/);
  const asked = cli.reach.runs.findLast(({ op }) => op === "logs");
  expect(asked?.values).toMatchObject({ services: "web\n", tail: "7" });
  const since = Date.now() - new Date(asked?.values.since ?? "").getTime();
  expect(Math.abs(since - 600_000)).toBeLessThan(60_000);
});

test("a server that cannot be read is named, and the others' lines are shown", async () => {
  cli.reach.next(() => failed({ class: "docker.down", message: "Docker does not answer" }));
  const run = await berth([]);
  expect(run.code).toBe(0);
  expect(run.stdout).toContain("hello from web");
  expect(run.stderr).toMatch(/✗ web[12]: Docker does not answer/);
});

test("following goes on with what is said next, tells nothing twice, and Ctrl-C ends it and the session", async () => {
  const server = speaking();
  cli.reach.always((input, tell, signal) => (input.op === "logs" ? server.play(input, tell, signal) : succeeded()));
  let all = "";
  let count = 0;
  const timer = setInterval(() => server.say(`line ${count++}`), 100);
  const run = await berth(["--follow", "--json"], {
    watch: (text: string, child: { kill: (signal: string) => void }) => {
      all += text;
      if (all.split("\n").length > 25) child.kill("SIGINT");
    },
  }).finally(() => clearInterval(timer));
  expect(run.code).toBe(130);
  expect(run.stderr).toBe("");
  expect(run.lines.length).toBeGreaterThanOrEqual(25);
  expect(run.lines[0]).toMatchObject({ type: "log", target: expect.stringMatching(/^web/), service: "web" });
  for (const target of ["web1", "web2"]) {
    const texts = run.lines.filter((line) => line.target === target).map(({ text }) => text);
    expect(new Set(texts).size).toBe(texts.length);
  }
  await until(async () => server.following() === 0, "the workers to let go of the servers");
  cli.reach.always(allGood);
});

/** As where nobody read for so long that the session is gone. */
function forget(): void {
  const { Items } = cli.test.engine.execute("Scan", { TableName: TABLE }) as {
    Items: { pk: { S: string }; sk: { S: string } }[];
  };
  for (const { pk, sk } of Items)
    if (sk.S.startsWith("LOG#")) cli.test.engine.execute("DeleteItem", { TableName: TABLE, Key: { pk, sk } });
}

test.each([
  ["in JSON a gap of each server whose lines nobody counted", ["--json"]],
  ["a sentence beside the lines", []],
])("a reading that was forgotten meanwhile goes on in a new one, and says so: %s", async (_, more) => {
  const server = speaking();
  cli.reach.always((input, tell, signal) => (input.op === "logs" ? server.play(input, tell, signal) : succeeded()));
  let all = "";
  let forgotten = 0;
  let count = 0;
  const timer = setInterval(() => {
    server.say(`line ${count++}`);
    if (forgotten === 0 && /line \d/.test(all)) {
      forgotten = count;
      forget();
    }
  }, 100);
  const run = await berth(["--follow", ...more], {
    watch: (text: string, child: { kill: (signal: string) => void }) => {
      all += text;
      if (forgotten > 0 && all.includes(`line ${forgotten + 20}`)) child.kill("SIGINT");
    },
  }).finally(() => clearInterval(timer));
  expect(run.code).toBe(130);
  const said = /^Reading was interrupted: lines may be missing here, or come twice\.$/m;
  if (more.length === 0) expect(run.stderr).toMatch(said);
  else {
    expect(run.stderr).toBe("");
    const gaps = run.lines.filter(({ type }) => type === "gap");
    expect(gaps.map(({ target }) => target).sort()).toEqual(["web1", "web2"]);
    for (const gap of gaps) expect(gap).toMatchObject({ lines: null, text: expect.stringMatching(said), at: expect.any(String) });
  }
  cli.reach.always(allGood);
});

test("lines that are left out are counted in a gap, in JSON too", () => {
  const session = jsonSession();
  printer(session, ["web1", "web2"])([gapOf({ at: "2027-03-01T12:00:00Z", target: "web1" }, 1200)]);
  expect(session.said.map((line) => JSON.parse(line))).toEqual([
    {
      type: "gap",
      at: "2027-03-01T12:00:00Z",
      target: "web1",
      lines: 1200,
      text: expect.stringContaining("1200 lines were left out"),
    },
  ]);
});

test.each([
  [["--since", "whenever"], "--since"],
  [["--tail", "5000"], "--tail"],
  [["--tail", "-1"], "--tail"],
  [["--tail", "x"], "--tail"],
])("%j is a mistake, found before anything is asked", async (args, what) => {
  const before = cli.reach.runs.length;
  const run = await berth([...args, "--json"]);
  expect(run.json).toMatchObject({ code: "cli.usage", detail: expect.stringContaining(what) });
  expect(cli.reach.runs.length).toBe(before);
});
