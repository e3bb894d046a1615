/** The short form of `npm run matrix`: what an app goes through, on every Docker that the lab has. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { counterApp, deployOf, runOn, visit } from "./client.ts";
import { engineNames, readyEngine } from "./engine.ts";
import { counterImage, pageImage, redisImage } from "./images.ts";
import { available, type Lab, startLab } from "./lab.ts";
import type { Server } from "./server.ts";

const reason = available();
const minutes = 60_000;

describe.skipIf(reason).each(engineNames)(`an app on the engine %s${reason ? ` (skipped: ${reason})` : ""}`, (engine) => {
  let lab: Lab;
  let server: Server;
  beforeAll(async () => {
    await readyEngine(engine);
    lab = await startLab({ servers: 1, engine });
    server = lab.servers[0]!; // one was asked for
    const pushes = [1, 2].map((version) => lab.registry.push(`library/counter:${version}`, counterImage(`v${version}`)));
    pushes.push(lab.registry.push("library/counter:3", counterImage("v3", { health: false })));
    await Promise.all([...pushes, lab.registry.push("library/redis:7", redisImage())]);
  }, 20 * minutes); // a root may have to be made first, on a machine that does other things too
  afterAll(() => lab?.close());

  test("goes from release to release and keeps its data", async () => {
    expect((await runOn(server, deployOf(1, counterApp(1)))).exit).toMatchObject({ code: 0 });
    expect(await visit(server)).toBe("v1 visits: 1");
    expect((await runOn(server, deployOf(2, counterApp(2)))).exit).toMatchObject({ code: 0 });
    expect(await visit(server)).toBe("v2 visits: 2");
  });

  test("serves its old release again after one that never becomes healthy", async () => {
    const { exit } = await runOn(server, deployOf(3, counterApp(3)));
    expect(exit).toMatchObject({ code: 1, class: "unhealthy", step: "verify", service: "web", rolledBack: true });
    expect(exit.log.join("\n")).toContain("v3: the migration has not run");
    expect(await visit(server)).toBe("v2 visits: 3");
  });

  test("tells its logs", async () => {
    const values = { project: "shop-production", app_id: "ten_1/app_1", services: "web\n", tail: "5" };
    const { exit, events } = await runOn(server, { ...deployOf(0, ""), op: "logs", files: [], values });
    expect(exit).toMatchObject({ code: 0 });
    expect(events).toContainEqual(expect.objectContaining({ type: "log", service: "web", text: "counter v2 is listening" }));
  });

  /** An app of one page, whose image has the tag that moves. */
  const page = () => `services:
  web:
    image: ${lab.registry.address}/page:latest
    ports: ["8080:80"]
    healthcheck:
      test: ["CMD", "wget", "-q", "-O-", "http://127.0.0.1/health"]
      interval: 1s
      timeout: 20s
      retries: 4
`;
  const push = (text: string, options?: { health: boolean }) => lab.registry.push("page:latest", pageImage(text, options));
  /** The id of the image that runs. */
  const serves = async () => (await server.exec("docker inspect --format '{{.Image}}' $(docker ps -q)")).trim();
  let first = "";

  test("is put back to its old image after its tag moved to one that is sick", async () => {
    await push("first");
    expect((await runOn(server, deployOf(4, page()))).exit).toMatchObject({ code: 0 });
    first = await serves();
    await push("sick", { health: false });
    expect((await runOn(server, deployOf(5, page()))).exit).toMatchObject({ class: "unhealthy", rolledBack: true });
    expect(await serves()).toBe(first);
    expect(await visit(server)).toBe("first");
  });

  test("is rolled back to its old image after its tag moved", async () => {
    await push("second");
    expect((await runOn(server, deployOf(6, page()))).exit).toMatchObject({ code: 0 });
    expect(await serves()).not.toBe(first);
    expect(await visit(server)).toBe("second");
    expect((await runOn(server, deployOf(4, page(), { values: { pull: "missing" } }))).exit).toMatchObject({ code: 0 });
    expect(await serves()).toBe(first);
    expect(await visit(server)).toBe("first");
  });

  test("is removed but for its data", async () => {
    expect((await runOn(server, { ...deployOf(0, ""), op: "remove", files: [] })).exit).toMatchObject({ code: 0 });
    expect(await server.exec("docker ps -aq")).toBe("");
    expect(await server.exec("docker volume ls -q")).toBe("shop-production_data\n");
    await expect(visit(server)).rejects.toThrow();
  });
});
