import { deploy } from "@berth/domain/deployment/deploy.ts";
import { removeApp } from "@berth/domain/deployment/remove.ts";
import { applyEvent } from "@berth/domain/engine/apply-event.ts";
import { cancelJob } from "@berth/domain/engine/cancel.ts";
import { rollout } from "@berth/domain/engine/rollout.ts";
import { sweep } from "@berth/domain/engine/sweep.ts";
import { erase } from "@berth/domain/erase.ts";
import { listEvents } from "@berth/domain/job/event.ts";
import { findJob } from "@berth/domain/job/job.ts";
import { type Exit, RemoteError } from "@berth/domain/remote/remote.ts";
import { commit, key } from "@berth/domain/table.ts";
import { findTarget } from "@berth/domain/target/target.ts";
import { expect, test } from "vitest";
import { failed, lost, type ScriptedReach, scriptedReach, succeeded } from "../support/reach.ts";
import { COMPOSE, type TestTenant } from "../support/tenant.ts";
import { messages, pending, ready, t, turn, useWorld } from "./rollouts.ts";

useWorld();

test("a failed release leaves the live one as it was, and says what failed, where and what to do", async () => {
  const { tenant, target } = await ready();
  await tenant.work(await tenant.deploy("shop"));
  const reach = scriptedReach();
  const log = ["starting", "boom"];
  reach.next(() =>
    failed({ class: "unhealthy", step: "verify", service: "web", log, changed: true, rolledBack: true, downMs: 900 }),
  );
  const job = await tenant.work(await tenant.deploy("shop"), reach);
  expect(job.failure).toMatchObject({ class: "unhealthy", step: "verify", service: "web", log, rolledBack: true });
  expect(job.failure?.remedy).toBeTruthy();
  expect((await tenant.environment("shop")).live).toEqual({ [target.id]: 1 });
  expect((await tenant.environment("shop")).healthy).toEqual([1]);
});

test("a first release that fails gives the slot back", async () => {
  const { tenant } = await ready();
  await tenant.work(
    await tenant.deploy("shop"),
    scriptedReach(() => failed({ class: "image.not_found" })),
  );
  expect(await tenant.account()).toMatchObject({ slots: 0 });
});

test("of two targets where one fails, each is told as it is and the deploy has failed", async () => {
  const { tenant } = await ready();
  const second = await tenant.target("web2", "127.0.0.2");
  const reach = scriptedReach();
  reach.next(() => succeeded());
  reach.next(() => failed({ class: "port.taken" }));
  const job = await tenant.work(await tenant.deploy("shop", { targets: ["web1", "web2"] }), reach);
  expect(job.status).toBe("failed");
  expect((await tenant.environment("shop")).live).not.toHaveProperty(second.id);
  expect(Object.keys((await tenant.environment("shop")).live)).toHaveLength(1);
});

test("a line that drops in the middle of a run is taken up again from the last event; nothing is started twice", async () => {
  const { tenant } = await ready();
  const reach = scriptedReach();
  reach.next((_, tell) => {
    tell({ type: "step", step: "pull", text: "1" });
    return lost("dropped")({} as never, () => {}) as never;
  });
  const job = await tenant.work(await tenant.deploy("shop"), reach);
  expect(job).toMatchObject({ status: "succeeded" });
  expect(new Set(reach.runs.map((run) => run.job)).size).toBe(1);
  expect(reach.runs[1]?.from).toBe(1);
  const { items } = await listEvents(tenant.system, { job: job.id, waitSeconds: 0 });
  expect(items.map(({ seq }) => seq)).toEqual([1, 2, 3, 4, 5, 6, 7]);
});

test("a server away for half a minute in the middle of a run is asked again by the same worker, and no retry of the job is used up", async () => {
  const { tenant, target } = await ready();
  const reach = scriptedReach();
  for (const away of ["dropped", "timeout", "refused", "unreachable"] as const) reach.next(lost(away));
  const job = await tenant.work(await tenant.deploy("shop"), reach);
  expect(job).toMatchObject({ status: "succeeded", rollouts: { [target.id]: { attempts: 1 } } });
  expect(job.rollouts[target.id]).not.toHaveProperty("retries");
  expect(new Set(reach.runs.map((run) => run.job)).size).toBe(1);
});

test("a server that cannot be reached from the start is left to the retries of the job", async () => {
  const { tenant, target } = await ready();
  const reach = scriptedReach();
  const refused: typeof reach = { ...reach, connect: () => Promise.reject(new RemoteError("refused", "nothing listens")) };
  const job = await tenant.work(await tenant.deploy("shop"), refused);
  expect(job.rollouts[target.id]).toMatchObject({ status: "retrying", retries: 1, failure: { class: "refused" } });
});

test("a server that shows another host key is sent nothing, and the target says so", async () => {
  const { tenant, target } = await ready();
  const reach = scriptedReach();
  reach.hostKey = { ...reach.hostKey, key: "AAAAother" };
  const job = await tenant.work(await tenant.deploy("shop"), reach);
  expect(job.failure).toMatchObject({ class: "hostkey.changed" });
  expect(reach.runs).toEqual([]);
  expect(await findTarget(tenant.system, target.id)).toMatchObject({ status: "changed" });
});

test("a fence the server refuses ends nothing: the newer holder says how it ended", async () => {
  const { tenant } = await ready();
  const reach = scriptedReach(() => failed({ class: "fence", code: 76 }));
  const job = await tenant.work(await tenant.deploy("shop"), reach);
  expect(job.status).toBe("running");
});

test.each([
  ["the payment has failed", "billing.grace", (tenant: TestTenant) => tenant.entitle("grace")],
  ["nothing was paid for a week", "billing.restricted", (tenant: TestTenant) => tenant.entitle("restricted")],
  ["there is no plan any more", "billing.required", (tenant: TestTenant) => tenant.entitle("none")],
  ["a payment is disputed", "billing.hold", (tenant: TestTenant) => tenant.hold()],
])("a deploy accepted while active does not start once %s", async (_, kind, change) => {
  const { tenant } = await ready();
  const job = await tenant.deploy("shop");
  await change(tenant);
  const reach = scriptedReach();
  expect((await tenant.work(job, reach)).failure).toMatchObject({ class: kind });
  expect(reach.runs).toEqual([]);
});

test("a deploy to a server that was removed meanwhile has failed there", async () => {
  const { tenant, target } = await ready();
  const job = await tenant.deploy("shop");
  await commit(tenant.system, erase(tenant.system, key(tenant.system, `TARGET#${target.id}`)));
  expect((await tenant.work(job)).failure).toMatchObject({ class: "target.not_found" });
});

test.each([
  ["after a minute, and the payment has failed meanwhile", 60, "billing.restricted"],
  ["after a minute, and the payment has failed and been made", 60, undefined],
  ["at once", 0, undefined],
])("whose server asks whether it may begin %s", async (_, later, refused) => {
  const { tenant } = await ready();
  const reach = scriptedReach(async ({ decide }) => {
    await tenant.entitle("restricted");
    await t.clock.advance(later);
    if (later > 0 && !refused) await tenant.entitle("active");
    const decision = await decide?.(undefined);
    return refused && decision && "no" in decision ? failed({ class: decision.no, message: "it may not" }) : succeeded();
  });
  const job = await tenant.work(await tenant.deploy("shop"), reach);
  expect(job.failure?.class).toBe(refused);
  expect(job.status).toBe(refused ? "failed" : "succeeded");
});

test("a run that has begun is not stopped by an unpaid bill", async () => {
  const { tenant, target } = await ready();
  const { reach, end } = pending();
  const job = await tenant.deploy("shop");
  messages(tenant);
  const running = rollout(tenant.system, { job: job.id, target: target.id }, reach);
  await turn();
  await tenant.entitle("restricted");
  end(succeeded());
  await running;
  expect(await findJob(tenant.system, job.id)).toMatchObject({ status: "succeeded" });
});

/** A deploy that runs, is canceled, and whose worker has had time to hear of it. */
async function canceledMidway(tenant: TestTenant, target: { readonly id: string }, reach: ScriptedReach) {
  const job = await tenant.deploy("shop");
  messages(tenant);
  const running = rollout(tenant.system, { job: job.id, target: target.id }, reach);
  await turn();
  await cancelJob(tenant.ctx, job.id);
  await t.clock.advance(4);
  return { job, running };
}

test("cancelling a run stops it on the server, and the job ends as the server says", async () => {
  const { tenant, target } = await ready();
  const reach = scriptedReach();
  let stopped: (exit: Exit) => void = () => {};
  reach.always(() => new Promise<Exit>((resolve) => (stopped = resolve)));
  reach.cancels(() => {
    stopped(failed({ class: "canceled", changed: true, rolledBack: true }));
    return succeeded();
  });
  const { job, running } = await canceledMidway(tenant, target, reach);
  await running;
  expect(reach.runs.map(({ op }) => op)).toEqual(["deploy", "cancel"]);
  expect(await findJob(tenant.system, job.id)).toMatchObject({ status: "canceled" });
});

test("a run that is canceled while its line is down is stopped when the line is back, and not asked for again", async () => {
  const { tenant, target } = await ready();
  const reach = scriptedReach();
  const dropped = new RemoteError("dropped", "the line is down");
  let down = true;
  let drop: (why: RemoteError) => void = () => {};
  reach.always(() => new Promise<Exit>((_, reject) => (drop = reject)));
  reach.cancels(() => (down ? Promise.reject(dropped) : failed({ class: "canceled", changed: true, rolledBack: true })));
  const { job, running } = await canceledMidway(tenant, target, reach);
  drop(dropped);
  down = false;
  await turn();
  await t.clock.advance(2);
  await running;
  expect(reach.runs.filter(({ op }) => op === "deploy")).toHaveLength(1);
  expect(await findJob(tenant.system, job.id)).toMatchObject({ status: "canceled" });
});

test("no secret among the variables is in any event, failure or log we keep, whole or encoded", async () => {
  const { tenant } = await ready();
  const secret = "hunter2-correct-horse";
  const reach = scriptedReach((_, tell) => {
    tell({ type: "log", service: "web", text: `password is ${secret} or ${Buffer.from(secret).toString("base64")}` });
    return failed({ class: "unhealthy", message: `bad ${secret}`, log: [`x${secret}y`, encodeURIComponent(secret)] });
  });
  const job = await deploy(tenant.ctx, {
    app: "shop",
    bundle: { compose: COMPOSE, files: [], variables: { DB_PASSWORD: secret } },
  });
  const done = await tenant.work(job, reach);
  const kept = JSON.stringify([done, (await listEvents(tenant.system, { job: job.id, waitSeconds: 0 })).items]);
  expect(kept).toContain("[secret]");
  expect(kept).not.toContain(secret);
  expect(kept).not.toContain(Buffer.from(secret).toString("base64"));
});

test("errors are cut to 4 KB, 40 lines, and hold no control characters", async () => {
  const { tenant } = await ready();
  const reach = scriptedReach(() =>
    failed({
      class: "start.failed",
      message: `\u001b[31m${"x".repeat(9000)}`,
      log: Array.from({ length: 99 }, (_, i) => `${i}\u0007`),
    }),
  );
  const { failure } = await tenant.work(await tenant.deploy("shop"), reach);
  expect(failure?.message.length).toBeLessThanOrEqual(4096);
  expect(failure?.log).toHaveLength(40);
  expect(JSON.stringify(failure)).not.toMatch(/\\u001b|\\u0007/);
});

test("a job nobody could finish in its life is ended, once, and its claims are free", async () => {
  const { tenant } = await ready();
  const job = await tenant.deploy("shop");
  messages(tenant);
  await t.clock.advance(91 * 60);
  await sweep(t.world);
  expect(await findJob(tenant.system, job.id)).toMatchObject({ status: "failed", failure: { class: "overdue" } });
  expect(await tenant.account()).toMatchObject({ slots: 0 });
  expect((await tenant.deploy("shop")).status).toBe("queued");
});

test("of two workers that begin the same rollout at once each has begun it once, though both would write the same", async () => {
  const { tenant, target } = await ready();
  const { id } = await tenant.deploy("shop");
  await applyEvent(tenant.system, id, { type: "started", target: target.id, at: t.clock.now() });
  const seen = await findJob(tenant.system, id);
  const at = t.clock.now();
  const first = await applyEvent(tenant.system, id, { type: "started", target: target.id, at }, seen);
  const second = await applyEvent(tenant.system, id, { type: "started", target: target.id, at }, seen);
  expect([first, second].map(({ rollouts }) => rollouts[target.id]?.attempts)).toEqual([2, 3]);
});

test("of two workers that end a removal at once the later one finds it ended, and the app gone", async () => {
  const { tenant, target } = await ready();
  await tenant.work(await tenant.deploy("shop"));
  const job = await removeApp(tenant.ctx, { app: "shop", volumes: "keep" });
  const id = job?.id ?? "";
  const seen = await applyEvent(tenant.system, id, { type: "started", target: target.id, at: t.clock.now() });
  const over = { type: "ended", target: target.id, outcome: { ok: true }, attempt: 1, at: t.clock.now() } as const;
  const [first, second] = [await applyEvent(tenant.system, id, over, seen), await applyEvent(tenant.system, id, over, seen)];
  expect([first.status, second]).toEqual(["succeeded", await findJob(tenant.system, id)]);
});

test("a removal that finds Docker down is tried again a minute later, as a deploy is", async () => {
  const { tenant, target } = await ready();
  await tenant.work(await tenant.deploy("shop"));
  const job = await removeApp(tenant.ctx, { app: "shop", volumes: "keep" });
  if (!job) throw new Error("nothing was to be removed");
  const reach = scriptedReach();
  reach.next(() => failed({ class: "docker.down" }));
  expect(await tenant.work(job, reach)).toMatchObject({
    status: "running",
    rollouts: { [target.id]: { status: "retrying", retries: 1 } },
  });
  await t.clock.advance(61);
  expect(await tenant.work(job, reach)).toMatchObject({ status: "succeeded" });
});
