import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import type { RunEvent, RunFile } from "@berth/domain/remote/remote.ts";
import { runner } from "@berth/domain/remote/runner.ts";
import { afterEach, describe, expect, test } from "vitest";
import { compose, deployOf, eventually, type Host, makeHost, runOn } from "./host.ts";

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
  const id = `sha256:${"1".repeat(64)}`;
  const data = { "image.web": `${id} page@${id}` };
  const { containers, ...rest } = exit ?? {};
  expect(rest).toEqual({ code: 0, step: "prune", log: [], changed: true, rolledBack: false, data });
  expect(containers).toMatchObject({ items: [{ service: "web", state: "running" }], expected: ["web"], more: 0 });
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
  const second = await runOn(made, deployOf("job_2", { fence: 2, plan: { release: "2" } }), [busybox, "ash"]);
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
    const state = `${made.home}/state/shop-production`;
    expect(made.calls().map((call) => call.replaceAll(app, "APP").replaceAll(state, "STATE"))).toEqual([
      "ps -aq --filter label=com.docker.compose.project=shop-production",
      "compose --project-name shop-production --project-directory STATE/releases/1 --env-file STATE/releases/1/.env -f STATE/releases/1/compose.yaml config",
      "image ls --all --quiet --no-trunc",
      "compose --project-name shop-production --project-directory STATE/releases/1 --env-file STATE/releases/1/.env -f STATE/releases/1/compose.yaml pull -- web",
      expect.stringMatching(/^image inspect --format .* -- page:1$/u),
      `image tag -- sha256:${"1".repeat(64)} berth/shop-production/web:1`,
      "ps -q --filter label=com.docker.compose.project=shop-production",
      "compose --project-name shop-production --project-directory APP --env-file STATE/releases/1/.env -f STATE/releases/1/compose.yaml -f STATE/1.pinned.yaml up --detach --remove-orphans --no-build --pull never",
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
    await eventually(() => made.read("../fake/ups") !== "");
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
    made.set("up.gate", "");
    const first = runOn(made, deployOf("job_1"));
    await made.begun();
    const second = await runOn(made, deployOf("job_2", { fence: 2 }));
    made.unset("up.gate");
    expect(second.exit).toMatchObject({ code: 75, class: "busy", data: { holder: "job_1" } });
    expect((await first).exit?.code).toBe(0);
    expect((await runOn(made, deployOf("job_2", { fence: 3 }))).exit?.code).toBe(0);
  });

  test("of many callers at once exactly one run is started, and the others attach or are told", async () => {
    const made = host();
    made.set("up.gate", "");
    let refused = 0;
    const callers = Array.from({ length: 8 }, async (_, index) => {
      const { exit } = await runOn(made, deployOf(index % 2 ? "job_1" : "job_2"));
      if (exit?.code === 75) refused++;
      return exit?.code;
    });
    // Whoever comes once the run is over would start another.
    await eventually(() => refused === 4);
    made.unset("up.gate");
    const codes = await Promise.all(callers);
    expect(codes.filter((code) => code === 0).length).toBe(4);
    expect(codes.filter((code) => code === 75).length).toBe(4);
    expect(made.read("../fake/ups")).toBe("up\n");
  });

  test("a run that vanished says so, and only a higher fence starts it again", async () => {
    const made = host();
    made.set("up.seconds", "30");
    const first = runOn(made, deployOf("job_1"));
    await eventually(() => made.read("../fake/ups") !== "");
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
    await eventually(() => made.read("../fake/ups") === "up\nup\n");
    made.set("up.seconds", "0");
    const cancel = await runOn(made, { op: "cancel", job: "job_2-cancel", fence: 1, from: 0, files: [], plan: { run: "job_2" } });
    expect(cancel.exit).toMatchObject({ code: 1, class: "canceled", step: "start", changed: true, rolledBack: true });
    expect((await run).exit).toEqual(cancel.exit);
    expect(made.read("state/shop-production/laid")).toBe("releases/1\n");
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
    await eventually(() => made.read("../fake/ups") !== "");
    process.kill(-caller.pid!, "SIGKILL"); // it was spawned
    const { exit } = await runOn(made, deployOf("job_1"));
    expect(exit?.code).toBe(0);
    expect(made.read("../fake/ups")).toBe("up\n");
  });
});

describe("a Docker that goes away while containers are replaced", () => {
  /** Docker is away from what its calls say until what the run says. */
  const away = async (made: Host, from: RegExp, run: string, until: string) => {
    await eventually(() => from.test(made.calls().join("\n")));
    made.set("down", "");
    await eventually(() => made.read(`runs/${run}/events`).includes(until));
    made.unset("down");
  };
  const waits = "Docker does not answer; waiting for it";

  test("is waited for before a container is made: once it answers the release comes up, and nothing is put back", async () => {
    const made = host();
    made.set("pull.seconds", "1"); // gone between pull and start
    const [{ exit, events }] = await Promise.all([runOn(made, deployOf("job_1")), away(made, / pull -- web$/mu, "job_1", waits)]);
    expect(exit).toMatchObject({ code: 0, changed: true });
    expect(made.read("../fake/ups")).toBe("up\n");
    expect(events.map(({ step }) => step)).not.toContain("restore");
    expect(events.map(({ text }) => text)).toContain(waits);
  });

  test("is waited for afterwards too, and what it ended meanwhile is started again before it is judged", async () => {
    const made = host();
    made.set("up.seconds", "1");
    made.set("ps.after", "1\tweb\texited\tExited (137) 1 second ago\n");
    const [{ exit, events }] = await Promise.all([runOn(made, deployOf("job_1")), away(made, / up --detach /u, "job_1", waits)]);
    expect(exit).toMatchObject({ code: 0 });
    expect(made.read("../fake/ups")).toBe("up\nup\n");
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
    const [{ exit, events }] = await Promise.all([
      runOn(made, deployOf("job_2", { fence: 2, plan })),
      away(made, /(?: up --detach [\s\S]*){2}/u, "job_2", "\tstep\trestore\t"),
    ]);
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
    expect(readdirSync(`${made.home}/state/shop-production/releases`)).toEqual(["1"]);
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

describe("asked for logs", () => {
  const logsOf = (plan: Record<string, string> = {}) => ({
    op: "logs" as const,
    job: "l",
    fence: 0,
    from: 0,
    files: [],
    plan: { project: "shop-production", tail: "10", ...plan },
  });
  const at = (second: number) => `2026-01-02T03:04:0${second}.000000000Z`;
  const [web, db] = ["aaaaaaaaaaaa", "bbbbbbbbbbbb"];
  const two = `${web}111\t${at(0)}\tweb\n${db}111\t${at(0)}\tdb\n`;
  const linesOf = (events: readonly RunEvent[]) => events.filter(({ type }) => type === "log");
  const notesOf = (events: readonly RunEvent[]) => events.flatMap(({ type, step }) => (type === "note" ? [step] : []));

  test.each(shells)(
    "it says whose each line is, when it was said, and where each container was then, without terminal sequences: %s",
    async (...shell) => {
      const { exit, events } = await runOn(host(), logsOf(), shell);
      expect(exit?.code).toBe(0);
      expect(linesOf(events)).toEqual([
        {
          seq: 1,
          at: "2026-01-02T03:04:05.678Z",
          type: "log",
          step: "c0ffee123456 2026-01-02T03:04:05.678901234Z",
          service: "web",
          text: "hello | there",
        },
        {
          seq: 2,
          at: "2026-01-02T03:04:06.000Z",
          type: "log",
          step: `c0ffee123456 ${at(6)}`,
          service: "web",
          text: "red",
        },
      ]);
      expect(notesOf(events)).toEqual([`c0ffee123456 ${at(6)} 1`, expect.stringMatching(/^begun 20\d\d-\d\d-\d\dT\S+Z$/)]);
    },
  );

  test.each(shells)("it says the last lines of all containers together, and where those left out ended: %s", async (...shell) => {
    const made = host();
    made.set("there", two);
    made.set(`lines.${web}`, `${at(1)} one\n${at(4)} four\n${at(4)} four again\n`);
    made.set(`lines.${db}`, `${at(2)} two\n${at(3)} 30%\r60%\r\n`);
    const { events } = await runOn(made, logsOf({ tail: "3" }), shell);
    expect(linesOf(events).map(({ service, text }) => [service, text])).toEqual([
      ["db", "30% 60%"],
      ["web", "four"],
      ["web", "four again"],
    ]);
    expect(notesOf(events).slice(0, 2).sort()).toEqual([`${web} ${at(4)} 2`, `${db} ${at(3)} 1`].sort());
    const cut = (await runOn(made, logsOf({ tail: "1" }), shell)).events;
    expect(linesOf(cut).map(({ text }) => text)).toEqual(["four again"]);
    expect(notesOf(cut).slice(0, 2).sort()).toEqual([`${web} ${at(4)} 2`, `${db} ${at(3)} 1`].sort());
    const none = (await runOn(made, logsOf({ tail: "0" }), shell)).events;
    expect(linesOf(none)).toEqual([]);
    expect(notesOf(none)).toContain(`${web} ${at(4)} 2`);
  });

  test.each(shells)("it asks only the services wanted, and says what Docker says in the place of lines: %s", async (...shell) => {
    const made = host();
    made.set("there", two);
    made.set(`lines.${db}`, "Error response from daemon: configured logging driver does not support reading\n");
    const { exit, events } = await runOn(made, logsOf({ services: "db\nworker\n" }), shell);
    expect(exit?.code).toBe(0);
    expect(linesOf(events)).toMatchObject([
      { step: `${db} -`, service: "db", text: "Error response from daemon: configured logging driver does not support reading" },
    ]);
  });

  test.each(shells)(
    "it follows each container from where it was left, and one it does not know from the beginning: %s",
    async (...shell) => {
      const made = host();
      made.set("there", two);
      made.set(`lines.${web}`, "");
      made.set(`lines.${db}`, "");
      made.set(`news.${web}`, `${at(7)} news\n${at(8)} ${"x".repeat(5000)}\n`);
      const plan = { follow: "1", timeout_seconds: "5", begun: "2026-01-02T03:04:00Z", positions: `${web} ${at(6)}\n` };
      const { exit, events } = await runOn(made, logsOf(plan), shell);
      expect(exit?.code).toBe(0);
      const followed = readFileSync(`${made.env.HOME}/fake/followed`, "utf8").split("\n");
      expect(followed.find((call) => call.endsWith(web))).toContain(`--since=${at(6)}`);
      expect(followed.find((call) => call.endsWith(db))).toContain("--since=2026-01-02T03:04:00Z");
      expect(linesOf(events).map(({ text = "" }) => text.slice(0, 10))).toEqual(["news", "xxxxxxxxxx"]);
      expect(linesOf(events)[1]?.text?.length).toBeLessThanOrEqual(3000);
      expect(notesOf(events)).toEqual(expect.arrayContaining([`${web} follows`, `${db} follows`]));
    },
  );
});

describe("asked for its containers", () => {
  const inspect = (plan: Record<string, string> = {}) => ({
    op: "inspect" as const,
    job: "i",
    fence: 0,
    from: 0,
    files: [],
    plan: { project: "shop-production", app_id: "ten_1/app_1", ...plan },
  });
  const described = (about: object, ports = "") =>
    `${JSON.stringify({
      name: "/x",
      service: "web",
      image: "page:1",
      imageId: "sha256:1",
      state: "running",
      health: null,
      exit: 0,
      restarts: 0,
      started: "2026-01-02T03:04:05.678901234Z",
      finished: "0001-01-01T00:00:00Z",
      policy: "no",
      ...about,
    })}\t${ports}\n`;

  test.each(shells)(
    "it says each one's state, image, ports and times, and which services there should be: %s",
    async (...shell) => {
      const made = host();
      await runOn(made, deployOf("job_1"));
      const { exit, events } = await runOn(made, inspect(), shell);
      expect(events.map(({ type }) => type)).toEqual(["result"]);
      expect(exit).toMatchObject({
        code: 0,
        containers: {
          expected: ["web"],
          more: 0,
          items: [
            {
              service: "web",
              name: "shop-production-web-1",
              state: "running",
              health: "healthy",
              exitCode: null,
              restarts: 0,
              image: "page@sha256:0000",
              imageId: "sha256:1",
              ports: [
                { address: "0.0.0.0", published: 8080, port: 80, protocol: "tcp" },
                { address: "::", published: 8080, port: 80, protocol: "tcp" },
              ],
              startedAt: "2026-01-02T03:04:05.678Z",
              finishedAt: null,
              restartPolicy: "always",
            },
          ],
        },
      });
      const up = Number(readFileSync("/proc/uptime", "utf8").split(".")[0]);
      const booted = Date.parse(exit?.containers?.bootedAt ?? "");
      expect(Math.abs(Date.now() - up * 1000 - booted)).toBeLessThan(60_000);
    },
  );

  test("one that has ended says with what status and when; what is no container's line is left out", async () => {
    const made = host();
    made.set("containers.ids", "1\n2\n");
    made.set("containers", `${described({ state: "exited", exit: 137, finished: "2026-01-02T04:00:00Z" })}{"cut\n`);
    const { exit } = await runOn(made, inspect());
    expect(exit?.containers).toMatchObject({
      items: [{ state: "exited", exitCode: 137, finishedAt: "2026-01-02T04:00:00.000Z", restartPolicy: "no" }],
      more: 1,
    });
  });

  test("of more than sixty it lists sixty and says how many there are beside them; each has an end", async () => {
    const made = host();
    made.set("containers.ids", Array.from({ length: 75 }, (_, i) => `${i}\n`).join(""));
    const ports = Array.from({ length: 300 }, (_, i) => `0.0.0.0|${10_000 + i}|80/tcp `).join("");
    made.set("containers", described({}, ports).repeat(75));
    const { exit } = await runOn(made, inspect());
    expect(made.calls().at(-1)?.split(" ").slice(-60)).toEqual(Array.from({ length: 60 }, (_, i) => `${i}`));
    expect(exit?.containers?.items).toHaveLength(60);
    expect(exit?.containers?.more).toBe(15);
    expect(exit?.containers?.items[0]?.ports).toHaveLength(40);
  });

  test("it tells nothing of another account's app, nor when Docker is silent", async () => {
    const made = host();
    await runOn(made, deployOf("job_1"));
    const other = await runOn(made, inspect({ app_id: "ten_2/app_9" }));
    expect(other.exit).toMatchObject({ code: 1, class: "conflict" });
    expect(other.exit).not.toHaveProperty("containers");
    made.set("down", "");
    expect((await runOn(made, inspect())).exit).toMatchObject({ code: 69, class: "docker.down" });
  });
});
