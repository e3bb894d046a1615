/** Services with a profile on a real server: what was chosen once runs from then on. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { pageImage } from "../lab/images.ts";
import { available } from "../lab/lab.ts";
import type { Server } from "../lab/server.ts";
import { resultOf, type Stage, startStage } from "./stage.ts";

const reason = available();

describe.skipIf(reason)(`profiles${reason ? ` (skipped: ${reason})` : ""}`, () => {
  let stage: Stage;
  let server: Server;
  let app = "";
  const berth = (...args: string[]) => stage.berth.run([...args, "--app", "shop", "--json"], { cwd: app });
  const running = async () => {
    const names = await server.exec("docker ps --format '{{.Label \"com.docker.compose.service\"}}' | sort");
    return names.trim().split("\n").join(" ");
  };
  const write = (word: string) =>
    writeFileSync(
      join(app, "compose.yaml"),
      `services:
  web: { image: "page:1", environment: { WORD: ${word} }, stop_grace_period: 1s }
  debug: { image: "redis:7", profiles: [debug] }
`,
    );

  beforeAll(async () => {
    stage = await startStage({ servers: 1 });
    server = stage.lab.servers[0]!; // one was asked for
    app = stage.folder;
    await stage.addTarget("web1", server);
    await stage.lab.registry.push("library/page:1", pageImage("page"));
    write("one");
  }, 120_000);
  afterAll(() => stage?.close());

  test("start what was chosen, and keep it through deployments that choose nothing and a rollback", async () => {
    expect(resultOf(await berth("deploy", "--yes"))).toMatchObject({ status: "succeeded" });
    expect(await running()).toBe("web");
    expect(resultOf(await berth("deploy", "--profile", "debug"))).toMatchObject({ status: "succeeded" });
    expect(await running()).toBe("debug web");
    write("two");
    const plan = JSON.parse((await berth("plan")).stdout);
    expect(plan.targets[0].plan.services).toMatchObject([
      { service: "debug", change: "keep" },
      { service: "web", change: "replace" },
    ]);
    const debug = await server.exec("docker ps -q --no-trunc --filter label=com.docker.compose.service=debug");
    expect(resultOf(await berth("deploy", "--plan", plan.hash))).toMatchObject({ status: "succeeded" });
    expect(resultOf(await berth("rollback"))).toMatchObject({ status: "succeeded" });
    expect(await server.exec("docker ps -q --no-trunc --filter label=com.docker.compose.service=debug")).toBe(debug);
  });
});
