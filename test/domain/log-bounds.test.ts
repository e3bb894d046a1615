import { heldFor, logReaders, releaseHold, take } from "@berth/domain/held.ts";
import { closeLogs, openLogs } from "@berth/domain/log/open.ts";
import { readLogs } from "@berth/domain/log/read.ts";
import { describe, expect, test } from "vitest";
import { testTenant } from "../support/tenant.ts";
import { following, reader, scene } from "./log-scene.ts";

describe("a session of reading logs", () => {
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
    await releaseHold(tenant.ctx, logReaders, "logA");
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
