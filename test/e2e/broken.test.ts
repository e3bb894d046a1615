/**
 * The control plane's part of three guarantees, with its guard taken out: the real domain and the real runner over a
 * stand-in for Docker. Each is looked at twice, as the code is and as it would be broken.
 */
import { spawn } from "node:child_process";
import { existsSync, readdirSync, readlinkSync } from "node:fs";
import { join } from "node:path";
import { LAST_MINUTES } from "@berth/domain/job/advance.ts";
import { createReader } from "@berth/domain/remote/events.ts";
import type { Reach } from "@berth/domain/remote/reach.ts";
import type { RunEvent } from "@berth/domain/remote/remote.ts";
import { RUN, toAnswer, toRequest } from "@berth/domain/remote/request.ts";
import { afterEach, beforeEach, expect, test } from "vitest";
import { until } from "../lab/until.ts";
import { type Host, makeHost } from "../remote/host.ts";
import { HOST_KEY } from "../support/reach.ts";
import { type TestTenant, testTenant } from "../support/tenant.ts";
import { type TestWorld, testWorld } from "../support/world.ts";
import { type Change, copyDomain } from "./copy.ts";

let host: Host;
let world: TestWorld;
beforeEach(() => {
  host = makeHost();
  world = testWorld({ running: true });
});
afterEach(() => {
  world.close();
  host.remove();
});

type Domain = Pick<typeof import("@berth/domain/engine/rollout.ts"), "rollout"> &
  Pick<typeof import("@berth/domain/engine/sweep.ts"), "sweep">;

/** Does something with the domain as it is or with some of it changed. */
async function withDomain<T>(changes: readonly Change[], work: (domain: Domain) => Promise<T>): Promise<T> {
  const { folder, remove } = copyDomain(changes);
  try {
    const [{ rollout }, { sweep }] = await Promise.all([
      import(join(folder, "engine/rollout.ts")),
      import(join(folder, "engine/sweep.ts")),
    ]);
    return await work({ rollout, sweep });
  } finally {
    remove();
  }
}

/** The runner on the stand-in host in place of SSH. `gate` holds a connection up; a worker `dies` at an event, and is `asked` whether a run may begin. */
interface At {
  readonly gate?: Promise<void>;
  readonly reached?: () => void;
  readonly asked?: () => void;
  readonly dies?: (step: string | undefined) => boolean;
}

function reachOf(at: At = {}): Reach {
  return {
    resolve: (name) => Promise.resolve(name),
    scan: () => Promise.resolve(HOST_KEY),
    letIn: () => Promise.reject(new Error("nothing has a password")),
    connectManaged: () => Promise.reject(new Error("nothing is managed by SSM")),
    async connect() {
      at.reached?.();
      await at.gate;
      return {
        close: () => Promise.resolve(),
        async run(input, onEvent) {
          const child = spawn("/bin/sh", ["-c", RUN], { env: host.env, stdio: ["pipe", "pipe", "inherit"] });
          const ended = new Promise((resolve) => child.once("close", resolve));
          let died = false;
          const hear = (event: RunEvent) => {
            if (died) return;
            onEvent(event);
            if (!at.dies?.(event.step)) return;
            died = true;
            child.kill("SIGKILL");
          };
          const answer = async (report: Uint8Array | undefined) => {
            at.asked?.();
            const decision = await input.decide?.(report);
            child.stdin.end(decision && toAnswer(decision));
          };
          const reader = createReader(input.from, hear, undefined, (report) => {
            answer(report).catch((error: Error) => child.stdin.destroy(error));
          });
          child.stdout.on("data", (chunk: Buffer) => reader.push(chunk));
          child.stdin.on("error", () => {}); // a runner that refuses at once does not read to the end
          const request = await toRequest(input);
          if (input.decide) child.stdin.write(request);
          else child.stdin.end(request);
          await ended;
          if (died || !reader.exit) throw new Error("the worker died");
          return reader.exit;
        },
      };
    },
  };
}

async function ready(): Promise<{ tenant: TestTenant; target: string }> {
  const tenant = await testTenant(world);
  const target = await tenant.target();
  await tenant.app();
  return { tenant, target: target.id };
}

const ups = () => host.read("../fake/ups").trimEnd().split("\n").length;
const laid = () => readlinkSync(join(host.home, "state/shop-production/current"));
const compose = "services:\n  web:\n    image: page:1\n";

async function killedWorker(changes: readonly Change[]): Promise<number> {
  return withDomain(changes, async ({ rollout }) => {
    const { tenant, target } = await ready();
    host.set("up.seconds", "1");
    const job = await tenant.deploy("shop", { compose });
    const message = { job: job.id, target };
    let begun = 0;
    const asked = () => {
      begun += 1;
    };
    await expect(rollout(tenant.system, message, reachOf({ asked, dies: (step) => step === "start" }))).rejects.toThrow("died");
    const runs = readdirSync(join(host.home, "runs")); // one run, which ends without a worker
    await until(async () => existsSync(join(host.home, "runs", String(runs[0]), "exit")), "the run to end");
    await world.clock.advance(31);
    await rollout(tenant.system, { ...message, again: true }, reachOf({ asked }));
    expect(ups()).toBe(1);
    return begun;
  });
}

test("a killed worker's run is attached to; were a run named after the attempt, it would be begun twice", async () => {
  expect(await killedWorker([])).toBe(1);
  world.close();
  host.remove();
  host = makeHost();
  world = testWorld({ running: true });
  const from = "const runs = job.rollouts[target]?.runs ?? 0;";
  const to = "const runs = job.rollouts[target]?.attempts ?? 0;";
  expect(await killedWorker([{ file: "engine/input.ts", from, to }])).toBe(2);
});

async function frozenWorker(changes: readonly Change[]): Promise<string> {
  return withDomain(changes, async ({ rollout, sweep }) => {
    const { tenant, target } = await ready();
    let thaw = () => {};
    const gate = new Promise<void>((resolve) => {
      thaw = resolve;
    });
    const first = await tenant.deploy("shop", { compose });
    // None of its timers goes off while it is frozen.
    const sleep: typeof tenant.system.sleep = (milliseconds, signal) =>
      signal
        ? new Promise((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }))
        : tenant.system.sleep(milliseconds);
    const { promise: reached, resolve: reach } = Promise.withResolvers<void>();
    const frozen = rollout({ ...tenant.system, sleep }, { job: first.id, target }, reachOf({ gate, reached: reach }));
    await reached;
    await world.clock.advance((LAST_MINUTES + 1) * 60);
    await sweep(world.world); // the job is overdue, and over
    const second = await tenant.deploy("shop", { compose });
    await rollout(tenant.system, { job: second.id, target }, reachOf());
    expect(laid()).toBe("releases/2");
    thaw();
    await frozen;
    return laid();
  });
}

test("a worker that was replaced is refused by the server; did fences not rise, its old release would take over", async () => {
  expect(await frozenWorker([])).toBe("releases/2");
  world.close();
  host.remove();
  host = makeHost();
  world = testWorld({ running: true });
  const still = { file: "engine/lease.ts", from: '":fence": target.fence + 1,', to: '":fence": target.fence,' };
  const told = { file: "engine/lease.ts", from: "fence: target.fence + 1 };", to: "fence: target.fence };" };
  expect(await frozenWorker([still, told])).toBe("releases/1");
});

async function failedRelease(changes: readonly Change[]): Promise<{ table: number | undefined; server: string }> {
  return withDomain(changes, async ({ rollout }) => {
    const { tenant, target } = await ready();
    const go = async () => rollout(tenant.system, { job: (await tenant.deploy("shop", { compose })).id, target }, reachOf());
    await go();
    host.set("up.status", "1");
    host.set("up.lines", "Error response from daemon: no\n");
    await go();
    return { table: (await tenant.environment("shop")).live[target], server: laid() };
  });
}

test("after a failed release the table names the one that serves; were failures counted as ends like others, it would name the wrong one", async () => {
  expect(await failedRelease([])).toEqual({ table: 1, server: "releases/1" });
  world.close();
  host.remove();
  host = makeHost();
  world = testWorld({ running: true });
  const from = 'filter((rollout) => rollout.status === "succeeded")';
  const to = 'filter((rollout) => rollout.status !== "canceled")';
  expect(await failedRelease([{ file: "job/job.ts", from, to }])).toEqual({ table: 2, server: "releases/1" });
});
