import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import type { RunFile } from "@berth/domain/remote/remote.ts";
import { afterEach, describe, expect, test } from "vitest";
import { compose, deployOf, type Host, makeHost, runOn } from "./host.ts";

const hosts: Host[] = [];
function host(): Host {
  const made = makeHost();
  hosts.push(made);
  return made;
}
afterEach(() => {
  for (const made of hosts.splice(0)) made.remove();
});

const busybox = "/bin/busybox";
const shells = [["/bin/sh"], ["/bin/bash"], ["/bin/dash"], ...(existsSync(busybox) ? [[busybox, "ash"]] : [])];

test.each(shells)("a deploy succeeds whatever the login shell is: %s", async (...shell) => {
  const { exit, events } = await runOn(host(), deployOf("job_1"), shell);
  expect(exit).toEqual({ code: 0, step: "prune", log: [], changed: true, rolledBack: false, data: {} });
  expect(events.map((event) => event.seq)).toEqual(events.map((_, index) => index + 1));
  expect(events.filter((event) => event.type === "step").map((event) => event.step)).toEqual([
    "preflight",
    "pull",
    "start",
    "verify",
    "record",
    "prune",
  ]);
});

test.skipIf(!existsSync(busybox))("the runner needs nothing that BusyBox does not have", async () => {
  const made = host();
  const folder = `${made.home}-bin`;
  mkdirSync(folder);
  const needs =
    // Alpine's BusyBox has flock and cksum as well; this build of Debian's may not.
    "awk cat chmod cmp cp cut date df find grep head id ln mkdir mkfifo mktemp mv paste readlink rm rmdir sed setsid sh sleep sort tail tar timeout tr uname";
  expect(
    needs.split(" ").filter((name) => !execFileSync(busybox, ["--list"], { encoding: "utf8" }).split("\n").includes(name)),
  ).toEqual([]);
  for (const name of execFileSync(busybox, ["--list"], { encoding: "utf8" }).trim().split("\n"))
    symlinkSync(busybox, `${folder}/${name}`);
  symlinkSync(`${made.home.replace(/berth$/u, "bin")}/docker`, `${folder}/docker`);
  made.env.PATH = folder;
  made.set("up.seconds", "1");
  const first = await runOn(made, deployOf("job_1"), [busybox, "ash"]);
  expect(first.exit?.code).toBe(0);
  made.set("up.status", "1");
  made.set("up.lines", "Error response from daemon: no\n");
  const second = await runOn(made, deployOf("job_2", { fence: 2, plan: { release: "2" } }), [busybox, "ash"]);
  expect(second.exit).toMatchObject({ class: "start.failed" });
});

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
      for (const folder of ["apps/shop-production", "apps/shop-production/current", "apps/shop-production/releases/1"]) {
        expect(Buffer.from(execFileSync("cat", [`${made.home}/${folder}/${file.path}`]))).toEqual(
          Buffer.from(file.content as string),
        );
      }
    }
    const all = readdirSync(`${made.home}/..`, { recursive: true, encoding: "utf8" });
    expect(all.filter((path) => path.split("/").at(-1) === "CANARY")).toEqual([]);
    expect(existsSync("CANARY")).toBe(false);
  });

  test.each(hostile.slice(0, 12))("a hostile plan value is refused or does no harm: %j", async (value) => {
    const made = host();
    for (const plan of [
      { project: value },
      { app_id: value },
      { resource: value },
      { wait_seconds: value, keep: value, pull: value },
    ]) {
      const { exit } = await runOn(made, deployOf("job_1", { plan: { ...deployOf("x").plan, ...plan } }));
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
    expect(made.calls().map((call) => call.replaceAll(app, "APP"))).toEqual([
      "ps -aq --filter label=com.docker.compose.project=shop-production",
      "compose --project-name shop-production --project-directory APP/releases/1 -f APP/releases/1/compose.yaml config",
      expect.stringMatching(/^image inspect --format .* page:1$/u),
      "compose --project-name shop-production --project-directory APP/releases/1 -f APP/releases/1/compose.yaml pull web",
      expect.stringMatching(/^image inspect --format .* page:1$/u),
      "compose --project-name shop-production --project-directory APP -f APP/compose.yaml -f APP/.berth/pinned.yaml up --detach --remove-orphans --no-build --pull never",
      expect.stringMatching(/^ps -a --no-trunc /u),
    ]);
  });

  test("the runner evaluates nothing, and expands values inside quotes only", () => {
    const path = fileURLToPath(new URL("../../packages/domain/src/remote/runner.sh", import.meta.url));
    const code = readFileSync(path, "utf8").replace(/^\s*#.*$/gmu, "");
    expect(code).not.toMatch(/\beval\b/u);
    // A shell does not split what stands in an assignment or behind `case`.
    const bare = code.split("\n").filter((line) => /(?:^|[\s;(])\$[A-Za-z_{(]/u.test(line) && !/^\s*(?:case |\w+=)/u.test(line));
    expect(bare.filter((line) => !/\$\{(?:pace|live):\+"/u.test(line) && !inQuotes(line))).toEqual([]);
  });
});

/** Whether every expansion of a shell line is within double or single quotes, or is awk's own. */
function inQuotes(line: string): boolean {
  const unquoted = line.replace(/'[^']*'/gu, "").replace(/"(?:[^"\\]|\\.)*"/gu, "");
  return !/(?:^|[\s;(])\$[A-Za-z_{(]/u.test(unquoted);
}

describe("a job that is started again", () => {
  test("replays what has ended from the asked event on, with the same verdict", async () => {
    const made = host();
    const first = await runOn(made, deployOf("job_1"));
    const again = await runOn(made, deployOf("job_1", { from: 3, files: [] }));
    expect(again.events.slice(0, -1)).toEqual(first.events.slice(3, -1));
    expect(again.exit).toEqual(first.exit);
    const after = await runOn(made, deployOf("job_1", { from: first.events.length, files: [] }));
    expect(after.events.map((event) => event.type)).toEqual(["result"]);
    expect(made.read("../fake/ups")).toBe("up\n");
  });

  test("attaches while it goes on: both callers hear the end and it is done once", async () => {
    const made = host();
    made.set("up.seconds", "1");
    made.set("up.lines", "one line\n");
    const first = runOn(made, deployOf("job_1"));
    await sleep(400);
    const [a, b, c] = await Promise.all([
      first,
      runOn(made, deployOf("job_1", { from: 2, fence: 7 })),
      runOn(made, deployOf("job_1", { fence: 7 })),
    ]);
    expect(a.exit).toMatchObject({ code: 0 });
    expect(b.events.slice(0, -1)).toEqual(a.events.slice(2, -1));
    expect(c.events.slice(0, -1)).toEqual(a.events.slice(0, -1));
    expect(made.read("../fake/ups")).toBe("up\n");
  });

  test("is refused with a lower fence, whether it runs, has ended or is new, and changes nothing", async () => {
    const made = host();
    await runOn(made, deployOf("job_1", { fence: 5 }));
    const calls = made.calls().length;
    for (const job of ["job_1", "job_2"]) {
      const { exit, events } = await runOn(made, deployOf(job, { fence: 4 }));
      expect(exit).toMatchObject({ code: 76, class: "fence", data: { stored: "5" } });
      expect(events).toHaveLength(1);
    }
    expect(made.calls()).toHaveLength(calls);
    expect(made.read("fences/server")).toBe("5\n");
    const other = await runOn(made, deployOf("job_2", { fence: 1, plan: { resource: "target_2" } }));
    expect(other.exit?.code).toBe(0);
  });

  test("another job meanwhile is told who holds the server", async () => {
    const made = host();
    made.set("up.seconds", "1");
    const first = runOn(made, deployOf("job_1"));
    await sleep(400);
    const second = await runOn(made, deployOf("job_2", { fence: 2 }));
    expect(second.exit).toMatchObject({ code: 75, class: "busy", data: { holder: "job_1" } });
    expect((await first).exit?.code).toBe(0);
    expect((await runOn(made, deployOf("job_2", { fence: 3 }))).exit?.code).toBe(0);
  });

  test("of many callers at once exactly one run is started, and the others attach or are told", async () => {
    const made = host();
    made.set("up.seconds", "0.3");
    const callers = Array.from({ length: 8 }, (_, index) => runOn(made, deployOf(index % 2 ? "job_1" : "job_2")));
    const codes = (await Promise.all(callers)).map(({ exit }) => exit?.code);
    expect(codes.filter((code) => code === 0).length).toBe(4);
    expect(codes.filter((code) => code === 75).length).toBe(4);
    expect(made.read("../fake/ups")).toBe("up\n");
  });

  test("a run that vanished says so, and only a higher fence starts it again", async () => {
    const made = host();
    made.set("up.seconds", "30");
    const first = runOn(made, deployOf("job_1"));
    await sleep(500);
    const pid = Number(made.read("runs/job_1/pid"));
    // As when the power goes: everything of that session ends at once.
    execFileSync("sh", ["-c", 'kill -9 $(ps -o pid= -s "$1")', "sh", String(pid)]);
    expect((await first).exit).toMatchObject({ code: 75, class: "interrupted" });
    made.set("up.seconds", "0");
    expect((await runOn(made, deployOf("job_1"))).exit).toMatchObject({ class: "interrupted" });
    const again = await runOn(made, deployOf("job_1", { fence: 2, from: 3 }));
    expect(again.exit).toMatchObject({ code: 0 });
    expect(again.events[0]?.seq).toBe(4);
  });
});

describe("a run is stopped", () => {
  test("by a cancel, which the run itself reports, after putting things back", async () => {
    const made = host();
    await runOn(made, deployOf("job_1"));
    made.set("up.seconds", "20");
    const run = runOn(made, deployOf("job_2", { plan: { release: "2" } }));
    await sleep(700);
    made.set("up.seconds", "0");
    const cancel = await runOn(made, { op: "cancel", job: "job_2-cancel", fence: 1, from: 0, files: [], plan: { run: "job_2" } });
    expect(cancel.exit).toMatchObject({ code: 1, class: "canceled", step: "start", changed: true, rolledBack: true });
    expect((await run).exit).toEqual(cancel.exit);
    expect(made.read("apps/shop-production/.berth/laid")).toBe("releases/1\n");
  });

  test("by a cancel before it began, and then never begins", async () => {
    const made = host();
    const cancel = await runOn(made, { op: "cancel", job: "c", fence: 1, from: 0, files: [], plan: { run: "job_1" } });
    expect(cancel.exit).toMatchObject({ code: 1, class: "canceled", changed: false });
    expect((await runOn(made, deployOf("job_1"))).exit).toMatchObject({ class: "canceled" });
    expect(existsSync(`${made.home}/apps/shop-production`)).toBe(false);
  });

  test("by its own clock", async () => {
    const made = host();
    made.set("up.seconds", "20");
    const { exit } = await runOn(made, deployOf("job_1", { plan: { timeout_seconds: "2" } }));
    expect(exit).toMatchObject({ code: 1, class: "timeout", step: "start", changed: true });
  });

  test("not by a caller that goes away", async () => {
    const made = host();
    made.set("up.seconds", "1");
    const { spawn } = await import("node:child_process");
    const { RUN, toTar } = await import("@berth/domain/remote/bundle.ts");
    const caller = spawn("/bin/sh", ["-c", RUN], { env: made.env, stdio: ["pipe", "pipe", "inherit"], detached: true });
    caller.stdin.end(await toTar(deployOf("job_1")));
    await sleep(500);
    process.kill(-caller.pid!, "SIGKILL"); // it was spawned
    const { exit } = await runOn(made, deployOf("job_1"));
    expect(exit?.code).toBe(0);
    expect(made.read("../fake/ups")).toBe("up\n");
  });
});

describe("a Docker that goes away while containers are replaced", () => {
  const away = async (made: Host, from: number, to: number) => {
    await sleep(from);
    made.set("down", "");
    await sleep(to - from);
    made.unset("down");
  };

  test("is waited for before a container is made: once it answers the release comes up, and nothing is put back", async () => {
    const made = host();
    made.set("pull.seconds", "1"); // gone between pull and start
    const [{ exit, events }] = await Promise.all([runOn(made, deployOf("job_1")), away(made, 700, 3000)]);
    expect(exit).toMatchObject({ code: 0, changed: true });
    expect(made.read("../fake/ups")).toBe("up\n");
    expect(events.map(({ step }) => step)).not.toContain("restore");
    expect(events.map(({ text }) => text)).toContain("Docker does not answer; waiting for it");
  });

  test("is waited for afterwards too: the release that is up stays up", async () => {
    const made = host();
    made.set("up.seconds", "1");
    const [{ exit, events }] = await Promise.all([runOn(made, deployOf("job_1")), away(made, 700, 3000)]);
    expect(exit).toMatchObject({ code: 0 });
    expect(made.read("../fake/ups")).toBe("up\n");
    expect(events.map(({ step }) => step)).not.toContain("restore");
  });

  test("is asked once more for a start that it slept through, as Docker 20.10 tells it", async () => {
    const made = host();
    made.set(
      "up.once",
      'Error response from daemon: failed to create shim task: failed to start io pipe copy: unable to copy pipes: containerd-shim: opening w/o fifo "/var/run/docker/containerd/0f3e/init-stdout" failed: context deadline exceeded\n',
    );
    const { exit, events } = await runOn(made, deployOf("job_1"));
    expect(exit).toMatchObject({ code: 0 });
    expect(made.read("../fake/ups")).toBe("up\nup\n");
    expect(events.map(({ step }) => step)).not.toContain("restore");
  });

  test("is given up after a time, with its class, and only then is the previous release put back", async () => {
    const made = host();
    await runOn(made, deployOf("job_1"));
    made.set("up.seconds", "1");
    const plan = { release: "2", docker_seconds: "3" };
    const [{ exit, events }] = await Promise.all([runOn(made, deployOf("job_2", { fence: 2, plan })), away(made, 700, 6000)]);
    expect(exit).toMatchObject({ code: 1, class: "docker.down", step: "verify", changed: true, rolledBack: true });
    expect(events.map(({ step }) => step)).toContain("restore");
  });
});

describe("a run fails with its class", () => {
  test("when Docker does not answer", async () => {
    const made = host();
    made.set("down", "");
    const { exit } = await runOn(made, { op: "check", job: "c", fence: 0, from: 0, files: [], plan: {} });
    expect(exit).toMatchObject({ code: 69, class: "docker.down" });
    expect(exit?.data).toMatchObject({
      arch: expect.any(String),
      disk_free_mb: expect.stringMatching(/^\d+$/u),
      os: expect.any(String),
    });
  });

  // What Docker 20.10 and Compose 2.26 print when the resolver refuses, word for word.
  test("when the registry cannot be looked up, though Compose says of the other services that Docker is not there", async () => {
    const made = host();
    made.set(
      "pull.lines",
      ` redis Pulling 
 web Pulling 
 web Error Get "https://registry-1.docker.io/v2/": dial tcp: lookup registry-1.docker.io on 127.0.0.1:53: read udp 127.0.0.1:33795->127.0.0.1:53: read: connection refused
 redis Error Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?
Error response from daemon: Get "https://registry-1.docker.io/v2/": dial tcp: lookup registry-1.docker.io on 127.0.0.1:53: read udp 127.0.0.1:33795->127.0.0.1:53: read: connection refused
`,
    );
    made.set("pull.status", "18");
    const { exit } = await runOn(made, deployOf("job_1"));
    expect(exit).toMatchObject({
      class: "registry.unavailable",
      step: "pull",
      changed: false,
      message: expect.stringContaining("lookup registry-1.docker.io"),
    });
  });

  test("before anything was started, and leaves nothing of the release", async () => {
    const made = host();
    await runOn(made, deployOf("job_1"));
    made.set("pull.status", "1");
    made.set("pull.lines", "failed to register layer: write /data: no space left on device\n");
    const { exit } = await runOn(made, deployOf("job_2", { fence: 2, plan: { release: "2" } }));
    expect(exit).toMatchObject({ class: "disk.full", step: "pull", changed: false });
    expect(readdirSync(`${made.home}/apps/shop-production/releases`)).toEqual(["1"]);
  });

  test("when an image is made for another processor", async () => {
    const made = host();
    made.set("arch", "s390x");
    expect((await runOn(made, deployOf("job_1"))).exit).toMatchObject({ class: "arch.mismatch", step: "pull", changed: false });
  });

  test("when the disk is too full", async () => {
    const { exit } = await runOn(host(), deployOf("job_1", { plan: { min_free_mb: "999999999" } }));
    expect(exit).toMatchObject({ class: "disk.full", step: "preflight", changed: false });
  });

  test("when the folder is another app's", async () => {
    const made = host();
    await runOn(made, deployOf("job_1"));
    const { exit } = await runOn(made, deployOf("job_2", { plan: { app_id: "ten_2/app_9" } }));
    expect(exit).toMatchObject({ class: "conflict", changed: false });
    const removal = await runOn(made, deployOf("job_3", { op: "remove", files: [], plan: { app_id: "ten_2/app_9" } }));
    expect(removal.exit).toMatchObject({ class: "conflict" });
    expect(existsSync(`${made.home}/apps/shop-production/compose.yaml`)).toBe(true);
  });
});

test("logs come as events with their own times and services, free of terminal sequences", async () => {
  const { exit, events } = await runOn(host(), {
    op: "logs",
    job: "l",
    fence: 0,
    from: 0,
    files: [],
    plan: { project: "shop-production", tail: "10" },
  });
  expect(exit?.code).toBe(0);
  expect(events.slice(0, 2)).toEqual([
    { seq: 1, at: "2026-01-02T03:04:05.678Z", type: "log", service: "web", text: "hello | there" },
    { seq: 2, at: "2026-01-02T03:04:06.000Z", type: "log", service: "web", text: "red" },
  ]);
});
