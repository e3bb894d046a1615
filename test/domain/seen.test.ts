import { inspectNow } from "@berth/domain/container/fresh.ts";
import { getSeen, keepSeen, readSeen } from "@berth/domain/container/seen.ts";
import { judge, together } from "@berth/domain/container/state.ts";
import { inspect } from "@berth/domain/engine/inspect.ts";
import { readContainer } from "@berth/domain/remote/container.ts";
import { RemoteError } from "@berth/domain/remote/remote.ts";
import { afterAll, describe, expect, test } from "vitest";
import { Message } from "../../functions/workers/rollout.ts";
import { containersOf, HOST_KEY, scriptedReach } from "../support/reach.ts";
import { testTenant } from "../support/tenant.ts";
import { testWorld } from "../support/world.ts";

const made = testWorld();
afterAll(() => made.close());

describe("how an app is", () => {
  const web = { service: "web" };
  const ended = (exitCode: number, more = {}) => ({
    service: "job",
    state: "exited",
    exitCode,
    health: null,
    restartPolicy: "no",
    ...more,
  });

  test.each([
    ["one that runs and is healthy", [web], "running"],
    ["one without a health check", [{ ...web, health: null }], "running"],
    ["one whose health check fails", [{ ...web, health: "unhealthy" }], "degraded"],
    ["one that was stopped", [{ ...web, state: "exited", exitCode: 137 }], "stopped"],
    ["one that was stopped and ended well, but should come back", [{ ...web, state: "exited", exitCode: 0 }], "stopped"],
    ["one of two that was stopped", [web, { service: "db", state: "exited", exitCode: 0 }], "degraded"],
    ["one that keeps ending", [web, { service: "db", state: "restarting", exitCode: 1 }], "degraded"],
    ["one that was never started", [web, { service: "db", state: "created" }], "degraded"],
    ["one that is paused", [web, { service: "db", state: "paused" }], "degraded"],
    ["a task that ended well", [web, ended(0)], "running"],
    ["a task that failed", [web, ended(3)], "degraded"],
    ["none at all", [], "stopped"],
  ])("%s", (_, services, state) => {
    expect(judge(containersOf(...services), undefined).state).toBe(state);
  });

  test.each([
    ["running", "unhealthy", null],
    ["paused", "healthy", null],
    ["exited", null, 137],
    ["restarting", null, 137],
  ])("one that is %s has the health %s: what has ended has none, whatever its last check said", (state, health, exitCode) => {
    const line = JSON.stringify({
      name: "/shop-production-web-1",
      service: "web",
      image: "shop:1",
      imageId: `sha256:${"1".repeat(64)}`,
      state,
      health: health ?? "unhealthy",
      exit: 137,
      restarts: 0,
      started: "2027-03-01T11:00:00Z",
      finished: "2027-03-01T11:30:00Z",
      policy: "no",
    });
    expect(readContainer(`${line}\t`)).toMatchObject({ state, health, exitCode });
  });

  test("a service that ran when the release went live and has ended is not fine, with whatever status it ended", () => {
    const { state, containers } = judge(containersOf(web, ended(0)), ["web", "job"]);
    expect([state, containers[1]?.ok, containers[1]?.why]).toEqual(["degraded", false, "It stopped (exit status 0)."]);
  });

  test.each([
    ["no", true],
    ["on-failure", true],
    ["unless-stopped", false],
    ["always", false],
  ])("one that ended well with the restart policy %s: ended as it should is %s", (restartPolicy, ok) => {
    const { state, containers } = judge(containersOf(web, ended(0, { restartPolicy })), undefined);
    expect([state, containers[1]?.ok]).toEqual([ok ? "running" : "degraded", ok]);
  });

  test("a service without a container is missing, unless it had ended when the release went live", () => {
    const found = { ...containersOf(web), expected: ["web", "db", "job"] };
    expect(judge(found, undefined)).toMatchObject({ state: "degraded", missing: ["db", "job"] });
    expect(judge(found, ["web", "db"])).toMatchObject({ state: "degraded", missing: ["db"] });
    expect(judge(found, ["web"])).toMatchObject({ state: "running", missing: [] });
  });

  test("a container of a service that the release does not have is left over, and says nothing of the app", () => {
    const found = { ...containersOf(web, { service: "old", state: "exited", exitCode: 1 }), expected: ["web"] };
    expect(judge(found, undefined)).toMatchObject({
      state: "running",
      containers: [{ orphan: false }, { orphan: true, ok: true }],
    });
    const alone = { ...containersOf({ service: "old" }), expected: ["web"] };
    expect(judge(alone, undefined)).toMatchObject({ state: "stopped", missing: ["web"] });
  });

  test("what its restart policy left stopped when the server restarted is said to be that", () => {
    const before = { startedAt: "2027-02-01T00:00:00.000Z", restartPolicy: "no", state: "exited", exitCode: 255 };
    const found = { ...containersOf({ service: "web", ...before }), bootedAt: "2027-02-02T00:00:00.000Z" };
    expect(judge(found, ["web"])).toMatchObject({
      state: "stopped",
      containers: [{ why: 'It was not started again when the server restarted: its restart policy is "no".' }],
    });
    const later = { ...found, bootedAt: "2027-01-01T00:00:00.000Z" };
    expect(judge(later, ["web"]).containers[0]?.why).toBe("It stopped (exit status 255).");
  });

  test.each([
    [["running", "running"], "running"],
    [["stopped", "stopped"], "stopped"],
    [["running", "stopped"], "degraded"],
    [["running", "unknown"], "unknown"],
    [["unknown", "degraded"], "degraded"],
    [[], "unknown"],
  ] as const)("%j together are %s", (states, whole) => {
    expect(together(states)).toBe(whole);
  });
});

const deployed = async () => {
  const tenant = await testTenant(made);
  const target = await tenant.target();
  await tenant.app();
  const job = await tenant.work(await tenant.deploy("shop"));
  return { tenant, target, place: { app: "shop", appId: job.appId ?? "", environment: "production", target: target.id } };
};

describe("what was last seen", () => {
  test("is not replaced by what was seen before it", async () => {
    const { tenant, place } = await deployed();
    await made.clock.advance(100);
    await keepSeen(tenant.ctx, place, containersOf({ service: "newer" }), { live: false });
    const late = { ...tenant.ctx, now: () => new Date(made.clock.now().getTime() - 60_000) };
    await keepSeen(late, place, containersOf({ service: "older" }), { live: false });
    const [stored] = await getSeen(tenant.ctx, [place]);
    expect(readSeen(stored).seen?.containers.map(({ service }) => service)).toEqual(["newer"]);
  });

  test("is forgotten with the app: one made again under its name was never seen", async () => {
    const { tenant, place } = await deployed();
    const [stored] = await getSeen(tenant.ctx, [{ ...place, appId: "app_other" }]);
    expect(readSeen(stored)).toEqual({ state: "unknown", seen: null, problem: null });
  });
});

describe("a worker that is to ask a server", () => {
  const asked = async (work: Awaited<ReturnType<typeof deployed>>) => {
    await made.clock.advance(10);
    await inspectNow(work.tenant.ctx, [work.place], 0.1);
    const [sent] = made.take("jobs").filter(({ message }) => message.tenant === work.tenant.id);
    const message = Message.parse(sent?.message);
    if (!("inspect" in message)) throw new Error("no server is to be asked");
    return message.inspect;
  };

  test("asks once, however often the message comes", async () => {
    const work = await deployed();
    const message = await asked(work);
    const reach = scriptedReach();
    await Promise.all([inspect(work.tenant.system, message, reach), inspect(work.tenant.system, message, reach)]);
    await inspect(work.tenant.system, message, reach);
    expect(reach.runs.map(({ op }) => op)).toEqual(["inspect"]);
  });

  test("gives a server that says nothing up after thirty seconds, and tells it to let go", async () => {
    const work = await deployed();
    const message = await asked(work);
    let signal: AbortSignal | undefined;
    const silent = scriptedReach((_input, _tell, given) => {
      signal = given;
      return new Promise(() => {});
    });
    const before = made.clock.now().getTime();
    const working = inspect(work.tenant.system, message, silent);
    for (let i = 0; i < 50 && !signal; i++) await new Promise((resolve) => setImmediate(resolve));
    await made.clock.advance(31);
    await working;
    expect(made.clock.now().getTime() - before).toBeLessThanOrEqual(31_000);
    expect(signal?.aborted).toBe(true);
    const [stored] = await getSeen(work.tenant.ctx, [work.place]);
    expect(readSeen(stored)).toMatchObject({
      state: "unknown",
      problem: { class: "unreachable", message: expect.stringContaining("30 seconds") },
    });
  });

  test("gives up one that cannot even be connected to", async () => {
    const work = await deployed();
    const message = await asked(work);
    let connecting = false;
    const mute = {
      ...scriptedReach(),
      connect: () => {
        connecting = true;
        return new Promise<never>(() => {});
      },
    };
    const working = inspect(work.tenant.system, message, mute);
    for (let i = 0; i < 50 && !connecting; i++) await new Promise((resolve) => setImmediate(resolve));
    await made.clock.advance(31);
    await working;
    const [stored] = await getSeen(work.tenant.ctx, [work.place]);
    expect(readSeen(stored).problem?.class).toBe("unreachable");
  });

  test.each([
    ["showed another host key", { ...HOST_KEY, key: "other" }, undefined, "hostkey.changed"],
    ["cannot be reached", undefined, new RemoteError("refused", "no"), "refused"],
  ])("says of one that %s why nothing was seen, beside what was seen before", async (_, hostKey, refusal, kind) => {
    const work = await deployed();
    const message = await asked(work);
    const reach = scriptedReach();
    if (hostKey) reach.hostKey = hostKey;
    if (refusal) reach.refuse(refusal);
    await inspect(work.tenant.system, message, reach);
    const [stored] = await getSeen(work.tenant.ctx, [work.place]);
    expect(readSeen(stored)).toMatchObject({
      state: "unknown",
      problem: { class: kind },
      seen: { containers: [{ service: "web" }] },
    });
  });
});
