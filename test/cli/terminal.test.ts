import { setTimeout as sleep } from "node:timers/promises";
import { beforeEach, describe, expect, test } from "vitest";
import { commands } from "../../packages/cli/src/commands.ts";
import { failed, succeeded } from "../support/reach.ts";
import { flat, useCli } from "./harness.ts";

const cli = useCli();
type Play = Parameters<typeof cli.reach.next>[0];
let tenant: Awaited<ReturnType<typeof cli.tenant>>;
let cwd = "";

const ENTER = "\r";
const DOWN = "\x1b[B";
const CTRL_C = "\x03";

beforeEach(async () => {
  tenant = await cli.tenant();
  cwd = await cli.folder({ "compose.yaml": "services:\n  web:\n    image: registry.test/web:1\n" }, "shop");
});
type Keys = Parameters<typeof cli.atTerminal>[1];
const berth = (args: readonly string[], keys: Keys = [], options = {}) =>
  cli.atTerminal(args, keys, { token: tenant.secret, cwd, ...options });

/** Steps that take their time, until it is canceled or they are done. */
/** A run of some seconds: enough of them for the keys to be pressed while it goes on, on a slow machine too. */
const slow =
  (seconds: number): Play =>
  async (_, tell) => {
    const before = cli.reach.runs.filter(({ op }) => op === "cancel").length;
    for (const step of ["preflight", "pull"]) tell({ type: "step", step });
    tell({ type: "image", service: "web", text: "Pulling" });
    for (let i = 0; i < seconds * 40; i++) {
      await sleep(25);
      if (cli.reach.runs.filter(({ op }) => op === "cancel").length > before)
        return failed({ class: "canceled", step: "pull", message: "Canceled" });
    }
    for (const step of ["start", "verify"]) tell({ type: "step", step });
    return succeeded();
  };

test("a deploy asks before it makes the app, draws a progress line and leaves a line for every step", async () => {
  await tenant.target("web1");
  cli.reach.next(slow(1.5));
  const run = await berth(["deploy"], [["Make it?", ENTER]]);
  expect(run.code, run.stdout).toBe(0);
  const text = flat(run.stdout);
  expect(text).toMatch(/web1 pull \d\.\d s · web: Pulling/);
  expect(text).toMatch(/✓ web1 {2}preflight {2}\d\.\d s/);
  expect(text).toMatch(/✓ web1 {2}pull {7}\d\.\d s/);
  expect(text).toContain("✓ Release 1 is live on web1");
  expect(run.stdout).toContain("\x1b[32m✓\x1b[39m");
});

test("somebody who does not want the app made makes none", async () => {
  const run = await berth(["deploy"], [["Make it?", "n"]]);
  expect(run.code).toBe(2);
  expect((await cli.berth(["app", "list", "--json"], { token: tenant.secret })).json.items).toEqual([]);
});

test("where it is not clear which servers are meant, it asks", async () => {
  await tenant.target("web1");
  await tenant.target("web2");
  const run = await berth(["deploy", "--yes"], [["Which servers shall shop run on?", `${DOWN} ${ENTER}`]]);
  expect(run.code, run.stdout).toBe(0);
  expect(flat(run.stdout)).toContain("Release 1 is live on web2");
});

describe("Ctrl-C while a job is watched", () => {
  beforeEach(async () => {
    await tenant.target("web1");
    await tenant.app("shop");
  });
  const asked = "What now?";

  test("lets go of it", async () => {
    cli.reach.next(slow(8));
    const run = await berth(
      ["deploy"],
      [
        ["web1 pull", CTRL_C],
        [asked, ENTER],
      ],
    );
    expect(run.code).toBe(2);
    expect(flat(run.stdout)).toMatch(/Detached\. The job goes on: berth jobs watch job_\w+/);
    expect((await cli.berth(["jobs", "list", "--json"], { token: tenant.secret })).json.items[0]).toMatchObject({
      status: "succeeded",
    });
  });

  test("cancels it", async () => {
    cli.reach.next(slow(15));
    const run = await berth(
      ["deploy"],
      [
        ["web1 pull", CTRL_C],
        [asked, `${DOWN}${ENTER}`],
      ],
    );
    expect(run.code).toBe(2);
    const text = flat(run.stdout);
    expect(text).toContain("Canceling.");
    expect(text).toContain("Canceled: release 1");
  });

  test("goes on watching, and tells no step twice", async () => {
    cli.reach.next(slow(8));
    const run = await berth(
      ["deploy"],
      [
        ["web1 pull", CTRL_C],
        [asked, `${DOWN}${DOWN}${ENTER}`],
      ],
    );
    expect(run.code, run.stdout).toBe(0);
    const text = flat(run.stdout);
    expect(text).toContain("Release 1 is live on web1");
    expect(text.match(/✓ web1 {2}preflight/g)).toHaveLength(1);
  });

  test("a second time ends at once with 130", async () => {
    cli.reach.next(slow(8));
    const run = await berth(
      ["deploy"],
      [
        ["web1 pull", CTRL_C],
        [asked, CTRL_C],
      ],
    );
    expect(run.code).toBe(130);
  });
});

test("adding a server asks to let the key in and to confirm the host key, and does nothing that was not agreed to", async () => {
  const steps: Keys = [
    ["own ssh?", `n`],
    ["Is it in?", "y"],
  ];
  const no = await berth(["target", "add", "web1", "root@127.0.0.1"], [...steps, ["server's key?", ENTER]]);
  expect(flat(no.stdout)).toContain("its host key waits to be confirmed");
  const yes = await berth(["target", "trust", "web1"], [["server's key?", "y"]]);
  expect(yes.code, yes.stdout).toBe(0);
  expect(flat(yes.stdout)).toContain("✓ web1 is ready");
});

test("removing asks, and Ctrl-C is no", async () => {
  await tenant.target("web1");
  const no = await berth(["target", "remove", "web1"], [["destroy its key?", CTRL_C]]);
  expect(no.code).toBe(2);
  const yes = await berth(["target", "remove", "web1"], [["destroy its key?", "y"]]);
  expect(yes.code, yes.stdout).toBe(0);
});

test("berth alone offers what there is, asks for what it needs and does it", async () => {
  await tenant.target("web1");
  const target = commands.find(({ name }) => name === "target");
  const verbs = target && "verbs" in target ? target.verbs : [];
  const to = (place: number) => `${DOWN.repeat(place)}${ENTER}`;
  const run = await berth(
    [],
    [
      ["What do you want to do?", to(commands.findIndex(({ name }) => name === "target"))],
      ["target: what?", to(verbs.findIndex(({ name }) => name === "show"))],
      ["name?", `web1${ENTER}`],
    ],
  );
  expect(run.code, run.stdout).toBe(0);
  const text = flat(run.stdout);
  expect(text).toContain("$ berth target show web1");
  expect(text).toMatch(/Docker +27\.3\.1/);
});

test("NO_COLOR and --json leave no sequence of a terminal in what is written", async () => {
  const bare = await berth(["usage"], [], { env: { NO_COLOR: "1" } });
  expect(bare.stdout).not.toContain("\x1b");
  const json = await berth(["usage", "--json"]);
  expect(json.stdout).not.toContain("\x1b");
  const forced = await cli.berth(["usage"], { token: tenant.secret, env: { FORCE_COLOR: "1" } });
  expect(forced.stdout).toContain("\x1b[");
});
