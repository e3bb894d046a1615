import { keepEvents, lastSeq, listEvents } from "@berth/domain/job/event.ts";
import { afterAll, expect, test } from "vitest";
import { testTenant } from "../support/tenant.ts";
import { testWorld } from "../support/world.ts";

const t = testWorld();
afterAll(() => t.close());
const events = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, i) => ({
    seq: from + i,
    at: t.clock.now().toISOString(),
    type: "log",
    text: `${from + i}`,
  }));

test("a worker that thaws late and writes what others wrote loses none of it and doubles none of it", async () => {
  const tenant = await testTenant(t);
  const target = await tenant.target();
  await tenant.app();
  const { id } = await tenant.deploy("shop");
  const at = { job: id, target: target.id };
  for (const [from, to] of [
    [1, 2],
    [3, 3],
    [4, 7],
  ] as const)
    await keepEvents(tenant.system, at, events(from, to), 7);
  for (const [from, to] of [
    [3, 5],
    [4, 4],
  ] as const)
    await keepEvents(tenant.system, at, events(from, to), 7);
  expect(await lastSeq(tenant.system, at)).toBe(7);
  const { items } = await listEvents(tenant.system, { job: id, waitSeconds: 0 });
  expect(items.map(({ seq }) => seq)).toEqual([1, 2, 3, 4, 5, 6, 7]);
});
