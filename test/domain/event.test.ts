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

test("of more than an answer may hold a page tells a part, of each target in turn, and the next ones the rest", async () => {
  const tenant = await testTenant(t);
  const targets = [await tenant.target(), await tenant.target("web2")];
  await tenant.app();
  const { id } = await tenant.deploy("shop", { targets: ["web1", "web2"] });
  const long = (from: number, to: number) => events(from, to).map((event) => ({ ...event, text: "x".repeat(4000) }));
  for (const { id: target } of targets)
    for (let batch = 0; batch < 10; batch++)
      await keepEvents(tenant.system, { job: id, target }, long(batch * 100 + 1, batch * 100 + 100), 7);
  const told = new Map<string, number[]>();
  let after: string | undefined;
  for (let pages = 0; pages < 20; pages++) {
    const page = await listEvents(tenant.system, { job: id, after, waitSeconds: 0 });
    expect(JSON.stringify(page.items).length).toBeLessThan(3_000_000);
    if (page.items.length === 0) break;
    if (pages === 0) expect(new Set(page.items.map(({ target }) => target)).size).toBe(2);
    for (const { target, seq } of page.items) told.set(target, [...(told.get(target) ?? []), seq]);
    after = page.next;
  }
  const all = Array.from({ length: 1000 }, (_, i) => i + 1);
  expect([...told.values()]).toEqual([all, all]);
});
