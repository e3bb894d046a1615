import { beforeEach, describe, expect, test } from "vitest";
import { freshLines } from "../../packages/cli/src/log/fresh.ts";
import { failed, succeeded } from "../support/reach.ts";
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

describe("fresh lines", () => {
  const line = (at: number, text: string, target = "web1", service = "web") => ({
    at: `2027-03-01T12:00:00.00${at}Z`,
    target,
    service,
    text,
  });

  test("are told from those seen, also where several are of the same moment", () => {
    const fresh = freshLines([line(1, "a"), line(2, "b"), line(2, "b")], "now");
    expect(fresh.since()).toBe("2027-03-01T12:00:00.002Z");
    expect(fresh.take([line(2, "b"), line(2, "b"), line(2, "b"), line(2, "c"), line(3, "d")])).toEqual([
      line(2, "b"),
      line(2, "c"),
      line(3, "d"),
    ]);
    expect(fresh.take([line(3, "d")])).toEqual([]);
    expect(fresh.take([line(3, "d"), line(3, "e")])).toEqual([line(3, "e")]);
  });

  test("of a server whose clock is behind are not lost", () => {
    const fresh = freshLines([line(8, "ahead", "web1"), line(1, "behind", "web2")], "now");
    expect(fresh.since()).toBe("2027-03-01T12:00:00.001Z");
    expect(fresh.take([line(8, "ahead", "web1"), line(1, "behind", "web2"), line(2, "new", "web2")])).toEqual([
      line(2, "new", "web2"),
    ]);
  });

  test("begin now where nothing was said yet", () => {
    expect(freshLines([], "now").since()).toBe("now");
  });
});

test("lines say when, on which server, of which service, and the bounds go to the server", async () => {
  const run = await berth(["--service", "web", "--tail", "7", "--since", "10m"]);
  expect(run.stdout).toMatch(/^\d\d:\d\d:\d\d {2}web[12] {2}web {2}hello from web\n/);
  const asked = cli.reach.runs.findLast(({ op }) => op === "logs");
  expect(asked?.plan).toMatchObject({ service: "web", tail: "7" });
  const since = Date.now() - new Date(asked?.plan.since ?? "").getTime();
  expect(Math.abs(since - 600_000)).toBeLessThan(60_000);
});

test("a server that cannot be read is named, and the others' lines are shown", async () => {
  cli.reach.next(() => failed({ class: "docker.down", message: "Docker does not answer" }));
  const run = await berth([]);
  expect(run.code).toBe(0);
  expect(run.stdout).toContain("hello from web");
  expect(run.stderr).toMatch(/✗ web[12]: Docker does not answer/);
});

test("following goes on with what is said next, and tells nothing twice", async () => {
  let count = 0;
  cli.reach.always((input, tell) => {
    if (input.op !== "logs") return succeeded();
    tell({ type: "log", service: "web", text: `line ${++count}` });
    return succeeded();
  });
  let all = "";
  const run = await berth(["--follow", "--json"], {
    watch: (text: string, child: { kill: (signal: string) => void }) => {
      all += text;
      if (all.split("\n").length > 5) child.kill("SIGINT");
    },
  });
  const lines = run.lines.map(({ text }) => text);
  expect(lines.length).toBeGreaterThanOrEqual(5);
  expect(new Set(lines).size).toBe(lines.length);
  expect(run.lines[0]).toMatchObject({ type: "log", target: expect.stringMatching(/^web/), service: "web" });
});

test.each([
  [["--since", "yesterday"], "--since"],
  [["--tail", "5000"], "--tail"],
  [["--tail", "x"], "--tail"],
])("%j is a mistake, found before anything is asked", async (args, what) => {
  const before = cli.reach.runs.length;
  const run = await berth([...args, "--json"]);
  expect(run.json).toMatchObject({ code: "cli.usage", detail: expect.stringContaining(what) });
  expect(cli.reach.runs.length).toBe(before);
});
