import { LEASE_SECONDS } from "@berth/domain/engine/lease.ts";
import { listLeases, listUnfinished, stuck } from "@berth/domain/engine/operator.ts";
import { rollout } from "@berth/domain/engine/rollout.ts";
import { afterAll, expect, test } from "vitest";
import { scriptedReach } from "../support/reach.ts";
import { testTenant } from "../support/tenant.ts";
import { testWorld } from "../support/world.ts";

const t = testWorld();
afterAll(() => t.close());
const turn = async (times = 20) => {
  for (let i = 0; i < times; i++) await new Promise((resolve) => setImmediate(resolve));
};

test("an operator sees every job that has not ended and no other, and which of them nobody looked at in time", async () => {
  const tenant = await testTenant(t);
  await tenant.target();
  await tenant.app();
  await tenant.work(await tenant.deploy("shop"));
  expect(await listUnfinished(t.world)).toEqual([]);
  const job = await tenant.deploy("shop");
  const found = await listUnfinished(t.world);
  expect(found.map((each) => [each.tenant, each.job.id])).toEqual([[tenant.id, job.id]]);
  expect(stuck(found, t.clock.now())).toEqual([]);
  await t.clock.advance(600);
  expect(stuck(found, t.clock.now())).toEqual(found);
  await tenant.work(job);
  expect(await listUnfinished(t.world)).toEqual([]);
});

test("an operator sees who holds a target, until when and with which fence", async () => {
  const tenant = await testTenant(t);
  const target = await tenant.target();
  await tenant.app();
  const job = await tenant.deploy("shop");
  const reach = scriptedReach(() => new Promise(() => {}));
  void rollout({ ...tenant.system, sleep: () => new Promise<void>(() => {}) }, { job: job.id, target: target.id }, reach);
  await turn();
  const [lease, ...rest] = await listLeases(t.world, await listUnfinished(t.world));
  const until = new Date(t.clock.now().getTime() + LEASE_SECONDS * 1000).toISOString();
  expect(lease).toMatchObject({ tenant: tenant.id, target: target.id, holder: job.id, fence: 1, until, waiting: [] });
  expect(rest).toEqual([]);
});
