import { listEvents } from "@berth/domain/job/event.ts";
import { recorder } from "@berth/domain/rollout/recorder.ts";
import { afterAll, expect, test } from "vitest";
import { testTenant } from "../support/tenant.ts";
import { testWorld } from "../support/world.ts";

const t = testWorld();
afterAll(() => t.close());

/** A recorder of a deploy's run, and how many rows it has written. Its sleeps end when the clock is turned. */
async function recording() {
  const tenant = await testTenant(t);
  const target = await tenant.target();
  await tenant.app();
  const { id } = await tenant.deploy("shop");
  let rows = 0;
  t.engine.onRecord(({ dynamodb }) => {
    if (dynamodb.Keys?.pk?.S?.includes(`JOB#${id}#`)) rows++;
  });
  const never = new AbortController().signal;
  const ctx = { ...tenant.system, sleep: (ms: number, signal = never) => t.clock.sleep(ms, signal) };
  const kept = recorder(ctx, { job: id, target: target.id }, { days: 7, base: 0, redact: (text) => text });
  let seq = 0;
  const say = (text: string) => kept.add({ seq: ++seq, at: t.clock.now().toISOString(), type: "log", text });
  const turns = async () => {
    for (let i = 0; i < 20; i++) await new Promise((resolve) => setImmediate(resolve));
  };
  return {
    say,
    turns,
    done: kept.done,
    rows: () => rows,
    async texts() {
      const all: string[] = [];
      for (let after: string | undefined; ; ) {
        const { items, next } = await listEvents(tenant.system, { job: id, after, waitSeconds: 0 });
        if (items.length === 0) return all;
        all.push(...items.map(({ text = "" }) => text.slice(0, 8)));
        after = next;
      }
    },
  };
}

test("a short run costs two rows: its first event at once and the others when it ends, without waiting", async () => {
  const { say, turns, done, rows, texts } = await recording();
  say("one");
  await turns();
  expect(rows()).toBe(1);
  say("two");
  await t.clock.advance(1.5);
  say("three");
  await turns();
  expect(rows()).toBe(1);
  const before = t.clock.now();
  await done();
  expect(t.clock.now()).toEqual(before);
  expect(rows()).toBe(2);
  expect(await texts()).toEqual(["one", "two", "three"]);
});

test("in a longer run an event is kept within two seconds, then within one, and at once after a quiet one", async () => {
  const { say, turns, done, rows } = await recording();
  const within = async (seconds: number) => {
    say("more");
    await t.clock.advance(seconds - 0.1);
    await turns();
    const before = rows();
    await t.clock.advance(0.1);
    await turns();
    return [before, rows()];
  };
  say("first");
  await turns();
  expect(rows()).toBe(1);
  expect(await within(2)).toEqual([1, 2]);
  expect(await within(2)).toEqual([2, 3]);
  expect(await within(1)).toEqual([3, 4]);
  expect(await within(1)).toEqual([4, 5]);
  await t.clock.advance(5);
  say("after a quiet time");
  await turns();
  expect(rows()).toBe(6);
  await done();
  expect(rows()).toBe(6);
});

test("what a row cannot hold goes into several, in order", async () => {
  const { say, done, rows, texts } = await recording();
  const said = Array.from({ length: 300 }, (_, i) => String(i).padStart(8, "0"));
  for (const text of said) say(text + "x".repeat(2900));
  await done();
  expect(rows()).toBeGreaterThan(8);
  expect(await texts()).toEqual(said);
});
