import { openLogs } from "@berth/domain/log/open.ts";
import { describe, expect, test } from "vitest";
import { lost } from "../support/reach.ts";
import { following, reader, scene } from "./log-scene.ts";

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

  test("is followed on by the same worker where the answer to a write was lost, and nothing is told twice", async () => {
    const { tenant, servers, pass, loseAnswer } = await scene();
    const [server] = servers;
    const { id } = await openLogs(tenant.ctx, following);
    const log = reader(tenant, id);
    let said = 0;
    await pass(30, async (second) => {
      server?.say(`line ${said++}`);
      if (second === 5 || second === 15) loseAnswer();
      if (second % 4 === 0) await log.read();
    });
    await pass(3);
    await log.read();
    expect(log.texts()).toEqual(Array.from({ length: said }, (_, i) => `line ${i}`));
    expect(server?.asked()).toBe(1);
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
});
