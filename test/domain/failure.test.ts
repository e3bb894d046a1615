import { connectionFailure, failureOf, failures } from "@berth/domain/job/failure.ts";
import { type Exit, RemoteError } from "@berth/domain/remote/remote.ts";
import { redactor } from "@berth/domain/secret/redact.ts";
import { redactRemote } from "@berth/domain/target/connection.ts";
import { expect, test } from "vitest";
import { failed } from "../support/reach.ts";

const redact = redactor({ values: ["hunter2hunter2"] });
/** What a verdict becomes, of a server that knows the secret. */
const heard = async (exit: Exit) =>
  failureOf(await redactRemote({ run: () => Promise.resolve(exit), close: () => Promise.resolve() }, redact).run(run, () => {}));
const run = { op: "deploy", job: "job_1", fence: 1, from: 0, files: [], values: {} } as const;

test("an error is cut to 4 KB after its secrets are taken out, so that no cut leaves half of one", async () => {
  for (let before = 4080; before < 4100; before++) {
    const { message } = await heard(failed({ class: "unhealthy", message: `${"x".repeat(before)}hunter2hunter2 and more` }));
    expect(message).not.toContain("hunt");
    expect(message.length).toBeLessThanOrEqual(4096);
  }
});

test("nor does a control character in its middle hide a secret", async () => {
  const { message, log } = await heard(
    failed({ class: "unhealthy", message: "hunter2\u0000hunter2", log: ["a", "b hunter2hun\u0007ter2"] }),
  );
  expect(message).toBe("[secret]");
  expect(log).toEqual(["a", "b [secret]"]);
});

test("what fails on all of a job's fifteen targets has room in one row, whatever the servers say and in whatever script", () => {
  const words = "漢字".repeat(2000);
  const log = Array.from({ length: 60 }, (_, i) => `${i} ${words}`.slice(0, 1300));
  const exit = failed({ class: "unhealthy", step: words, service: words, message: `${words}\n${words}`, log });
  const failure = failureOf(exit);
  expect(Buffer.byteLength(JSON.stringify(failure)) * 15).toBeLessThan(320_000);
  expect(failure.log?.at(-1)).toMatch(/^59 漢/u);
  expect(JSON.stringify(failure)).not.toContain("\ufffd");
  const plain = Array.from({ length: 40 }, (_, i) => `line ${i}`);
  expect(failureOf(failed({ class: "unhealthy", log: plain })).log).toEqual(plain);
});

test("a remedy points to last lines only where there are some, and says that nothing was stopped only where that is so", () => {
  for (const kind of ["start.failed", "unhealthy"] as const) {
    expect(failureOf(failed({ class: kind, service: "web" })).remedy).not.toMatch(/below/u);
    expect(failureOf(failed({ class: kind, service: "web", log: ["no"] })).remedy).toMatch(/^See the last lines of web below\./u);
  }
  expect(failureOf(failed({ class: "disk.full" })).remedy).toMatch(/Nothing was stopped\.$/u);
  expect(failureOf(failed({ class: "disk.full", changed: true })).remedy).not.toMatch(/stopped/u);
});

test("who may not use Docker is told the command with the user's own name, and only with a user's name", () => {
  const remedy = (user: string) => failureOf(failed({ class: "docker.denied", data: { user } })).remedy;
  expect(remedy("first.last")).toContain("sudo usermod -aG docker first.last ");
  expect(remedy("x; reboot")).toContain("usermod -aG docker USER ");
  const sudo = failureOf(failed({ class: "sudo.password", data: { user: "admin" } })).remedy;
  expect(sudo).toContain("echo 'admin ALL=(ALL) NOPASSWD: ALL' | sudo tee");
  expect(sudo).not.toContain("USER");
});

test("a failure's sentence is not said twice, whatever the connection said", () => {
  for (const kind of ["unreachable", "refused", "dropped", "auth.failed", "address.unknown"] as const) {
    const { title } = failures[kind];
    for (const words of ["", title, `${title}: no route`, "no route"]) {
      const { message } = connectionFailure(new RemoteError(kind, words));
      expect(message.split(title)).toHaveLength(2);
      expect(message).not.toMatch(/: ?$/u);
    }
  }
});

test("no remedy tells to deploy where nothing was deployed: reaching and checking a server", () => {
  const checked = [
    "unreachable",
    "refused",
    "dropped",
    "auth.failed",
    "hostkey.changed",
    "address.unknown",
    "address.refused",
  ] as const;
  const there = [
    "docker.missing",
    "docker.down",
    "docker.denied",
    "sudo.password",
    "compose.missing",
    "tool.missing",
    "folder.denied",
  ] as const;
  for (const kind of [...checked, ...there]) expect(failures[kind].remedy).not.toMatch(/deploy/iu);
});
