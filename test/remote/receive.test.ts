/** A server that asks for what a release is built from: what becomes of it if the caller goes, or changes its mind. */
import { type ChildProcess, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readdirSync, writeFileSync } from "node:fs";
import { createReader } from "@berth/domain/remote/events.ts";
import type { Exit } from "@berth/domain/remote/remote.ts";
import { RUN, toRequest } from "@berth/domain/remote/request.ts";
import { runner } from "@berth/domain/remote/runner.ts";
import { describe, expect, onTestFinished, test } from "vitest";
import { deployOf, eventually, type Host, runOn } from "./host.ts";
import { host, shells } from "./hosts.ts";

const A = createHash("sha256").update("one").digest("hex");
const building = deployOf("job_1", { values: { archives: `${A}\n`, ask: "1" } });

interface Asking {
  readonly child: ChildProcess;
  readonly ended: Promise<Exit | undefined>;
}

/** A run that is waiting for an archive, and for nobody to say anything. */
async function asking(made: Host, shell: readonly string[], script?: string): Promise<Asking> {
  const [program, ...args] = shell;
  const child = spawn(program!, [...args, "-c", RUN], { env: made.env, stdio: ["pipe", "pipe", "inherit"] }); // a shell is named
  onTestFinished(() => void child.kill());
  let isAsked = false;
  const onWanted = () => {
    isAsked = true;
  };
  const reader = createReader(0, () => {}, undefined, undefined, onWanted);
  child.stdout.on("data", (chunk: Buffer) => reader.push(chunk));
  child.stdin.write(await toRequest(building, script));
  const ended = new Promise<Exit | undefined>((resolve) => child.once("close", () => resolve(reader.exit)));
  await eventually(() => isAsked);
  return { child, ended };
}

describe("a run that is sent what it is built from", () => {
  test.each(shells)("does not begin if it is canceled meanwhile: %s", async (...shell) => {
    const made = host();
    const { child, ended } = await asking(made, shell);
    const cancel = { ...deployOf("job_1-cancel"), op: "cancel" as const, files: [], values: { run: "job_1" } };
    expect((await runOn(made, cancel, shell)).exit).toMatchObject({ class: "canceled" });
    child.stdin?.write("3\none");
    child.stdin?.end();
    expect(await ended).toMatchObject({ class: "canceled" });
    expect(existsSync(`${made.home}/archives/${A}`)).toBe(true);
    expect(existsSync(`${made.home}/runs/job_1/pid`)).toBe(false);
  });

  test.each(shells)("keeps nobody out if its caller has died without a word: %s", async (...shell) => {
    const made = host();
    const { ended } = await asking(made, shell, runner.replace("timeout 60 sh -c", "timeout 1 sh -c"));
    expect(await ended).toBeUndefined();
    expect((await runOn(made, deployOf("job_2"), shell)).exit).toMatchObject({ code: 0 });
  });
});

test("what nothing is built from any more goes with the failure of a deployment, and with a removal", async () => {
  const made = host();
  const { child, ended } = await asking(made, ["/bin/sh"]);
  child.stdin?.end();
  await ended;
  const archives = `${made.home}/archives`;
  writeFileSync(`${archives}/${A}`, "no longer");
  made.set("pull.status", "1");
  expect((await runOn(made, deployOf("job_2"))).exit).toMatchObject({ code: 1, step: "pull" });
  expect(readdirSync(archives)).toEqual([]);
  made.unset("pull.status");
  expect((await runOn(made, deployOf("job_3"))).exit?.code).toBe(0);
  writeFileSync(`${archives}/${A}`, "no longer");
  await runOn(made, { ...deployOf("job_4"), op: "remove", files: [] });
  expect(readdirSync(archives)).toEqual([]);
});
