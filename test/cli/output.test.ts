import { execFile } from "node:child_process";
import { mkdir, symlink } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { buildCli } from "../../packages/cli/build.ts";
import { sinceAt } from "../../packages/cli/src/log/since.ts";
import { terminalOf } from "../../packages/cli/src/terminal/terminal.ts";
import { flat, useCli } from "./harness.ts";

const cli = useCli();
let tenant: Awaited<ReturnType<typeof cli.tenant>>;
let program = "";
beforeAll(async () => {
  tenant = await cli.tenant();
  program = await buildCli(join(await cli.folder(), "berth.mjs"));
});

/** By a shell, as people redirect. `$B` is the program. */
const shell = (line: string) =>
  new Promise<{ code: number; stderr: string; stdout: string }>((resolve) => {
    const env = {
      PATH: process.env.PATH,
      B: `${process.execPath} ${program}`,
      BERTH_URL: cli.url,
      BERTH_TOKEN: tenant.secret,
      BERTH_CONFIG_DIR: "/nonexistent",
    };
    execFile("bash", ["--norc", "-c", line], { env }, (error, stdout, stderr) =>
      resolve({ code: error ? Number(error.code) : 0, stdout, stderr }),
    );
  });

describe("an output that is full", () => {
  test.each(["billing plans", "billing plans --json", "usage", "--help", "--version", "deploy --help"])(
    "is an error: berth %s",
    async (args) => {
      const run = await shell(`$B ${args} > /dev/full`);
      expect(run.code).toBe(1);
      expect(run.stderr).toBe("✗ The output cannot be written\n  There is no space left on the disk.\n");
    },
  );

  test("also where nothing can be said of it", async () => {
    expect((await shell("$B billing plans > /dev/full 2> /dev/full")).code).toBe(1);
  });

  test("and one whose reader has left is not", async () => {
    const run = await shell(`$B billing plans | true; echo \${PIPESTATUS[0]}`);
    expect(run).toMatchObject({ stdout: "0\n", stderr: "" });
  });
});

describe("nobody is asked", () => {
  const terminal = (env: Record<string, string>) => {
    const stream = { isTTY: true, columns: 80, write: () => true } as unknown as NodeJS.WriteStream;
    return terminalOf(env, { stdin: { isTTY: true }, stdout: stream, stderr: stream }, false);
  };

  test("where CI is set, whatever the terminal", () => {
    expect(terminal({}).interactive).toBe(true);
    for (const CI of ["true", "1", "woodpecker"]) expect(terminal({ CI })).toMatchObject({ interactive: false, live: false });
    for (const CI of ["", "0", "false", "FALSE"]) expect(terminal({ CI }).interactive).toBe(true);
  });

  test("by a deploy at a terminal of CI: it is refused with what to say", async () => {
    const cwd = await cli.folder({ "compose.yaml": "services:\n  web:\n    image: registry.test/web:1\n" }, "brandnew");
    const run = await cli.atTerminal(["deploy"], [], { cwd, token: tenant.secret, env: { CI: "true" } });
    expect(run.code).toBe(1);
    expect(flat(run.stdout)).toContain("berth deploy --yes");
  });
});

describe("the folder", () => {
  test("is that of the shell, also where a link leads to another at each release", async () => {
    const root = await cli.folder();
    await mkdir(join(root, "app-20261128175959"));
    await symlink("app-20261128175959", join(root, "current"));
    const run = await shell(`cd ${root}/current && touch compose.yaml && $B app status --json`);
    expect(JSON.parse(run.stdout)).toMatchObject({ code: "app.not_found", detail: expect.stringContaining("current") });
    // A PWD that is somebody else's, as of a program that was started elsewhere, is not believed.
    const other = await shell(`cd ${root}/current && PWD=${root} $B app status --json`);
    expect(JSON.parse(other.stdout).detail).toContain("app-20261128175959");
  });
});

describe("a time of the past", () => {
  const now = new Date("2026-11-28T18:00:00Z");
  const ago = (seconds: number) => new Date(now.getTime() - seconds * 1000).toISOString();

  test.each([
    ["90s", 90],
    ["10m", 600],
    ["1h30m", 5400],
    ["1h 30m", 5400],
    ["2 days ago", 2 * 86_400],
    ["2d", 2 * 86_400],
    ["1 week ago", 7 * 86_400],
    ["1 hour and 5 minutes ago", 3900],
    ["5 MINUTES AGO", 300],
  ])("%s is taken", (text, seconds) => {
    expect(sinceAt(text, now)).toBe(ago(seconds));
  });

  test.each([
    ["2026-11-28T17:50:00Z", "2026-11-28T17:50:00.000Z"],
    ["2026-11-28T17:50+02:00", "2026-11-28T15:50:00.000Z"],
    ["2026-11-28 17:50:01.5Z", "2026-11-28T17:50:01.000Z"],
    ["2026-11-28", new Date(2026, 10, 28).toISOString()],
    ["2026-11-28T17:50", new Date(2026, 10, 28, 17, 50).toISOString()],
    ["today", new Date(2026, 10, 28).toISOString()],
    ["yesterday", new Date(2026, 10, 27).toISOString()],
  ])("%s is taken as that moment", (text, at) => {
    expect(sinceAt(text, now)).toBe(at);
  });

  test.each(["10", "90", "last monday 3", "-5m", "m", "", "2026", "2026-02-30", "2026-11-28T25:00", "1e3s", "28.11.2026", "10x"])(
    "%j is refused with examples",
    (text) => {
      expect(() => sinceAt(text, now)).toThrow(/is not a time. Say how long ago, like 90s, 10m, 1h30m/);
    },
  );

  test("is refused before anything is asked", async () => {
    const run = await cli.berth(["logs", "shop", "--since", "10", "--json"], { token: tenant.secret });
    expect(run.json).toMatchObject({ code: "cli.usage", detail: expect.stringContaining('--since: "10" is not a time') });
  });
});
