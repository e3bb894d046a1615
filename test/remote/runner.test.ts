import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import type { RunFile } from "@berth/domain/remote/remote.ts";
import { runner } from "@berth/domain/remote/runner.ts";
import { describe, expect, test } from "vitest";
import { compose, deployOf, type Host, runOn } from "./host.ts";
import { busybox, host, shells } from "./hosts.ts";

test.each(shells)("a deploy succeeds whatever the login shell is: %s", async (...shell) => {
  const { exit, events } = await runOn(host(), deployOf("job_1"), shell);
  const id = `sha256:${"1".repeat(64)}`;
  const data = { "image.web": `${id} page@${id}` };
  const { containers, ...rest } = exit ?? {};
  expect(rest).toEqual({ code: 0, step: "prune", log: [], changed: true, rolledBack: false, data });
  expect(containers).toMatchObject({ items: [{ service: "web", state: "running" }], expected: ["web"], more: 0 });
  expect(events.map((event) => event.seq)).toEqual(events.map((_, index) => index + 1));
  expect(events.filter((event) => event.type === "step").map((event) => event.step)).toEqual([
    "plan",
    "preflight",
    "pull",
    "start",
    "verify",
    "record",
    "prune",
  ]);
});

/** A server with BusyBox and nothing else; answers the folder of its programs. */
function bare(made: Host): string {
  const folder = `${made.home}-bin`;
  mkdirSync(folder);
  for (const name of execFileSync(busybox, ["--list"], { encoding: "utf8" }).trim().split("\n"))
    symlinkSync(busybox, `${folder}/${name}`);
  symlinkSync(`${made.home.replace(/berth$/u, "bin")}/docker`, `${folder}/docker`);
  made.env.PATH = folder;
  return folder;
}

test.skipIf(!existsSync(busybox))("the runner needs nothing that BusyBox does not have", async () => {
  const made = host();
  bare(made);
  const needs =
    // Alpine's BusyBox has flock and cksum as well; this build of Debian's may not.
    "awk cat chmod cmp cp cut date df env find grep head id ln mkdir mkfifo mktemp mv paste readlink rm rmdir sed setsid sh sleep sort tail tar tee timeout touch tr uname xargs";
  expect(
    needs.split(" ").filter((name) => !execFileSync(busybox, ["--list"], { encoding: "utf8" }).split("\n").includes(name)),
  ).toEqual([]);
  made.set("up.seconds", "1");
  const first = await runOn(made, deployOf("job_1"), [busybox, "ash"]);
  expect(first.exit?.code).toBe(0);
  made.set("up.status", "1");
  made.set("up.lines", "Error response from daemon: no\n");
  const second = await runOn(made, deployOf("job_2", { fence: 2, values: { release: "2" } }), [busybox, "ash"]);
  expect(second.exit).toMatchObject({ class: "start.failed" });
});

test.skipIf(!existsSync(busybox)).each(["/bin/dash", "/bin/bash"])(
  "a step is told while it lasts, also where tail looks once a second only (%s)",
  async (shell) => {
    const made = host();
    const folder = bare(made);
    // A tail that cannot follow at all stands for one that is too slow at it. BusyBox's own shell would not look for it.
    for (const name of ["sh", "tail"]) rmSync(`${folder}/${name}`);
    symlinkSync(shell, `${folder}/sh`);
    const tail = `#!${busybox} sh\ncase " $* " in *' -f '* | *--version*) exit 1 ;; esac\nexec ${busybox} tail "$@"\n`;
    writeFileSync(`${folder}/tail`, tail, { mode: 0o755 });
    made.set("up.lines", "a line\n");
    made.set("up.gate", "");
    const early: string[] = [];
    const { exit, events } = await runOn(made, deployOf("job_1"), [shell], undefined, ({ step, text }) => {
      if (step !== "start" || existsSync(`${made.home}/runs/job_1/exit`)) return;
      early.push(text ?? "");
      if (text === "a line" && existsSync(`${made.home}/../fake/up.gate`)) made.unset("up.gate");
    });
    expect(exit?.code).toBe(0);
    expect(early.slice(0, 2)).toEqual(["", "a line"]);
    expect(events.map(({ seq }) => seq)).toEqual(events.map((_, index) => index + 1));
  },
);

describe("values from a customer", () => {
  const hostile = [
    `$(touch CANARY)`,
    "`touch CANARY`",
    `"; touch CANARY; "`,
    `'; touch CANARY; '`,
    "a\nb\n",
    "-rf",
    "--help",
    "%s%n",
    "\\n\\0",
    " ",
    "*",
    "ünïcödé 漢字 🚢",
    "\u202eevil",
    "a\tb",
    "\r",
    "$HOME",
    // biome-ignore lint/suspicious/noTemplateCurlyInString: a shell variable, not a template
    "${IFS}",
    "|| touch CANARY",
    "> CANARY",
    "\x1b[2J",
    "~root",
    "!!",
  ];

  test("file names and contents arrive byte for byte, and none of them is ever run", async () => {
    const made = host();
    const names = hostile.map((value, index) => `${index}${value.replaceAll("/", "_")}`);
    const files: RunFile[] = [
      { path: "compose.yaml", content: compose },
      { path: ".env", content: hostile.map((value, index) => `V${index}=${value}`).join("\n") },
      ...names.flatMap((name, index) => [
        { path: `${name}`, content: hostile[index]! }, // one name was made of each
        { path: `folder ${name}/${name}/deep`, content: Buffer.from([0, 255, 10, 13, 9, index]) },
      ]),
    ];
    const { exit } = await runOn(made, deployOf("job_1", { files }));
    expect(exit?.code).toBe(0);
    for (const file of files) {
      for (const folder of ["apps/shop-production", "state/shop-production/current", "state/shop-production/releases/1"]) {
        expect(Buffer.from(execFileSync("cat", [`${made.home}/${folder}/${file.path}`]))).toEqual(
          Buffer.from(file.content as string),
        );
      }
    }
    const all = readdirSync(`${made.home}/..`, { recursive: true, encoding: "utf8" });
    expect(all.filter((path) => path.split("/").at(-1) === "CANARY")).toEqual([]);
    expect(existsSync("CANARY")).toBe(false);
  });

  test.each(hostile.slice(0, 12))("a hostile value is refused or does no harm: %j", async (value) => {
    const made = host();
    for (const values of [
      { project: value },
      { app_id: value },
      { resource: value },
      { wait_seconds: value, keep: value, pull: value },
    ]) {
      const { exit } = await runOn(made, deployOf("job_1", { values: { ...deployOf("x").values, ...values } }));
      expect(exit).toBeDefined();
    }
    const named = await runOn(made, deployOf(value));
    expect(named.exit).toMatchObject({ code: 1, class: "internal" });
    expect(readdirSync(made.home, { recursive: true, encoding: "utf8" }).filter((path) => path.includes("CANARY"))).toEqual([]);
    expect(existsSync("CANARY")).toBe(false);
  });

  test("no value is part of a command that a shell reads: every call of docker is the same but for its folder", async () => {
    const made = host();
    await runOn(
      made,
      deployOf("job_1", {
        files: [
          { path: "compose.yaml", content: compose },
          { path: ".env", content: "A=$(id)\n" },
        ],
      }),
    );
    const app = `${made.home}/apps/shop-production`;
    const state = `${made.home}/state/shop-production`;
    expect(made.calls().map((call) => call.replaceAll(app, "APP").replaceAll(state, "STATE"))).toEqual([
      "ps -aq --filter label=com.docker.compose.project=shop-production",
      "compose --project-name shop-production --project-directory STATE/releases/1 --env-file STATE/releases/1/.env -f STATE/releases/1/compose.yaml config",
      "image ls --all --quiet --no-trunc",
      "compose --project-name shop-production --project-directory STATE/releases/1 --env-file STATE/releases/1/.env -f STATE/releases/1/compose.yaml pull -- web",
      expect.stringMatching(/^image inspect --format .* -- page:1$/u),
      `image tag -- sha256:${"1".repeat(64)} berth/shop-production/web:1`,
      "ps -q --filter label=com.docker.compose.project=shop-production",
      "compose --project-name shop-production --project-directory APP --env-file STATE/releases/1/.env -f STATE/releases/1/compose.yaml -f STATE/1.pinned.yaml up --detach --no-build --pull never -- web",
      expect.stringMatching(/^ps -a --no-trunc /u),
      "ps -aq --no-trunc --filter label=com.docker.compose.project=shop-production --filter label=com.docker.compose.oneoff=False",
      expect.stringMatching(/^container inspect --format .* 1$/u),
    ]);
  });

  test("the runner evaluates nothing, and expands values inside quotes only", () => {
    const code = runner.replace(/^\s*#.*$/gmu, "");
    expect(code).not.toMatch(/\beval\b/u);
    // A shell does not split what stands in an assignment or behind `case`.
    const bare = code.split("\n").filter((line) => /(?:^|[\s;(])\$[A-Za-z_{(]/u.test(line) && !/^\s*(?:case |\w+=)/u.test(line));
    expect(bare.filter((line) => !/\$\{\w+:?\+"/u.test(line) && !inQuotes(line))).toEqual([]);
  });
});

/** Whether every expansion of a shell line is within double or single quotes, or is awk's own. */
function inQuotes(line: string): boolean {
  const unquoted = line.replace(/'[^']*'/gu, "").replace(/"(?:[^"\\]|\\.)*"/gu, "");
  return !/(?:^|[\s;(])\$[A-Za-z_{(]/u.test(unquoted);
}
