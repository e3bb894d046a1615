/** What a run is told to do: what it takes, what it refuses before anything has begun, and that it does just that. */
import { spawnSync } from "node:child_process";
import { existsSync, rmSync, writeFileSync } from "node:fs";
import { Operation } from "@berth/domain/plan/plan.ts";
import { RUN } from "@berth/domain/remote/request.ts";
import { partOf, runner } from "@berth/domain/remote/runner.ts";
import { describe, expect, test } from "vitest";
import { answered, asking, deployOf, eventually, type Host, type Outcome, runOn, silent } from "./host.ts";
import { host, shells } from "./hosts.ts";

const two = "name: x\nservices:\n  web:\n    image: page:1\n  db:\n    image: page:2\n  made:\n    build: .\n    image: made:1\n";
const whole = ["pull web db", "pin", "place", "up db web", "wait db web", "record", "prune"];

function made(): Host {
  const made = host();
  made.set("config", two);
  return made;
}
const told = (on: Host, operations: readonly string[], shell?: readonly string[]) =>
  runOn(on, asking(on, deployOf("job_1"), [...operations]), shell, silent(on));
const calls = (on: Host) => (existsSync(`${on.env.HOME}/fake/calls`) ? on.calls() : []);

describe("a run", () => {
  test.each(shells)("does what it was told, service by service, and records what is done: %s", async (...shell) => {
    const on = made();
    const operations = ["pull web", "pin", "place", "remove old", "up web", "wait web", "record", "prune"];
    on.set("ps", "1\tweb\trunning\tUp 9 minutes (healthy)\n2\told\trunning\tUp 9 minutes\n3\tdb\tdead\tDead\n");
    on.set("store", `sha256:${"1".repeat(64)}\tpage:2\nsha256:${"1".repeat(64)}\tmade:1\n`);
    expect((await told(on, operations, shell)).exit).toMatchObject({ code: 0, step: "prune" });
    expect(on.read("runs/job_1/operations")).toBe(`${operations.join("\n")}\n`);
    expect(on.read("runs/job_1/done")).toBe(`${operations.join("\n")}\n`);
    const asked = (word: string) => calls(on).filter((call) => call.includes(word));
    expect(asked(" pull ").map((call) => call.replace(/.* pull /, ""))).toEqual(["-- web"]);
    expect(asked(" up ").map((call) => call.replace(/.* up /, ""))).toEqual(["--detach --no-build --pull never -- web"]);
    expect(asked("container stop")).toEqual(["container stop 2"]);
    expect(asked("container rm")).toEqual(["container rm --force 2"]);
  });

  test.each(shells)("does not begin for a caller that was overtaken while it was asked: %s", async (...shell) => {
    const on = made();
    const run = asking(on, deployOf("job_1"), whole);
    let other: Outcome | undefined;
    const decide = async () => {
      other = await runOn(on, asking(on, deployOf("job_1", { fence: 2 }), whole), shell, silent(on));
      return run.decide();
    };
    expect((await runOn(on, { ...run, decide }, shell, silent(on))).exit).toMatchObject({ code: 76, class: "fence" });
    expect(other?.exit).toMatchObject({ code: 75, class: "busy" });
    expect(calls(on).filter((call) => call.includes(" up "))).toEqual([]);
    // The timeout of BusyBox notices within a second that what it watched has ended, and keeps the lock until then.
    const again = () => runOn(on, asking(on, deployOf("job_1", { fence: 2 }), whole), shell, silent(on));
    await expect.poll(async () => (await again()).exit?.code).toBe(0);
  });

  const refused: readonly (readonly [what: string, operations: readonly string[], says: string])[] = [
    ["a word that it does not know", ["pin", "place", "reboot", "record"], 'does not know the operation "reboot"'],
    ["a service that the release does not have", ["pin", "place", "up web other", "record"], "is not for the service other"],
    ["the removal of a service that it has", ["pin", "place", "remove web", "record"], "is not for the service web"],
    ["the build of a service that is not built", ["build web", ...whole], "The service web is not built"],
    ["no service where there must be one", ["pin", "place", "up", "record"], "has not the services that it takes"],
    ["a service where there is none", ["pin web", "place", "record"], "has not the services that it takes"],
    ["text for a shell", ["pin", "place", "up web;reboot", "record"], "is no operation"],
    ["an option for Compose", ["pin", "place", "up --privileged web", "record"], "is not for the service --privileged"],
    ["two names by a tab", ["pin", "place", "up\tweb", "record"], "is no operation"],
    ["containers before files", ["pin", "up web", "place", "record"], "up comes before place"],
    ["a record of what nobody has waited for", ["pin", "place", "up web", "record"], "record comes before wait"],
    ["files before images", ["place", "pin", "record"], "place comes before pin"],
    ["no end", ["pin", "place", "up web", "wait web"], "do not end with the release being recorded"],
    ["nothing", [], "do not end with the release being recorded"],
    ["more than 100 operations", [...Array(95).fill("pull web"), ...whole], "more than 100 operations"],
    ["an answer without an end", [`pull ${"web ".repeat(70_000)}web`, ...whole], "larger than 262144 bytes"],
  ];
  test.each(refused)("that is told %s begins nothing, and says why", async (_, operations, says) => {
    const on = made();
    const { exit } = await told(on, operations);
    expect(exit).toMatchObject({ code: 1, class: "plan.failed", changed: false, message: expect.stringContaining(says) });
    expect(existsSync(`${on.home}/runs/job_1`)).toBe(false);
    expect(calls(on)).toEqual([]);
    expect((await told(on, whole)).exit).toMatchObject({ code: 0 });
  });

  test.each(shells)("refuses one wrong name among many, in each shell: %s", async (...shell) => {
    const on = made();
    const { exit } = await told(on, [...whole.slice(0, 3), "up db web nobody", ...whole.slice(4)], shell);
    expect(exit).toMatchObject({ class: "plan.failed", message: expect.stringContaining("nobody") });
    expect(calls(on)).toEqual([]);
  });

  const ends = ["record", "record\n", "record\nprun", "record\nprune", "record\nprune\n", "record\nprune\n."];
  test.each(ends)("whose caller's line breaks in the middle of its answer does not begin: %j", async (end) => {
    const on = made();
    const whole = await answered(on, deployOf("job_1"));
    const cut = whole.subarray(0, whole.lastIndexOf("record\n") + end.length);
    const { stdout } = spawnSync("/bin/sh", ["-c", RUN], { env: on.env, input: cut });
    expect(String(stdout)).not.toContain("\tcode\t0");
    expect(existsSync(`${on.home}/runs/job_1`)).toBe(false);
    expect(String(spawnSync("/bin/sh", ["-c", RUN], { env: on.env, input: whole }).stdout)).toContain("\tcode\t0");
  });

  test("of a deployment without a plan does not begin", async () => {
    const on = made();
    const unplanned = { ...deployOf("job_1"), decide: () => Promise.reject(new Error("nobody asks")) };
    expect((await runOn(on, unplanned)).exit).toMatchObject({ code: 1, class: "plan.failed", changed: false });
    expect(existsSync(`${on.home}/runs/job_1`)).toBe(false);
  });

  test("that is started again does what it was told when it began, whatever is answered now", async () => {
    const on = made();
    const died = runner.replace('stage verify; settle "$@"', () => "kill -9 $$");
    const first = asking(on, deployOf("job_1"), whole);
    expect((await runOn(on, first, undefined, silent(on, died))).exit).toMatchObject({ class: "interrupted" });
    expect(on.read("runs/job_1/done")).toBe("pull web db\npin\nplace\nup db web\n");
    const again = asking(on, deployOf("job_1", { fence: 2 }), ["pin", "place", "record"]);
    expect((await runOn(on, again, undefined, silent(on))).exit).toMatchObject({ code: 0, step: "prune" });
    expect(on.read("runs/job_1/done")).toBe(`${whole.join("\n")}\n`);
  });

  test("that another runner began and kept no operations for is ended by that runner", async () => {
    const on = made();
    const died = runner.replace('stage verify; settle "$@"', () => "kill -9 $$");
    await runOn(on, asking(on, deployOf("job_1"), whole), undefined, silent(on, died));
    rmSync(`${on.home}/runs/job_1/operations`);
    writeFileSync(`${on.home}/runs/job_1/runner.sh`, 'cp "$0" "$2/ended-by"\n');
    await runOn(on, deployOf("job_1", { fence: 2 }));
    await eventually(() => on.read("runs/job_1/ended-by") !== "");
  });
});

test("every operation of a plan is known to the runner, in its check and by a function", () => {
  const part = partOf("operations");
  for (const word of Operation.shape.operation.options) {
    expect(part, word).toMatch(new RegExp(`split\\("[a-z ]*\\b${word}\\b`));
    expect(part, word).toMatch(new RegExp(`^ {6}${word}\\) stage [a-z]+; [a-z]+`, "m"));
  }
});
