import { systemContext } from "@berth/domain/context.ts";
import { heldFor, letGo, logReaders, take } from "@berth/domain/held.ts";
import { attendLog } from "@berth/domain/log/attend.ts";
import type { LogItem } from "@berth/domain/log/item.ts";
import { closeLogs, openLogs } from "@berth/domain/log/open.ts";
import { readLogs } from "@berth/domain/log/read.ts";
import { afterEach, describe, expect, test } from "vitest";
import { lost, scriptedReach } from "../support/reach.ts";
import { speaking } from "../support/speaking.ts";
import { type TestTenant, testTenant } from "../support/tenant.ts";
import { type TestWorld, testWorld } from "../support/world.ts";

const worlds: TestWorld[] = [];
afterEach(() => {
  for (const made of worlds.splice(0)) made.close();
});

const turns = async (count = 20) => {
  for (let i = 0; i < count; i++) await new Promise((resolve) => setImmediate(resolve));
};

/** A tenant with an app on so many servers that speak, workers that answer the queue, and time that passes when it is told to. */
async function scene(count = 1) {
  const made = testWorld();
  worlds.push(made);
  const tenant = await testTenant(made, { plan: "studio" });
  const names = Array.from({ length: count }, (_, i) => `web${i + 1}`);
  for (const [i, name] of names.entries()) await tenant.target(name, `127.0.0.${i + 1}`);
  await tenant.app();
  await tenant.work(await tenant.deploy("shop", { targets: names }));
  const servers = names.map((_, i) => speaking("abcdef"[i]?.repeat(12)));
  const reach = scriptedReach((input, tell, signal) => {
    const host = reach.runs.at(-1)?.at ?? "";
    const server = servers[Number(host.split(".").at(-1)) - 1];
    if (!server) throw new Error(`nobody is at ${host}`);
    return server.play(input, tell, signal);
  });
  const workers = new Set<Promise<void>>();
  /** Workers that were killed do nothing any more; those that are frozen go on later. */
  let life = 0;
  let frozen: { born: number; thawed: Promise<void> } | undefined;
  const worldOf = (born: number) => ({
    ...made.world,
    table: {
      name: made.world.table.name,
      client: {
        send: (async (...given: [never]) => {
          if (frozen && born === frozen.born) await frozen.thawed;
          else if (born < life) await new Promise(() => {});
          return made.world.table.client.send(...given);
        }) as typeof made.world.table.client.send,
      },
    },
  });
  const pull = () => {
    const now = made.clock.now().getTime();
    for (const each of [...made.sent]) {
      if (each.at.getTime() + (each.options.delaySeconds ?? 0) * 1000 > now || !("log" in each.message)) continue;
      made.sent.splice(made.sent.indexOf(each), 1);
      const work = attendLog(systemContext(worldOf(life), tenant.id, "rollout"), String(each.message.log), reach);
      workers.add(work);
      void work.finally(() => workers.delete(work));
    }
  };
  return {
    made,
    tenant,
    servers,
    reach,
    workers: () => workers.size,
    kill: () => void life++,
    /** Stops today's workers until the answer is called. */
    freeze(): () => void {
      const { promise, resolve } = Promise.withResolvers<void>();
      frozen = { born: life++, thawed: promise };
      return resolve;
    },
    async pass(seconds: number, each: (second: number) => void | Promise<void> = () => {}) {
      for (let i = 0; i < seconds; i++) {
        pull();
        await turns();
        await each(i);
        await made.clock.advance(1);
      }
      pull();
      await turns();
    },
  };
}

/** Somebody who reads on from where they were. */
function reader(tenant: TestTenant, log: string) {
  let after = 0;
  const items: LogItem[] = [];
  return {
    items,
    texts: () => items.flatMap((item) => (item.type === "log" ? [item.text] : [])),
    async read() {
      const page = await readLogs(tenant.ctx, { log, after, waitSeconds: 0 });
      items.push(...page.items);
      after = page.next;
      return page;
    },
  };
}

const following = { app: "shop", tail: 10, follow: true };

describe("a session of reading logs", () => {
  test("begins with the last lines and goes on with what is said, through workers that hand over, and tells nothing twice", async () => {
    const { tenant, servers, pass } = await scene();
    const [server] = servers;
    for (let i = 0; i < 20; i++) server?.say(`old ${i}`);
    const { id } = await openLogs(tenant.ctx, following);
    const log = reader(tenant, id);
    let said = 0;
    await pass(150, async (second) => {
      if (second > 3) server?.say(`line ${said++}`, second % 7 === 0);
      if (second % 60 === 59) server?.end();
      if (second % 5 === 0) await log.read();
    });
    await log.read();
    const old = Array.from({ length: 10 }, (_, i) => `old ${i + 10}`);
    expect(log.texts()).toEqual([...old, ...Array.from({ length: said }, (_, i) => `line ${i}`)]);
    expect(server?.asked()).toBeGreaterThanOrEqual(3);
  });

  test("goes on where it was when its worker is killed, with no line lost or told twice", async () => {
    const { tenant, servers, pass, kill } = await scene();
    const [server] = servers;
    const { id } = await openLogs(tenant.ctx, following);
    const log = reader(tenant, id);
    let said = 0;
    await pass(120, async (second) => {
      server?.say(`line ${said++}`);
      if (second === 20 || second === 70) kill();
      if (second % 4 === 0) await log.read();
    });
    await pass(3);
    await log.read();
    expect(log.texts()).toEqual(Array.from({ length: said }, (_, i) => `line ${i}`));
  });

  test("is not told twice by a worker that was held up and goes on beside the one that took its place", async () => {
    const { tenant, servers, pass, freeze } = await scene();
    const [server] = servers;
    const { id } = await openLogs(tenant.ctx, following);
    const log = reader(tenant, id);
    let said = 0;
    let thaw = () => {};
    await pass(90, async (second) => {
      for (let i = 0; i < 3; i++) server?.say(`line ${said++}`);
      if (second === 20) thaw = freeze();
      if (second === 60) thaw();
      if (second % 4 === 0) await log.read();
    });
    await pass(3);
    await log.read();
    expect(log.texts()).toEqual(Array.from({ length: said }, (_, i) => `line ${i}`));
    // Nor did it write over what the other had written.
    const again = reader(tenant, id);
    for (let i = 0; i < 20; i++) await again.read();
    expect(again.texts()).toEqual(log.texts());
  });

  test("tells a container that is started again from there on, and not from the beginning", async () => {
    const { tenant, servers, pass } = await scene();
    const [server] = servers;
    const { id } = await openLogs(tenant.ctx, following);
    const log = reader(tenant, id);
    let said = 0;
    await pass(30, async (second) => {
      server?.say(`line ${said++}`, second % 4 === 0);
      if (second % 5 === 4) server?.restart();
      await log.read();
    });
    await pass(3);
    await log.read();
    expect(log.texts()).toEqual(Array.from({ length: said }, (_, i) => `line ${i}`));
  });

  test("is handed over at once, whether or not somebody asks at that moment", async () => {
    const { tenant, servers, pass } = await scene();
    const [server] = servers;
    const { id } = await openLogs(tenant.ctx, following);
    await pass(58, async (second) => {
      if (second % 10 !== 9) return;
      server?.say("I am here");
      await reader(tenant, id).read();
    });
    expect(server?.asked()).toBe(1);
    await pass(1);
    server?.end();
    await pass(3);
    expect([server?.asked(), server?.following()]).toEqual([2, 1]);
  });

  test("ends for the servers when nobody reads, and tells what was said meanwhile when somebody does again", async () => {
    const { tenant, servers, pass, workers } = await scene();
    const [server] = servers;
    const { id } = await openLogs(tenant.ctx, following);
    const log = reader(tenant, id);
    await pass(5, async () => void (await log.read()));
    server?.say("before");
    await pass(45);
    expect([workers(), server?.following()]).toEqual([0, 0]);
    for (let i = 0; i < 5; i++) server?.say(`away ${i}`);
    await pass(300);
    await pass(8, async () => void (await log.read()));
    expect(log.texts()).toEqual(["before", ...Array.from({ length: 5 }, (_, i) => `away ${i}`)]);
  });

  test("is attended by one worker, however often it is called", async () => {
    const { made, tenant, servers, pass } = await scene();
    const { id } = await openLogs(tenant.ctx, following);
    const [call] = made.sent.filter(({ message }) => "log" in message);
    if (!call) throw new Error("nobody was called");
    for (let i = 0; i < 5; i++) made.sent.push({ ...call });
    const log = reader(tenant, id);
    await pass(20, async () => {
      servers[0]?.say("x");
      await log.read();
    });
    await pass(3, async () => void (await log.read()));
    expect([servers[0]?.asked(), servers[0]?.following()]).toEqual([1, 1]);
    expect(log.texts()).toEqual(Array(20).fill("x"));
  });

  test("counts what is left out of a flood, and says it in its place", async () => {
    const { tenant, servers, pass } = await scene();
    const [server] = servers;
    const { id } = await openLogs(tenant.ctx, following);
    const log = reader(tenant, id);
    await pass(3, async () => void (await log.read()));
    const all = 60_000;
    for (let i = 0; i < all; i++) server?.say(`${i} ${"x".repeat(60)}`);
    await pass(20, async () => void (await log.read()));
    server?.say("after");
    await pass(20, async () => void (await log.read()));
    const texts = log.texts();
    const left = log.items.reduce((sum, item) => sum + (item.type === "gap" ? item.lines : 0), 0);
    expect(left).toBeGreaterThan(1000);
    expect(texts.length + left).toBe(all + 1);
    expect(new Set(texts).size).toBe(texts.length);
    expect(texts.at(-1)).toBe("after");
    const gap = log.items.find(({ type }) => type === "gap");
    expect(gap).toMatchObject({ target: "web1", text: expect.stringContaining("left out") });
  });

  test("is kept of a flood that does not end only as much as is paid for, and what was left out once is not told by the next worker", async () => {
    const { tenant, servers, pass } = await scene();
    const [server] = servers;
    const { id } = await openLogs(tenant.ctx, following);
    const log = reader(tenant, id);
    let said = 0;
    await pass(30, async () => {
      for (let i = 0; i < 4000; i++) server?.say(`${said++} ${"x".repeat(200)}`);
      await log.read();
    });
    server?.end();
    await pass(40, async () => void (await log.read()));
    const texts = log.texts();
    const left = log.items.reduce((sum, item) => sum + (item.type === "gap" ? item.lines : 0), 0);
    expect(texts.length + left).toBe(said);
    expect(new Set(texts).size).toBe(texts.length);
    const bytes = texts.reduce((sum, text) => sum + text.length + 60, 0);
    expect(bytes).toBeLessThan(4_000_000 + 35 * 100_000);
  });

  test("takes up the thread when the line to a server is lost", async () => {
    const { tenant, servers, pass } = await scene();
    const [server] = servers;
    const { id } = await openLogs(tenant.ctx, following);
    const log = reader(tenant, id);
    let said = 0;
    await pass(40, async (second) => {
      server?.say(`line ${said++}`, second % 3 === 0);
      if (second === 10 || second === 20) server?.cut();
      if (second % 4 === 0) await log.read();
    });
    await log.read();
    expect(log.texts()).toEqual(Array.from({ length: said }, (_, i) => `line ${i}`));
    expect(log.items.filter(({ type }) => type !== "log").map(({ type }) => type)).toEqual([
      "unreadable",
      "readable",
      "unreadable",
      "readable",
    ]);
  });

  test("goes on with the others when one server cannot be read, and says so", async () => {
    const { tenant, servers, reach, pass } = await scene(2);
    reach.next(lost("unreachable", "no way there"));
    servers[0]?.say("one");
    servers[1]?.say("two");
    const { id } = await openLogs(tenant.ctx, { ...following, follow: false });
    const log = reader(tenant, id);
    await pass(4);
    const page = await log.read();
    expect(page.ended).toBe(true);
    expect(log.texts()).toHaveLength(1);
    expect(log.items.filter(({ type }) => type === "unreadable")).toHaveLength(1);
  });

  test("counts the last lines of all servers together, in the order of their times", async () => {
    const { tenant, servers, pass } = await scene(3);
    for (const server of servers) for (let i = 0; i < 10; i++) server.say(`${i}`);
    const { id } = await openLogs(tenant.ctx, { ...following, tail: 4, follow: false });
    const log = reader(tenant, id);
    await pass(3);
    await log.read();
    expect(log.texts()).toEqual(["8", "9", "9", "9"]);
  });

  test("is one of four that an account has open; what is closed or not read any more makes room, and another account's is not there", async () => {
    const { made, tenant, pass } = await scene();
    const other = await testTenant(made);
    const open = () => openLogs(tenant.ctx, following);
    const ids = [await open(), await open(), await open(), await open()].map(({ id }) => id);
    await expect(open()).rejects.toMatchObject({ code: "log.too_many" });
    await closeLogs(tenant.ctx, String(ids[0]));
    await closeLogs(tenant.ctx, String(ids[0]));
    expect(await readLogs(tenant.ctx, { log: String(ids[0]), after: 0, waitSeconds: 0 })).toMatchObject({ ended: true });
    ids[0] = (await open()).id;
    await expect(Promise.all([open(), open()])).rejects.toMatchObject({ code: "log.too_many" });
    await pass(41);
    await open();
    for (const verb of [
      readLogs(other.ctx, { log: String(ids[1]), after: 0, waitSeconds: 0 }),
      closeLogs(other.ctx, String(ids[1])),
    ])
      await expect(verb).rejects.toMatchObject({ code: "log.not_found" });
  });

  test.each([3, 7, 11, 14])(
    "keeps its worker while a reader waits for a quarter of a minute each time, first after %i s",
    async (first) => {
      const { tenant, servers, pass } = await scene();
      const { id } = await openLogs(tenant.ctx, following);
      const log = reader(tenant, id);
      for (const seconds of [first, 15, 15, 15]) {
        await pass(seconds, () => servers[0]?.say("x"));
        expect([servers[0]?.following(), servers[0]?.asked()]).toEqual([1, 1]);
        await log.read();
      }
    },
  );

  test("keeps its place until its worker has let go of the servers, whether it is closed or no longer read", async () => {
    const { tenant, servers, pass } = await scene();
    const open = async () =>
      (await openLogs(tenant.ctx, following).catch((error: { code?: string }) => error)) as { id?: string };
    const opened = await Promise.all([open(), open(), open(), open()]);
    await pass(3);
    for (const { id } of opened) await closeLogs(tenant.ctx, String(id));
    // Whoever opens and closes as fast as it can has no more workers than its share.
    for (let most = 0, i = 0; i < 80; i++) {
      const { id } = await open();
      await pass(1);
      if (id !== undefined && i % 2 === 0) await closeLogs(tenant.ctx, id);
      most = Math.max(most, servers[0]?.following() ?? 0);
      expect(most).toBeLessThanOrEqual(4);
    }
    await pass(41);
    expect(await open()).toMatchObject({ id: expect.any(String) });
  });

  test("tells every line of one moment, of a container that was silent until then too", async () => {
    const { tenant, servers, pass } = await scene();
    const { id } = await openLogs(tenant.ctx, following);
    const log = reader(tenant, id);
    await pass(3);
    servers[0]?.say("one");
    servers[0]?.say("two", true);
    servers[0]?.say("three", true);
    await pass(4, async () => void (await log.read()));
    expect(log.texts()).toEqual(["one", "two", "three"]);
  });

  test("says how many of the last lines there was no room for", async () => {
    const { tenant, servers, pass } = await scene(2);
    for (const server of servers) for (let i = 0; i < 900; i++) server.say(`${i} ${"x".repeat(3000)}`);
    for (const tail of [100, 1000]) {
      const { id } = await openLogs(tenant.ctx, { ...following, tail, follow: false });
      const log = reader(tenant, id);
      await pass(8, async () => void (await log.read()));
      const left = log.items.reduce((sum, item) => sum + (item.type === "gap" ? item.lines : 0), 0);
      expect(log.items.filter(({ type }) => type === "gap")).toHaveLength(tail === 100 ? 0 : 2);
      expect([log.texts().length + left, left > 0]).toEqual(tail === 100 ? [100, false] : [1800, true]);
    }
  });

  test("that is closed or complete is read to its end without a place, a wait or a worker", async () => {
    const { made, tenant, servers, pass } = await scene(2);
    for (const server of servers) for (let i = 0; i < 300; i++) server.say(`${i} ${"x".repeat(3000)}`);
    const whole = await openLogs(tenant.ctx, { ...following, tail: 1000, follow: false });
    const shut = await openLogs(tenant.ctx, following);
    await pass(5);
    await closeLogs(tenant.ctx, shut.id);
    await pass(40);
    const places = ["logA", "logB", "logC", "logD"];
    for (const id of places) await take(tenant.ctx, logReaders, id);
    made.take("jobs");
    const log = reader(tenant, whole.id);
    let pages = 1;
    while (!(await log.read()).ended) pages++;
    expect(pages).toBeGreaterThan(1);
    expect(log.texts()).toHaveLength(600);
    const page = await readLogs(tenant.ctx, { log: shut.id, after: 0, waitSeconds: 0 });
    expect(page.items.length).toBeGreaterThan(0);
    expect(await readLogs(tenant.ctx, { log: shut.id, after: page.next, waitSeconds: 15 })).toMatchObject({ ended: true });
    await letGo(tenant.ctx, logReaders, "logA");
    await readLogs(tenant.ctx, { log: shut.id, after: 0, waitSeconds: 0 });
    expect(await heldFor(tenant.ctx, logReaders, shut.id)).toBe(0);
    expect(made.take("jobs")).toEqual([]);
  });

  test("knows the app's services, and no others", async () => {
    const { tenant } = await scene();
    await expect(openLogs(tenant.ctx, { ...following, services: ["web", "nosuch"] })).rejects.toMatchObject({
      code: "input.invalid",
      message: expect.stringContaining("It has: web."),
    });
  });
});
