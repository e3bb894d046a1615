import { execFileSync, spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { buildCli } from "../../packages/cli/build.ts";
import { flat } from "../../packages/cli/src/command.ts";
import { commands } from "../../packages/cli/src/commands.ts";

let folder = "";
let program = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "berth-program-"));
  program = await buildCli(join(folder, "berth.mjs"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const env = () => ({ PATH: process.env.PATH, BERTH_CONFIG_DIR: folder });
const run = (...args: string[]) => {
  const { status, stdout, stderr } = spawnSync(process.execPath, [program, ...args], { env: env(), encoding: "utf8" });
  return { status, stdout, stderr };
};

describe("the program", () => {
  test("is one file that runs alone, and from source", async () => {
    const { version } = JSON.parse(await readFile("packages/cli/package.json", "utf8"));
    expect(run("--version")).toEqual({ status: 0, stdout: `${version}\n`, stderr: "" });
    expect(execFileSync(program, ["-V"], { env: env(), encoding: "utf8" })).toBe(`${version}\n`);
    expect(execFileSync(process.execPath, ["packages/cli/src/main.ts", "--version"], { encoding: "utf8" })).toBe(`${version}\n`);
    expect(JSON.parse(run("--version", "--json").stdout)).toEqual({ version });
    expect(run("addon", "add", "--version")).toEqual({ status: 0, stdout: `${version}\n`, stderr: "" });
    expect(run("addon", "add", "x", "--version", "16").stderr).toContain("none of postgres, redis, nats, mariadb");
  });

  test("runs on every Node from 20 on that this machine has", () => {
    const nodes = ["/usr/bin/node", "/usr/local/bin/node", process.execPath].filter(
      (node) =>
        existsSync(node) && Number(execFileSync(node, ["-p", "process.versions.node.split('.')[0]"], { encoding: "utf8" })) >= 20,
    );
    for (const node of nodes) {
      const { status, stderr } = spawnSync(node, [program, "whoami", "--url", "http://localhost:1"], {
        env: env(),
        encoding: "utf8",
      });
      expect({ node, status, stderr }).toMatchObject({ status: 4, stderr: expect.stringContaining("You are not logged in") });
    }
  });

  // How long it takes to start is in `npm run bench`.
  test("is small enough to start at once", async () => {
    expect((await stat(program)).size).toBeLessThanOrEqual(900_000);
  });
});

describe("help", () => {
  test("names every command, with examples, and fits", () => {
    const { status, stdout } = run("--help");
    expect(status).toBe(0);
    for (const { words } of flat(commands)) expect(stdout).toMatch(new RegExp(`^  ${words[0]}\\b`, "m"));
    expect(stdout).toContain("Examples:\n  berth login");
    for (const line of stdout.split("\n")) expect(line.length).toBeLessThanOrEqual(100);
    expect(run().stdout).toBe(stdout);
    expect(run("help").stdout).toBe(stdout);
    for (const option of ["--json", "--context", "--url", "--help"])
      expect(stdout.match(new RegExp(`^ +(-\\w, )?${option} `, "gm")), option).toHaveLength(1);
  });

  test("of a noun names its verbs, whichever way it is asked for", () => {
    const { stdout } = run("target", "--help");
    for (const verb of ["add", "list", "show", "check", "trust", "remove"])
      expect(stdout).toMatch(new RegExp(`^  ${verb}\\b`, "m"));
    expect(run("target").stdout).toBe(stdout);
    expect(run("targets").stdout).toBe(stdout);
    expect(run("help", "target").stdout).toBe(stdout);
    expect(run("--context", "x", "target").stdout).toBe(stdout);
  });

  test("of a noun that means something alone is asked for by name", () => {
    const { stdout } = run("billing", "--help");
    expect(stdout).toContain("Without a command: show.");
    expect(run("help", "billing").stdout).toBe(stdout);
    expect(run("billing", "--url", "http://127.0.0.1:2").status).toBe(4);
    expect(run("--context", "billing", "billing", "--url", "http://127.0.0.1:2")).toMatchObject(
      run("billing", "show", "--context", "billing", "--url", "http://127.0.0.1:2"),
    );
  });
});

describe("a mistake", () => {
  test.each([
    [["delpoy"], "Unknown command 'delpoy'.", "Did you mean deploy?", "berth --help"],
    [["billing", "chagne"], "Unknown command 'chagne'.", "Did you mean change?", "berth billing --help"],
    [["target", "ad"], "Unknown command 'ad'.", "Did you mean add?", "berth target --help"],
    [["deploy", "--targt", "x"], "Unknown option '--targt'.", "Did you mean --target?", "berth deploy --help"],
    [["target", "show"], "Missing required argument 'name'.", undefined, "berth target show --help"],
    [["app", "list", "x"], "Too many arguments", undefined, "berth app list --help"],
    [["deploy", "--note"], "argument missing", undefined, "berth deploy --help"],
    [["jobs", "list", "--kind", "x"], "--kind", undefined, undefined],
    [["jobs", "list", "--limit", "0"], "--limit", undefined, undefined],
  ])("like %j is explained, with what was meant and where help is", (args, detail, hint, next) => {
    const { status, stdout, stderr } = run(...args, "--json");
    expect({ status, stderr }).toEqual({ status: 1, stderr: "" });
    const problem = JSON.parse(stdout);
    expect(problem.code).toBe("cli.usage");
    expect(problem.detail).toContain(detail);
    if (hint) expect(problem.hint).toBe(hint);
    if (next) expect(problem.next).toEqual([next]);
    expect(run(...args).stderr).toContain(detail);
  });
});

describe("completion", () => {
  const complete = (script: string, words: readonly string[]) =>
    execFileSync(
      "bash",
      ["-c", `${script}\nCOMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _berth; printf '%s\\n' "\${COMPREPLY[@]}"`, "bash", ...words],
      { encoding: "utf8" },
    )
      .trim()
      .split("\n");

  test("for bash offers commands, verbs and options where they belong", () => {
    const { stdout: script } = run("completion", "bash");
    expect(complete(script, ["berth", ""])).toContain("deploy");
    expect(complete(script, ["berth", "ta"])).toEqual(["target"]);
    expect(complete(script, ["berth", "target", ""])).toEqual(expect.arrayContaining(["add", "trust"]));
    expect(complete(script, ["berth", "target", "add", "web1", "--fi"])).toEqual(["--fingerprint"]);
    expect(complete(script, ["berth", "deploy", "--en"])).toEqual(["--environment"]);
    expect(complete(script, ["berth", "--json", "jobs", "li"])).toEqual(["list"]);
  });

  test("for zsh and fish is a script too, and another shell is a mistake", () => {
    expect(run("completion", "zsh").stdout).toContain("bashcompinit");
    expect(run("completion", "fish").stdout).toMatch(/^complete -c berth -f -n 'not __fish_seen_subcommand_from .*' -a deploy /m);
    expect(JSON.parse(run("completion", "bash", "--json").stdout)).toMatchObject({ shell: "bash", script: expect.any(String) });
    expect(run("completion", "tcsh")).toMatchObject({ status: 1 });
  });
});

test("a reader that stops reading is no failure", () => {
  const { status } = spawnSync(
    "bash",
    ["-c", `set -o pipefail; "$0" "$1" completion fish | head -n 1 >/dev/null`, process.execPath, program],
    { env: env() },
  );
  expect(status).toBe(0);
});
