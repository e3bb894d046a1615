import { execFileSync } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { answered, deployOf, eventually, type Host, runOn } from "./host.ts";
import { host } from "./hosts.ts";

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
    const other = await runOn(made, deployOf("job_2", { fence: 1, values: { resource: "target_2" } }));
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
    const refused = { job_1: 0, job_2: 0 };
    const callers = Array.from({ length: 8 }, async (_, index) => {
      const job = index % 2 ? "job_1" : "job_2";
      const { exit } = await runOn(made, deployOf(job));
      if (exit?.code === 75) refused[job] += 1;
      return exit?.code;
    });
    // Whoever comes once the run is over would start another; who comes while it is planned is told that it is.
    await eventually(() => Math.max(refused.job_1, refused.job_2) === 4);
    made.unset("up.gate");
    const codes = await Promise.all(callers);
    expect(codes).toContain(0);
    expect(codes.filter((code) => code !== 0 && code !== 75)).toEqual([]);
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
    const run = runOn(made, deployOf("job_2", { values: { release: "2" } }));
    await eventually(() => made.read("../fake/ups") === "up\nup\n");
    made.set("up.seconds", "0");
    const cancel = await runOn(made, {
      op: "cancel",
      job: "job_2-cancel",
      fence: 1,
      from: 0,
      files: [],
      values: { run: "job_2" },
    });
    expect(cancel.exit).toMatchObject({ code: 1, class: "canceled", step: "start", changed: true, rolledBack: true });
    expect((await run).exit).toEqual(cancel.exit);
    expect(made.read("state/shop-production/laid")).toBe("releases/1\n");
  });

  test("by a cancel before it began, and then never begins", async () => {
    const made = host();
    const cancel = await runOn(made, { op: "cancel", job: "c", fence: 1, from: 0, files: [], values: { run: "job_1" } });
    expect(cancel.exit).toMatchObject({ code: 1, class: "canceled", changed: false });
    expect((await runOn(made, deployOf("job_1"))).exit).toMatchObject({ class: "canceled" });
    expect(existsSync(`${made.home}/apps/shop-production`)).toBe(false);
  });

  test("by its own clock", async () => {
    const made = host();
    made.set("up.seconds", "20");
    const { exit } = await runOn(made, deployOf("job_1", { values: { timeout_seconds: "2" } }));
    expect(exit).toMatchObject({ code: 1, class: "timeout", step: "start", changed: true });
  });

  test("not by a caller that goes away", async () => {
    const made = host();
    made.set("up.seconds", "1");
    const { spawn } = await import("node:child_process");
    const { RUN } = await import("@berth/domain/remote/request.ts");
    const caller = spawn("/bin/sh", ["-c", RUN], { env: made.env, stdio: ["pipe", "pipe", "inherit"], detached: true });
    caller.stdin.end(await answered(made, deployOf("job_1")));
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
    const values = { release: "2", docker_seconds: "3" };
    const [{ exit, events }] = await Promise.all([
      runOn(made, deployOf("job_2", { fence: 2, values })),
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
    const { exit } = await runOn(made, { op: "check", job: "c", fence: 0, from: 0, files: [], values: {} });
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
    const { exit } = await runOn(made, deployOf("job_2", { fence: 2, values: { release: "2" } }));
    expect(exit).toMatchObject({ class: "disk.full", step: "pull", changed: false });
    expect(readdirSync(`${made.home}/state/shop-production/releases`)).toEqual(["1"]);
  });

  test("when an image is made for another processor", async () => {
    const made = host();
    made.set("arch", "s390x");
    expect((await runOn(made, deployOf("job_1"))).exit).toMatchObject({ class: "arch.mismatch", step: "pull", changed: false });
  });

  test("when the disk is too full", async () => {
    const { exit } = await runOn(host(), deployOf("job_1", { values: { min_free_mb: "999999999" } }));
    expect(exit).toMatchObject({ class: "disk.full", step: "preflight", changed: false });
  });

  test("when the folder is another app's", async () => {
    const made = host();
    await runOn(made, deployOf("job_1"));
    const { exit } = await runOn(made, deployOf("job_2", { values: { app_id: "ten_2/app_9" } }));
    expect(exit).toMatchObject({ class: "conflict", changed: false });
    const removal = await runOn(made, deployOf("job_3", { op: "remove", files: [], values: { app_id: "ten_2/app_9" } }));
    expect(removal.exit).toMatchObject({ class: "conflict" });
    expect(existsSync(`${made.home}/apps/shop-production/compose.yaml`)).toBe(true);
  });
});
