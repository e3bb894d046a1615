import { runner } from "@berth/domain/remote/runner.ts";
import { afterEach, describe, expect, test } from "vitest";
import { deployOf, eventually, type Host, makeHost, runOn } from "./host.ts";

const hosts: Host[] = [];
const host = () => {
  const made = makeHost();
  hosts.push(made);
  return made;
};
afterEach(() => {
  for (const made of hosts.splice(0)) made.remove();
});

/** The runner, with a second's patience for what Docker answers at once. */
const patient = runner.replaceAll(/\blimited \d+ docker\b/gu, "limited 1 docker");
const digest = `sha256:${"1".repeat(64)}`;
const plain = "name: x\nservices:\n  web:\n    image: page:1\n";
const external =
  "name: x\nservices:\n  web:\n    image: page:1\n    networks:\n      ext: null\nnetworks:\n  ext:\n    name: real\n    external: true\n";

describe("a Docker that hangs for a while is to blame, and not what it was asked for", () => {
  const asked: readonly (readonly [what: string, hangs: string, config: string])[] = [
    ["a network", "^network inspect", external],
    ["the images there are", "^image ls", plain],
    ["the images that were pulled", "^image inspect .*Architecture", plain],
    ["a tag", "^image tag", plain],
  ];
  test.each(asked)("when it is asked for %s", async (_, hangs, config) => {
    const made = host();
    made.set("external", "real");
    made.set("store", `${digest}\tpage:1\n`);
    made.set("config", config);
    made.set("hangs", hangs);
    const { exit } = await runOn(made, deployOf("job_1"), undefined, patient);
    expect(exit).toMatchObject({ code: 1, class: "docker.down", message: "Docker does not answer", changed: false });
    // What it was asked is answered at the next try.
    expect((await runOn(made, deployOf("job_2", { fence: 2 }))).exit).toMatchObject({ code: 0 });
  });

  test("when it is asked for a plan how it stores images", async () => {
    const made = host();
    made.set("hangs", "^info");
    const plan = deployOf("job_1", { op: "plan", fence: 0 });
    expect((await runOn(made, plan, undefined, patient)).exit).toMatchObject({ code: 69, class: "docker.down" });
    expect((await runOn(made, plan)).exit).toMatchObject({ code: 0 });
    expect(made.calls().filter((call) => call.startsWith("info"))).toHaveLength(2);
  });

  test("when every container has ended, it is waited for and asked again", async () => {
    const made = host();
    made.set("config", "name: x\nservices:\n  backup:\n    image: page:1\n");
    made.set("ps", "1\tbackup\texited\tExited (0) 1 second ago\n");
    made.set("policy", "backup\tno/\t0\n");
    made.set("hangs", "^inspect .*RestartPolicy");
    expect((await runOn(made, deployOf("job_1"), undefined, patient)).exit).toMatchObject({ code: 0 });
  });

  test("when it still hangs once something has taken its time", async () => {
    const made = host();
    made.set("pull.seconds", "3");
    made.set("hangs", "^version");
    const deploy = deployOf("job_1", { values: { pull_seconds: "1" } });
    expect(
      (await runOn(made, deploy, undefined, runner.replace("timeout 20 docker version", "timeout 1 docker version"))).exit,
    ).toMatchObject({ class: "docker.down", step: "pull" });
  });
});

test("a Compose that does not answer in time is not called missing", async () => {
  const made = host();
  made.set("hangs", "^compose version");
  const script = runner.replace("timeout 20 docker compose version", "timeout 1 docker compose version");
  const { exit } = await runOn(made, { op: "check", job: "c", fence: 0, from: 0, files: [], values: {} }, undefined, script);
  expect(exit).toMatchObject({ class: "docker.down", message: expect.stringContaining("docker compose version") });
});

test("what takes its time though Docker answers is not called a Docker that hangs", async () => {
  const made = host();
  made.set("pull.seconds", "3");
  const { exit } = await runOn(made, deployOf("job_1", { values: { pull_seconds: "1" } }));
  expect(exit).toMatchObject({ class: "timeout", message: "The step pull took too long" });
});

test("who cancels while Docker hangs is told of that, and not of an image that is not there", async () => {
  const made = host();
  made.set("config", `name: x\nservices:\n  web:\n    image: sha256:${"2".repeat(64)}\n`);
  made.set("hangs", "^image inspect --format {{.Id}} ");
  const run = runOn(made, deployOf("job_1"));
  await eventually(() => made.calls().some((call) => call.startsWith("image inspect --format {{.Id}} ")));
  await runOn(made, { op: "cancel", job: "c", fence: 1, from: 0, files: [], values: { run: "job_1" } });
  expect((await run).exit).toMatchObject({ class: "canceled", changed: false });
});
