import { recorder } from "@berth/domain/engine/recorder.ts";
import { listEvents } from "@berth/domain/job/event.ts";
import type { EventType, Remote } from "@berth/domain/remote/remote.ts";
import { redactor } from "@berth/domain/secret/redact.ts";
import { redactRemote } from "@berth/domain/target/connection.ts";
import { afterAll, describe, expect, test } from "vitest";
import { succeeded } from "../support/reach.ts";
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
  const kept = recorder(ctx, { job: id, target: target.id }, { days: 7, base: 0 });
  let seq = 0;
  const add = (type: EventType, text: string) => {
    const event = { seq: ++seq, at: t.clock.now().toISOString(), type, text };
    if (kept.keeps(event)) kept.add(event);
  };
  const turns = async () => {
    for (let i = 0; i < 20; i++) await new Promise((resolve) => setImmediate(resolve));
  };
  return {
    kept,
    say: (text: string) => add("log", text),
    change: (text: string, type: EventType = "step") => add(type, text),
    turns,
    /** Turns the clock; answers the rows written by then. */
    async after(seconds: number) {
      await t.clock.advance(seconds);
      await turns();
      return rows;
    },
    done: kept.done,
    rows: () => rows,
    /** The next page of the API's long poll, from the cursor that the last one left. */
    poll: async (after?: string) => listEvents(tenant.system, { job: id, after, waitSeconds: 20 }),
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

test("a short run's lines cost two rows: its first event at once and the others when it ends, without waiting", async () => {
  const { say, turns, done, rows, texts, after } = await recording();
  say("one");
  await turns();
  expect(rows()).toBe(1);
  say("two");
  expect(await after(0.9)).toBe(1);
  say("three");
  const before = t.clock.now();
  await done();
  expect(t.clock.now()).toEqual(before);
  expect(rows()).toBe(2);
  expect(await texts()).toEqual(["one", "two", "three"]);
});

test.each(["step", "image", "health"] as const)(
  "whoever waits by the API has a change (%s) within a third of a second, whatever was said before it",
  async (type) => {
    const { say, change, poll, turns } = await recording();
    say("first");
    await turns();
    let { next } = await poll();
    for (const quiet of [0.01, 0.3, 0.95, 1.7, 4]) {
      say("a line");
      await t.clock.advance(quiet);
      ({ next } = await poll(next)); // perhaps the line alone
      change("news", type);
      const at = t.clock.now().getTime();
      for (let seen = false; !seen; ) {
        const page = await poll(next);
        next = page.next;
        seen = page.items.some(({ text }) => text === "news");
      }
      // What is left of the half second is for the way from the server and to the screen.
      expect(t.clock.now().getTime() - at).toBeLessThanOrEqual(350);
    }
  },
);

test("a burst of lines costs a row a second, and those that come with a change cost none", async () => {
  const { say, change, after, turns, rows } = await recording();
  change("begin");
  await turns();
  expect(rows()).toBe(1);
  for (let i = 0; i < 300; i++) {
    say(`line ${i}`);
    await after(0.01);
  }
  expect(rows()).toBeLessThanOrEqual(4);
  expect(await after(1)).toBeLessThanOrEqual(5);
  const before = rows();
  for (let i = 0; i < 5; i++) {
    for (let j = 0; j < 10; j++) say("line");
    change("next");
    await after(0.9);
  }
  expect(rows() - before).toBe(5);
});

test("changes that come together share a row, and a server that never stops telling of them costs a row a second", async () => {
  const { change, after, turns, rows } = await recording();
  change("begin");
  await turns();
  for (const text of ["a", "b", "c"]) {
    change(text);
    await after(0.03);
  }
  expect(await after(0.1)).toBe(2);
  for (let i = 0; i < 600; i++) {
    change(`${i}`, "health");
    await after(0.1);
  }
  // A minute: those that may have a row of their own, and then little more than one a second.
  expect(rows()).toBeLessThanOrEqual(2 + 22 + 61 * 1.25);
  const before = rows();
  change("a step among them");
  expect(await after(0.1)).toBe(before + 1);
});

test("what a row cannot hold goes into several, in order", async () => {
  const { say, done, rows, texts } = await recording();
  const said = Array.from({ length: 300 }, (_, i) => String(i).padStart(8, "0"));
  for (const text of said) say(text + "x".repeat(2900));
  await done();
  expect(rows()).toBeGreaterThan(8);
  expect(await texts()).toEqual(said);
});

test("a run that prints without end keeps so many lines and says that there were more; what it does is told to its end", async () => {
  const { say, change, after, done, texts } = await recording();
  for (let i = 0; i < 120; i++) {
    for (let j = 0; j < 100; j++) say(`line ${i * 100 + j}`);
    await after(1.1);
  }
  change("recorded");
  await done();
  const all = await texts();
  expect(all.filter((text) => text.startsWith("line"))).toHaveLength(10_000);
  expect(all.filter((text) => text.startsWith("(This ru"))).toHaveLength(1);
  expect(all.at(-1)).toBe("recorded");
});

test("of what comes faster than it can be written no more waits than a megabyte, and in its place stands how much is missing", async () => {
  const { say, change, done, texts } = await recording();
  for (let i = 0; i < 3000; i++) (i % 2 === 0 ? say : change)(`${i}`.padEnd(1000, "."));
  await done();
  const all = await texts();
  expect(all.length).toBeLessThan(1300);
  expect(all.at(-1)).toMatch(/^\(\d+ li/);
});

describe("what a server says is searched for secrets only as far as it is kept", () => {
  const SECRET = "hunter2hunter2hunter2hunter2";
  const redact = redactor({ values: [SECRET] });
  const input = { op: "deploy", job: "job_1", fence: 1, from: 0, files: [], values: {} } as const;

  /** A server that says so many events of one text; what was searched of them, and what was kept. */
  async function saying(type: EventType, text: string, count: number, everySeconds = 0) {
    const { kept, after, done, texts, rows } = await recording();
    let searched = 0;
    const counting = (given: string) => {
      searched += given.length;
      return redact(given);
    };
    const server: Remote = {
      close: () => Promise.resolve(),
      async run(_, onEvent) {
        for (let seq = 1; seq <= count; seq++) {
          onEvent({ seq, at: t.clock.now().toISOString(), type, text });
          if (everySeconds > 0) await after(everySeconds);
        }
        return succeeded();
      },
    };
    await redactRemote(server, counting, kept.keeps).run(input, kept.add);
    const by = searched;
    await done();
    return { searched: by, texts: await texts(), rows: rows() };
  }

  test.each<[string, EventType]>([
    ["lines of a log", "log"],
    ["steps", "step"],
    ["notes", "note"],
  ])("twenty megabytes of %s at once cost as much as one", async (_, type) => {
    const { searched, texts } = await saying(type, "\\u0025%41+".repeat(370), 5000);
    expect(searched).toBeGreaterThan(900_000);
    expect(searched).toBeLessThan(1_100_000);
    expect(texts.at(-1)).toMatch(/^\((\d+ li|This ru)/);
  });

  test("and in a minute, of a server that does not stop, as much as is let through in a minute", async () => {
    const { searched } = await saying("step", "x".repeat(4000), 6000, 0.01);
    expect(searched).toBeLessThan(1_100_000 + 60 * 100_000);
    expect(searched).toBeGreaterThan(5_000_000);
  });

  test("and no secret is told by half where the ceiling stands", async () => {
    for (const before of [0, 1, 7, 13, 27, 400]) {
      const { kept, done } = await recording();
      const told: string[] = [];
      const server: Remote = {
        close: () => Promise.resolve(),
        async run(_, onEvent) {
          for (let seq = 1; seq <= 1500; seq++)
            onEvent({ seq, at: "", type: "log", text: `${"x".repeat(before)}${`${SECRET} `.repeat(40)}` });
          return succeeded();
        },
      };
      await redactRemote(server, redact, kept.keeps).run(input, (event) => told.push(event.text ?? ""));
      await done();
      expect(told.length).toBeGreaterThan(300);
      expect(told.length).toBeLessThan(1000);
      expect(told.filter((text) => /hunt|ter2/.test(text))).toEqual([]);
    }
  });

  test("of an answer whose events nobody keeps, only the verdict", async () => {
    let searched = 0;
    const server: Remote = {
      close: () => Promise.resolve(),
      async run(_, onEvent) {
        for (let seq = 1; seq <= 1000; seq++) onEvent({ seq, at: "", type: "log", text: "x".repeat(4000) });
        return succeeded();
      },
    };
    const counting = (given: string) => {
      searched += given.length;
      return given;
    };
    await redactRemote(server, counting).run(input, () => {});
    expect(searched).toBeLessThan(1000);
  });
});

test("what is planned is stored once, however often the server tells of it", async () => {
  const { kept, change, done, poll } = await recording();
  kept.decided({ go: "run", plan: ["all of it"], planned: { services: ["x".repeat(90_000)] } });
  for (let i = 0; i < 5; i++) change("all of it", "plan");
  await done();
  const { items } = await poll();
  expect(items.map(({ plan }) => plan !== undefined)).toEqual([true, false, false, false, false]);
});
