import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { deployOf, runOn, visit } from "./client.ts";
import { busyboxImage, pageImage } from "./images.ts";
import { available, type Lab, startLab } from "./lab.ts";
import type { Server } from "./server.ts";
import { until } from "./until.ts";

const reason = available();
const texts = (events: readonly { text?: string }[]) => events.map(({ text }) => text);

describe.skipIf(reason)(`how long a real server is waited for${reason ? ` (skipped: ${reason})` : ""}`, () => {
  let lab: Lab;
  let server: Server;
  /** As the Compose file says, except that Compose and Docker have 3 s for what they do themselves. */
  const deploy = (release: number, compose: string, project = "shop-production", settle = "1") =>
    runOn(
      server,
      deployOf(release, compose, {
        values: { wait_seconds: "", start_seconds: "3", settle_seconds: settle, project, app_id: `ten_1/${project}` },
      }),
    );
  beforeAll(async () => {
    lab = await startLab({ servers: 1 });
    server = lab.servers[0]!; // one was asked for
    await Promise.all([
      lab.registry.push("library/page:1", pageImage("page 1")),
      lab.registry.push("library/busybox:1", busyboxImage()),
    ]);
    // The first pull and container of a Docker take their time.
    expect((await runOn(server, deployOf(1, "services:\n  web:\n    image: page:1\n"))).exit.code).toBe(0);
    await runOn(
      server,
      deployOf(1, "services:\n  web:\n    image: busybox:1\n    command: [sleep, '1000']\n", {
        values: { project: "warm", app_id: "x" },
      }),
    );
  });
  afterAll(() => lab?.close());

  test("one that needs longer than everything else is waited for through its start_period", async () => {
    const { exit, events } = await deploy(
      1,
      `services:
  web:
    image: busybox:1
    command: ["sh", "-c", "sleep 12; touch /tmp/ready; exec sleep 1000"]
    healthcheck: {test: ["CMD", "test", "-e", "/tmp/ready"], interval: 1s, timeout: 5s, start_period: 2m, retries: 1}
`,
      "slow",
    );
    expect(exit).toMatchObject({ code: 0 });
    expect(texts(events)).toContain(
      "waiting at most 2 min 16 s for it to become healthy (start_period 2 min, then 1 try, 1 s apart, of up to 5 s each)",
    );
  });

  test("what depends on a job, and on a service that becomes healthy late, starts after them", async () => {
    const { exit, events } = await deploy(
      1,
      `services:
  db:
    image: busybox:1
    command: ["sh", "-c", "sleep 8; touch /tmp/ready; exec sleep 1000"]
    healthcheck: {test: ["CMD", "test", "-e", "/tmp/ready"], interval: 1s, timeout: 5s, start_period: 1m, retries: 1}
  migrate:
    image: busybox:1
    command: ["sleep", "6"]
    depends_on: {db: {condition: service_healthy}}
  web:
    image: page:1
    depends_on: {migrate: {condition: service_completed_successfully}}
`,
      "chain",
    );
    expect(exit).toMatchObject({ code: 0 });
    expect(texts(events)).toContainEqual(expect.stringMatching(/^starts once db is healthy, which may take 1 min 16 s/u));
    expect(texts(events)).toContainEqual(expect.stringMatching(/^starts once migrate has ended, which may take 30 min/u));
    expect(events.map(({ step }) => step)).not.toContain("restore");
  });

  test("an old container is let stop for its stop_grace_period", async () => {
    const compose = (text: string) => `services:
  web:
    image: busybox:1
    init: true
    stop_signal: SIGTERM
    command: ["sh", "-c", "trap 'sleep 8; echo stopped well >/data/said; exit 0' TERM; echo ${text}; while true; do sleep 0.2; done"]
    stop_grace_period: 2m
    volumes: ["data:/data"]
volumes:
  data: {}
`;
    expect((await deploy(1, compose("one"), "graceful")).exit.code).toBe(0);
    const { exit, events } = await deploy(2, compose("two"), "graceful");
    expect(exit).toMatchObject({ code: 0 });
    expect(texts(events)).toContain("Stopping the running containers may take up to 2 min (web: stop_grace_period 2 min)");
    expect(await server.exec("cat /var/lib/docker/volumes/graceful_data/_data/said")).toBe("stopped well\n");
  });

  test("an app of jobs that end is done when they ended well, and may be deployed again", async () => {
    const compose = `services:\n  backup:\n    image: busybox:1\n    command: ["echo", "backup done"]\n    restart: "no"\n`;
    for (const release of [1, 2]) {
      const { exit, events } = await deploy(release, compose, "jobs", "120"); // what ends at once may take seconds to come so far
      expect(exit).toMatchObject({ code: 0 });
      expect(texts(events)).toContain("Every container has ended with status 0: the job is done, and nothing is left running");
    }
    const always = await deploy(3, compose.replace('"no"', "unless-stopped"), "jobs", "120");
    expect(always.exit).toMatchObject({ class: "start.failed", rolledBack: true });
  });

  // Without live-restore a Docker that is restarted ends every container, and starts only those again that say so.
  test("a release is not to blame for a Docker that was restarted while it was looked at", async () => {
    const compose = `services:
  web:
    image: page:1
    ports: ["8090:80"]
    healthcheck: {test: ["CMD", "sh", "-c", "test -e /tmp/seen && wget -q -O- http://127.0.0.1/"], interval: 1s, timeout: 5s, start_period: 2m, retries: 1}
`;
    let restarted: Promise<unknown> | undefined;
    const { exit, events } = await runOn(
      server,
      deployOf(1, compose, { values: { wait_seconds: "", project: "restarted", app_id: "ten_1/restarted" } }),
      ({ type, step }) => {
        if (type !== "step" || step !== "verify" || restarted) return;
        restarted = (async () => {
          await server.exec("kill $(cat /run/docker.pid); while test -e /run/docker.pid; do sleep 0.05; done");
          await server.exec("setsid dockerd --pidfile /run/docker.pid >>/var/log/dockerd.log 2>&1 </dev/null &");
          const ready = "docker exec restarted-web-1 touch /tmp/seen && echo done";
          await until(async () => (await server.exec(ready)) === "done\n", "the container to run again", 120);
        })();
      },
    );
    await restarted;
    expect(exit).toMatchObject({ code: 0 });
    expect(events.map(({ step }) => step)).not.toContain("restore");
    expect(await visit(server, 8090)).toBe("page 1");
  });
});
