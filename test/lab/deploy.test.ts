import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { counterApp, created, deployOf, runOn, visit } from "./client.ts";
import { counterImage, redisImage } from "./images.ts";
import { available, type Lab, startLab } from "./lab.ts";
import type { Server } from "./server.ts";

const reason = available();

describe.skipIf(reason)(`an app on a real server${reason ? ` (skipped: ${reason})` : ""}`, () => {
  let lab: Lab;
  let server: Server;
  const now = () => server.exec("date +%s.%N").then((text) => text.trim());
  beforeAll(async () => {
    lab = await startLab({ servers: 1 });
    server = lab.servers[0]!; // one was asked for
    const pushes = [1, 2].map((version) => lab.registry.push(`library/counter:${version}`, counterImage(`v${version}`)));
    pushes.push(lab.registry.push("library/counter:3", counterImage("v3", { health: false })));
    await Promise.all([...pushes, lab.registry.push("library/redis:7", redisImage())]);
  });
  afterAll(() => lab?.close());

  test("is deployed healthy with one SSH connection and one exec, and answers from outside", async () => {
    const before = server.ssh();
    const { exit, events } = await runOn(server, deployOf(1, counterApp(1)));
    expect(exit).toMatchObject({ code: 0, rolledBack: false });
    expect(server.ssh()).toEqual({ connections: before.connections + 1, execs: before.execs + 1 });
    expect(
      events
        .filter((event) => event.type === "health")
        .map((event) => event.service)
        .sort(),
    ).toEqual(["redis", "web"]);
    expect(
      events
        .filter((event) => event.text === "Pulled")
        .map((event) => event.service)
        .sort(),
    ).toEqual(["redis", "web"]);
    expect(await visit(server)).toBe("v1 visits: 1");
  });

  test("is not touched by deploying the same release again", async () => {
    const since = await now();
    expect((await runOn(server, deployOf(1, counterApp(1)))).exit.code).toBe(0);
    expect(await created(server, since)).toEqual({});
    expect(await visit(server)).toBe("v1 visits: 2");
  });

  test("keeps its data through the next release, and what did not change is not made again", async () => {
    const since = await now();
    expect((await runOn(server, deployOf(2, counterApp(2)))).exit.code).toBe(0);
    expect(await created(server, since)).toEqual({ web: 1 });
    expect(await visit(server)).toBe("v2 visits: 3");
  });

  test("serves its old release again, with its data, after one that never becomes healthy; the verdict says what and why", async () => {
    const { exit } = await runOn(server, deployOf(3, counterApp(3)));
    expect(exit).toMatchObject({ code: 1, class: "unhealthy", step: "verify", service: "web", changed: true, rolledBack: true });
    expect(exit.log.join("\n")).toContain("v3: the migration has not run");
    expect(exit.log.length).toBeLessThanOrEqual(40);
    expect(exit.downMs).toBeGreaterThan(0);
    expect(await visit(server)).toBe("v2 visits: 4");
    expect((await server.exec("readlink /var/lib/berth/state/shop-production/current")).trim()).toBe("releases/2");
  });

  test("goes back to an earlier release by deploying that again", async () => {
    expect((await runOn(server, deployOf(1, counterApp(1), { values: { pull: "missing" } }))).exit.code).toBe(0);
    expect(await visit(server)).toBe("v1 visits: 5");
  });

  test("keeps its old release when a tag has moved to an image that is broken", async () => {
    await lab.registry.push("library/counter:1", counterImage("v1 moved", { health: false }));
    const { exit } = await runOn(server, deployOf(4, counterApp(1)));
    expect(exit).toMatchObject({ class: "unhealthy", rolledBack: true });
    expect(await visit(server)).toBe("v1 visits: 6");
  });

  test("is a plain Compose project that works without Berth", async () => {
    const folder = "/var/lib/berth/apps/shop-production";
    expect(await server.exec(`cd ${folder} && docker compose ps --services | sort`)).toBe("redis\nweb\n");
    await server.exec(`cd ${folder} && docker compose restart web 2>&1`);
  });

  test("tells its logs", async () => {
    const { exit, events } = await runOn(server, {
      ...deployOf(0, ""),
      op: "logs",
      files: [],
      values: { project: "shop-production", app_id: "ten_1/app_1", services: "web\n", tail: "5" },
    });
    expect(exit.code).toBe(0);
    expect(events[0]).toMatchObject({ type: "log", service: "web", text: "counter v1 is listening" });
    expect(Math.abs(Date.parse(events[0]?.at ?? "") - Date.now())).toBeLessThan(600_000);
  });

  test("is removed but for its data, and with its data when that is asked for", async () => {
    const removal = () => ({ ...deployOf(0, ""), op: "remove" as const, files: [] });
    expect((await runOn(server, removal())).exit).toMatchObject({ code: 0 });
    expect(await server.exec("docker ps -aq")).toBe("");
    expect(await server.exec("docker volume ls -q")).toBe("shop-production_data\n");
    await expect(visit(server)).rejects.toThrow();
    expect((await runOn(server, deployOf(5, counterApp(2)))).exit.code).toBe(0);
    expect(await visit(server)).toBe("v2 visits: 7");
    const all = removal();
    expect((await runOn(server, { ...all, values: { ...all.values, volumes: "delete" } })).exit).toMatchObject({ code: 0 });
    expect(
      await server.exec("docker volume ls -q; docker ps -aq; find /var/lib/berth/apps /var/lib/berth/state -mindepth 1"),
    ).toBe("");
    expect((await runOn(server, removal())).exit).toMatchObject({ code: 0 });
  });
});
