import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, describe, expect, test } from "vitest";
import { deployOf, eventually, type Host, makeHost, runOn } from "./host.ts";

const hosts: Host[] = [];
function host(): Host {
  const made = makeHost();
  hosts.push(made);
  return made;
}
afterEach(() => {
  for (const made of hosts.splice(0)) made.remove();
});

const starting = "1\tweb\trunning\tUp 2 seconds (health: starting)\n";
const healthy = "1\tweb\trunning\tUp 9 seconds (healthy)\n";
/** What a container says of its health check: test, start_period, interval, timeout, retries. */
const slow = "CMD|5m0s|5s|10s|3\n";
const soon = "CMD|0s|1s|1s|1\n"; // 8 s
const depending = (condition: string) => `name: x
services:
  db:
    image: page:1
    healthcheck:
      test:
        - CMD
        - "true"
      interval: 5s
      start_period: 5m0s
  web:
    depends_on:
      db:
        condition: ${condition}
        required: true
    image: page:1
`;
const texts = (events: readonly { text?: string }[]) => events.map(({ text }) => text);

describe("a service that becomes healthy late", () => {
  test("is waited for as long as its own health check may take, and the progress says how long that is and why", async () => {
    const made = host();
    made.set("health", slow);
    made.set("ps", starting);
    const run = runOn(made, deployOf("job_1"));
    await eventually(() => made.read("runs/job_1/events").includes("waiting at most"));
    made.set("ps", healthy);
    const { exit, events } = await run;
    expect(exit).toMatchObject({ code: 0 });
    // Not a line of the log, which only those see who ask for all of it.
    expect(events).toContainEqual(
      expect.objectContaining({
        type: "health",
        service: "web",
        text: "waiting at most 6 min for it to become healthy (start_period 5 min, then 3 tries, 5 s apart, of up to 10 s each)",
      }),
    );
  });

  test("is given up after that, and the failure names what was waited for, how long, and where the limit came from", async () => {
    const made = host();
    made.set("health", soon);
    made.set("ps", starting);
    made.set("health.log", "connection refused\n");
    const { exit } = await runOn(made, deployOf("job_1"));
    expect(exit).toMatchObject({
      class: "unhealthy",
      step: "verify",
      service: "web",
      message: "web is not healthy after 8 s (1 try, 1 s apart, of up to 1 s each): connection refused",
    });
  });

  test("is given the time that was set instead, where one was", async () => {
    const made = host();
    made.set("health", slow);
    made.set("ps", starting);
    const { exit } = await runOn(made, deployOf("job_1", { values: { wait_seconds: "3" } }));
    expect(exit).toMatchObject({ class: "unhealthy", message: "web is not healthy after 3 s (set by wait)" });
  });

  test("has its time anew when it was restarted meanwhile", async () => {
    const made = host();
    made.set("health", slow);
    made.set("ps", starting);
    made.set("begun", `${new Date().toISOString()}\n`);
    const keep = setInterval(() => made.set("begun", `${new Date().toISOString()}\n`), 200);
    const run = runOn(made, deployOf("job_1", { values: { wait_seconds: "3" } }));
    await eventually(() => made.calls().some((call) => call.includes(".State.StartedAt")));
    made.set("ps", healthy);
    clearInterval(keep);
    expect((await run).exit).toMatchObject({ code: 0 });
  });

  test("is found unhealthy at once when Docker says so", async () => {
    const made = host();
    made.set("health", slow);
    made.set("ps", "1\tweb\trunning\tUp 2 seconds (unhealthy)\n");
    const { exit } = await runOn(made, deployOf("job_1"));
    expect(exit).toMatchObject({ class: "unhealthy", message: "web is not healthy" });
  });
});

describe("bringing the containers up", () => {
  test("takes as long as a dependency may to become healthy", async () => {
    const made = host();
    made.set("config", depending("service_healthy"));
    made.set("up.seconds", "4");
    const { exit, events } = await runOn(made, deployOf("job_1", { values: { start_seconds: "1" } }));
    expect(exit).toMatchObject({ code: 0 });
    expect(made.read("../fake/ups")).toBe("up\n");
    expect(events).toContainEqual(
      expect.objectContaining({
        type: "health",
        service: "web",
        text: "starts once db is healthy, which may take 7 min 20 s (start_period 5 min, then 3 tries, 5 s apart, of up to 30 s each)",
      }),
    );
  });

  test("takes as long as the health check of a dependency's image may", async () => {
    const made = host();
    made.set("config", depending("service_healthy").replace(/ {4}healthcheck:[\s\S]*5m0s\n/u, ""));
    made.set("health", slow);
    made.set("up.seconds", "4");
    const { exit, events } = await runOn(made, deployOf("job_1", { values: { start_seconds: "1" } }));
    expect(exit).toMatchObject({ code: 0 });
    expect(texts(events)).toContainEqual(expect.stringMatching(/^starts once db is healthy, which may take 6 min/u));
    // of the image that is to run, whatever its tag means by now
    expect(made.calls()).toContainEqual(expect.stringMatching(/^image inspect .*Healthcheck.* sha256:1{64}$/u));
  });

  test("names the job that does not end, and what waits for it", async () => {
    const made = host();
    made.set("config", depending("service_completed_successfully"));
    made.set("up.seconds", "60");
    made.set("ps", "1\tdb\trunning\tUp 2 seconds\n2\tweb\tcreated\tCreated\n");
    const { exit } = await runOn(made, deployOf("job_1", { values: { start_seconds: "1", wait_seconds: "1" } }));
    expect(exit).toMatchObject({
      class: "timeout",
      step: "start",
      service: "db",
      message: "db has not ended after 1 s (set by wait), and web starts only once it has",
      log: ["the last words"],
    });
  });

  test("names the dependency that does not become healthy", async () => {
    const made = host();
    made.set("config", depending("service_healthy"));
    made.set("up.seconds", "60");
    made.set("ps", "1\tdb\trunning\tUp 2 seconds (health: starting)\n2\tweb\tcreated\tCreated\n");
    const { exit } = await runOn(made, deployOf("job_1", { values: { start_seconds: "1", wait_seconds: "1" } }));
    expect(exit).toMatchObject({
      class: "unhealthy",
      service: "db",
      message: "db is not healthy after 1 s (set by wait), and web starts only once it is",
    });
  });

  test("lets what runs stop as slowly as it may", async () => {
    const made = host();
    await runOn(made, deployOf("job_1"));
    made.set("stop", "300 web\n20 web\n<nil> db\n");
    made.set("up.seconds", "4");
    const again = { fence: 2, values: { release: "2", start_seconds: "1" } };
    const { exit, events } = await runOn(made, deployOf("job_2", again));
    expect(exit).toMatchObject({ code: 0 });
    expect(made.read("../fake/brought"), "no `up` was ended before it was through").toBe("up\nup\n");
    expect(texts(events)).toContain("Stopping the running containers may take up to 5 min 10 s (web: stop_grace_period 5 min)");
  });
});

test("what is put back has the time that its own health check says, whatever was set for the release that failed", async () => {
  const made = host();
  await runOn(made, deployOf("job_1"));
  made.set("health", slow);
  made.set("ps", starting);
  const run = runOn(made, deployOf("job_2", { fence: 2, values: { release: "2", wait_seconds: "2" } }));
  await eventually(() => /\trestore\t.*waiting at most 6 min/u.test(made.read("runs/job_2/events")));
  await sleep(1000);
  made.set("ps", healthy);
  expect((await run).exit).toMatchObject({ class: "unhealthy", rolledBack: true });
});

describe("an app of jobs that end", () => {
  const ended = "1\tbackup\texited\tExited (0) 1 second ago\n";
  const jobs = "name: x\nservices:\n  backup:\n    image: page:1\n";

  test("is done when every one ended with 0 and none was meant to stay, and the progress says so", async () => {
    for (const policy of ["no", "on-failure", ""]) {
      const made = host();
      made.set("config", jobs);
      made.set("ps", ended);
      made.set("policy", `backup\t${policy}/\t0\n`);
      const { exit, events } = await runOn(made, deployOf("job_1"));
      expect(exit).toMatchObject({ code: 0 });
      expect(texts(events)).toContain("Every container has ended with status 0: the job is done, and nothing is left running");
    }
  });

  test.each([
    ["backup\talways/\t0\n", "its restart policy is always"],
    ["backup\tunless-stopped/\t0\n", "its restart policy is unless-stopped"],
    ["backup\tno/\t1\n", "it publishes a port"],
  ])("has failed where one should run on: %j", async (policy, why) => {
    const made = host();
    made.set("config", jobs);
    made.set("ps", ended);
    made.set("policy", policy);
    const { exit } = await runOn(made, deployOf("job_1"));
    expect(exit).toMatchObject({ class: "start.failed", service: "backup", message: expect.stringContaining(why) });
  });
});

test("a release is not judged by containers of a service that it has no more, such as one of a profile that nobody asks for", async () => {
  const made = host();
  made.set("ps", `2\tdebug\texited\tExited (137) 3 weeks ago\n${healthy}3\tother\tcreated\tCreated\n`);
  const { exit, events } = await runOn(made, deployOf("job_1"));
  expect(exit).toMatchObject({ code: 0 });
  expect(events.filter(({ type }) => type === "health").map(({ service }) => service)).toEqual(["web"]);
});
