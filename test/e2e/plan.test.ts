/** A plan, and a deployment of just that, on a real server. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { composeFile, writeApp } from "../../scripts/demo/app.ts";
import { available } from "../lab/lab.ts";
import type { Server } from "../lab/server.ts";
import { resultOf, type Stage, startStage } from "./stage.ts";

const reason = available();

describe.skipIf(reason)(`a plan${reason ? ` (skipped: ${reason})` : ""}`, () => {
  let stage: Stage;
  let server: Server;
  let app = "";
  const berth = (...args: string[]) => stage.berth.run([...args, "--app", "shop"], { cwd: app });
  const planned = async () => JSON.parse((await berth("plan", "--json")).stdout);
  const containers = () => server.exec("docker ps -aq --no-trunc | sort");
  const changes = (plan: { targets: { plan: { services: { service: string; change: string }[] } }[] }) =>
    Object.fromEntries(plan.targets[0]?.plan.services.map(({ service, change }) => [service, change]) ?? []);

  beforeAll(async () => {
    stage = await startStage({ servers: 1 });
    server = stage.lab.servers[0]!; // one was asked for
    app = join(stage.folder, "shop");
    await stage.addTarget("web1", server);
    writeApp(app, "one");
    await stage.berth.run(["app", "init", "shop"], { cwd: app });
  }, 120_000);
  afterAll(() => stage?.close());

  test("says what a first release makes, and applying its hash makes just that", async () => {
    const plan = await planned();
    expect(plan).toMatchObject({ release: 1, takesSlot: true, refused: null, status: "succeeded" });
    expect(changes(plan)).toEqual({ web: "create", redis: "create" });
    expect(await containers()).toBe("");
    const ran = await berth("deploy", "--json", "--plan", plan.hash);
    expect(resultOf(ran)).toMatchObject({ status: "succeeded" });
  });

  test("with nothing to change says so", async () => {
    const { stdout, code } = await berth("plan");
    expect(code).toBe(0);
    expect(stdout).toContain("Nothing would change.");
    expect(stdout).toMatch(/= web stays as it is/);
  });

  test("that no longer holds is not applied, and nothing is done", async () => {
    writeApp(app, "two");
    const plan = await planned();
    expect(changes(plan)).toMatchObject({ web: "replace" });
    await server.exec("docker rm -f $(docker ps -q --filter label=com.docker.compose.service=redis)");
    const before = await containers();
    const ran = await berth("deploy", "--json", "--plan", plan.hash);
    expect(ran.code).not.toBe(0);
    expect(resultOf(ran).job.failure).toMatchObject({ class: "plan.stale", message: expect.stringContaining("redis") });
    expect(await containers()).toBe(before);
  });

  test("is for its files and its environment alone", async () => {
    const { hash } = await planned();
    writeFileSync(join(app, "more.txt"), "not part of it");
    mkdirSync(join(app, "empty"), { recursive: true });
    const elsewhere = await berth("deploy", "--json", "--plan", hash, "--environment", "staging");
    expect(elsewhere.stdout + elsewhere.stderr).toContain("plan.stale");
    writeApp(app, "three");
    const other = await berth("deploy", "--json", "--plan", hash);
    expect(other.stdout + other.stderr).toContain("plan.stale");
    const unknown = await berth("deploy", "--json", "--plan", "0123456789abcdef");
    expect(unknown.stdout + unknown.stderr).toContain("plan.not_found");
    expect(
      await stage.berth.run(["jobs", "list", "--json"], { cwd: app }).then(({ stdout }) => JSON.parse(stdout).items.length),
    ).toBeGreaterThan(0);
  });

  test("access that the policy denies, and data at risk, fail before anything is done", async () => {
    await stage.berth.run(["app", "policy", "shop", "--set", "privileged=deny"], { cwd: app });
    const before = await containers();
    const failing = async (compose: string) => {
      writeFileSync(join(app, "compose.yaml"), compose);
      const ran = await berth("deploy", "--json");
      expect(ran.code).toBe(1);
      expect(await containers()).toBe(before);
      return resultOf(ran).job.failure;
    };
    const privileged = composeFile("four").replace("image: redis:7", "image: redis:7\n    privileged: true");
    expect(await failing(privileged)).toMatchObject({
      class: "policy.denied",
      message: expect.stringContaining("privileged: redis"),
    });
    const elsewhere = composeFile("four").replace('["data:/data"]', '["other:/data"]').replace("  data: {}", "  other: {}");
    expect(await failing(elsewhere)).toMatchObject({ class: "data.at_risk", message: expect.stringContaining("redis") });
  });
});
