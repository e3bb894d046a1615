import { listEvents } from "@berth/domain/job/event.ts";
import { findJob } from "@berth/domain/job/job.ts";
import { afterAll, expect, test } from "vitest";
import { scriptedReach, succeeded } from "../support/reach.ts";
import { testTenant } from "../support/tenant.ts";
import { testWorld } from "../support/world.ts";

const t = testWorld();
afterAll(() => t.close());

/** What the table reckons from now on. */
function meter() {
  const spent = { write: 0, read: 0 };
  t.engine.onConsumed(({ write, read }) => {
    spent.write += write;
    spent.read += read;
  });
  return spent;
}

type Tell = Parameters<Parameters<typeof scriptedReach>[0] & object>[1];

/** A deploy of two services as the runner tells of it: seconds since the line before, then what it says. */
const story: readonly (readonly [number, Parameters<Tell>[0]])[] = [
  [0, { type: "step", step: "preflight" }],
  [0.31, { type: "step", step: "pull" }],
  [0.06, { type: "step", step: "start" }],
  [0.12, { type: "log", step: "start", text: "Container shop-production-web-1  Recreate" }],
  [0.02, { type: "log", step: "start", text: "Container shop-production-worker-1  Recreate" }],
  [0.35, { type: "log", step: "start", text: "Container shop-production-web-1  Recreated" }],
  [0.01, { type: "log", step: "start", text: "Container shop-production-worker-1  Recreated" }],
  [0.41, { type: "log", step: "start", text: "Container shop-production-web-1  Started" }],
  [0.02, { type: "log", step: "start", text: "Container shop-production-worker-1  Started" }],
  [0.02, { type: "step", step: "verify" }],
  [1.6, { type: "health", step: "verify", service: "web", text: "Up 2 seconds (healthy)" }],
  [0, { type: "health", step: "verify", service: "worker", text: "Up 3 seconds" }],
  [0.01, { type: "step", step: "record" }],
  [0.02, { type: "step", step: "prune" }],
];

const told = scriptedReach(async (input, tell) => {
  if (input.op !== "deploy") return succeeded();
  for (const [seconds, event] of story) {
    if (seconds > 0) await t.world.sleep(seconds * 1000);
    tell(event);
  }
  return succeeded();
});

test("a deploy whose every step is kept at once is at most 30 write and 12 read units", async () => {
  const tenant = await testTenant(t);
  await tenant.target();
  await tenant.app();
  await tenant.work(await tenant.deploy("shop"), told);
  const spent = meter();
  const job = await tenant.work(await tenant.deploy("shop"), told);
  const { write, read } = spent;
  expect(job.status).toBe("succeeded");
  expect(write).toBeLessThanOrEqual(30);
  expect(read).toBeLessThanOrEqual(12);
  expect(write, "the meter counts").toBeGreaterThan(15);
});

test("of 28 deploys in line for one target each is at most 30 write units", async () => {
  const tenant = await testTenant(t, { plan: "studio" });
  const { id } = await tenant.target();
  const apps = Array.from({ length: 28 }, (_, i) => `app${i}`);
  for (const app of apps) await tenant.app(app);
  for (const app of apps) await tenant.work(await tenant.deploy(app, { targets: [id] }), told);
  const spent = meter();
  const jobs = [];
  for (const app of apps) jobs.push(await tenant.deploy(app));
  for (const job of jobs) await tenant.work(job, told);
  const { write } = spent;
  for (const job of jobs) expect((await findJob(tenant.ctx, job.id))?.status).toBe("succeeded");
  expect(write / 28).toBeLessThanOrEqual(30);
});

test("a minute in which somebody watches a run that says nothing is at most 250 read units", async () => {
  const tenant = await testTenant(t);
  await tenant.target();
  await tenant.app();
  const { id } = await tenant.deploy("shop");
  let minute: { write: number; read: number } | undefined;
  const reach = scriptedReach(async (_, tell) => {
    tell({ type: "step", step: "pull" });
    let { next: after, job } = await listEvents(tenant.ctx, { job: id, waitSeconds: 0 });
    const until = t.clock.now().getTime() + 60_000;
    minute = meter();
    while (t.clock.now().getTime() < until)
      ({ next: after, job } = await listEvents(tenant.ctx, { job: id, after, seen: job.version, waitSeconds: 20 }));
    minute = { ...minute };
    return succeeded();
  });
  await tenant.work({ id }, reach);
  expect(minute?.read).toBeLessThanOrEqual(250);
  expect(minute?.read).toBeGreaterThan(100);
});
