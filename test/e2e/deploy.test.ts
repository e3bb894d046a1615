/** One customer's way through the product, on real servers, with the command line as a process of its own. */
import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { releaseHold, visit, writeApp } from "../../scripts/demo/app.ts";
import { created, runOn } from "../lab/client.ts";
import { available } from "../lab/lab.ts";
import type { Server } from "../lab/server.ts";
import { until } from "../lab/until.ts";
import { hostileFiles, hostileVariables, writeHostile } from "./hostile.ts";
import { jsonLines, resultOf, type Stage, startStage } from "./stage.ts";

const reason = available();

describe.skipIf(reason)(`a customer's way${reason ? ` (skipped: ${reason})` : ""}`, () => {
  let stage: Stage;
  let servers: readonly Server[];
  let one: Server;
  const targets = new Map<string, string>();
  let app = "";
  const berth = (args: string[], options: Parameters<Stage["berth"]["run"]>[1] = {}) =>
    stage.berth.run([...args, "--json"], { cwd: app, ...options });
  const now = (server: Server) => server.exec("date +%s.%N").then((text) => text.trim());
  /** The release that answers on every server, after the visits it has counted went on. */
  const visits = new Map<string, number>();
  const serving = async () => {
    const found = await Promise.all(servers.map((server) => visit(server.host)));
    for (const [i, each] of found.entries()) {
      const host = servers[i]!.host; // one visit a server
      expect(each.visits).toBeGreaterThan(visits.get(host) ?? 0);
      visits.set(host, each.visits);
    }
    return [...new Set(found.map(({ release }) => release))].join();
  };
  const fenceOf = (server: Server, target: string) => server.exec(`cat /var/lib/berth/fences/${target}`).then(Number);

  beforeAll(async () => {
    stage = await startStage({ servers: 2 });
    servers = stage.lab.servers;
    one = servers[0]!; // two were asked for
    app = join(stage.folder, "shop");
    for (const [i, server] of servers.entries()) targets.set(`web${i + 1}`, await stage.addTarget(`web${i + 1}`, server));
  }, 120_000);
  afterAll(() => stage?.close());

  test("a paid plan deploys an app of two services to two servers, over one connection and one exec for each", async () => {
    writeApp(app, "one");
    const before = servers.map((server) => server.ssh());
    const ran = await berth(["deploy", "--app", "shop", "--yes", "--target", "web1", "--target", "web2"]);
    expect(ran.stderr + ran.stdout).not.toMatch(/"status":"failed"/);
    expect(ran.code).toBe(0);
    expect(resultOf(ran)).toMatchObject({ type: "result", status: "succeeded" });
    for (const [i, server] of servers.entries())
      expect(server.ssh()).toEqual({ connections: before[i]!.connections + 1, execs: before[i]!.execs + 1 }); // one a server
    expect(await serving()).toBe("one");
  });

  test("the next release takes over and keeps the data", async () => {
    writeApp(app, "two");
    expect((await berth(["deploy", "--app", "shop"])).code).toBe(0);
    expect(await serving()).toBe("two");
  });

  test("a release that does not become healthy ends with the one before serving, its data intact, and says what failed", async () => {
    writeApp(app, "three", false);
    const ran = await berth(["deploy", "--app", "shop"]);
    expect(ran.code).toBe(1);
    const { job } = resultOf(ran);
    expect(job.failure).toMatchObject({ class: "unhealthy", service: "web", step: "verify", rolledBack: true });
    expect(job.failure.log.join("\n")).toContain("the migration has not run");
    expect(job.failure.remedy).toBeTruthy();
    expect(await serving()).toBe("two");
  });

  test("a rollback makes the release before serve again, with the data", async () => {
    expect((await berth(["rollback", "--app", "shop"])).code).toBe(0);
    expect(await serving()).toBe("one");
  });

  test("a deploy that is canceled while it runs is stopped on the servers, and what served still serves", async () => {
    writeApp(app, "slow", false, { retries: 600 });
    let asked: Promise<unknown> | undefined;
    let job = "";
    const ran = await berth(["deploy", "--app", "shop"], {
      onLine: (line) => {
        job ||= /"id":"(job_[^"]+)"/.exec(line)?.[1] ?? "";
        if (/"step":"verify"/.test(line)) asked ??= stage.berth.json(["jobs", "cancel", job]);
      },
    });
    await asked;
    expect(asked).toBeDefined();
    expect(ran.code).toBe(2);
    expect(resultOf(ran)).toMatchObject({ status: "canceled" });
    expect(await serving()).toBe("one");
    for (const server of servers)
      await until(async () => (await server.exec("pgrep -f '[r]unner.sh --run' || true")) === "", "the runs to end");
  });

  test("a worker killed in the middle is followed by one that attaches: Docker makes each container once, and the old fence is refused", async () => {
    writeApp(app, "four", true, { held: true }); // until its workers are killed
    const since = await Promise.all(servers.map(now));
    const target = targets.get("web1")!; // it was added
    const before = await fenceOf(one, target);
    const cloud = stage.cloud();
    const waiting = new Set(targets.keys());
    const { promise: begun, resolve: begin } = Promise.withResolvers<void>();
    const deploying = berth(["deploy", "--app", "shop"], {
      onLine: (line) => {
        if (/"step":"verify"/.test(line) && waiting.delete(JSON.parse(line).name) && waiting.size === 0) begin();
      },
    });
    expect(await Promise.race([begun, deploying])).toBeUndefined();
    const watching = cloud.workers().filter(({ running }) => running.some((name) => name.includes("rollout")));
    expect(watching.filter(({ pid }) => cloud.killWorker(pid)).length).toBeGreaterThan(0);
    await Promise.all(servers.map(({ host }) => releaseHold(host, "four")));
    const sweeping = setInterval(() => void cloud.runSchedule("sweep"), 3000); // the schedule's minute, shortened
    const ran = await deploying.finally(() => clearInterval(sweeping));
    expect(ran.code).toBe(0);
    expect(await serving()).toBe("four");
    for (const [i, server] of servers.entries()) expect(await created(server, since[i]!)).toEqual({ web: 1 }); // one a server
    const after = await fenceOf(one, target);
    expect(after).toBeGreaterThanOrEqual(before + 2);
    const late = await runOn(one, {
      op: "remove",
      job: "job_late",
      fence: after - 1,
      from: 0,
      files: [],
      values: { project: "shop-production", app_id: "ten_1/app_1", resource: target },
    });
    expect(late.exit).toMatchObject({ code: 76, class: "fence" });
    expect(await serving()).toBe("four");
  });

  test("names, paths and values full of quotes, $(), newlines and unicode reach the container as they are, and run nowhere", async () => {
    const folder = join(stage.folder, "hostile");
    mkdirSync(folder);
    writeHostile(folder);
    const ran = await berth(["deploy", "--app", "hostile", "--yes", "--target", "web1"], { cwd: folder });
    expect(ran.stdout + ran.stderr).not.toContain('"status":"failed"');
    expect(ran.code).toBe(0);
    const inside = (command: string) => one.exec(`docker exec hostile-production-web-1 ${command}`);
    const variables = Object.fromEntries(
      (await inside("cat /proc/1/environ"))
        .split("\0")
        .filter((each) => each.startsWith("HOSTILE_"))
        .map((each) => [each.slice(0, each.indexOf("=")), each.slice(each.indexOf("=") + 1)]),
    );
    expect(variables).toEqual(hostileVariables);
    const listed = await inside(`sh -c 'cd /conf; for f in *; do printf "%s\\0" "$f"; cat "./$f"; printf "\\0"; done'`);
    const parts = listed.split("\0").slice(0, -1);
    expect(Object.fromEntries(parts.flatMap((name, i) => (i % 2 === 0 ? [[name, parts[i + 1]]] : [])))).toEqual(hostileFiles);
    expect((await inside("cat /proc/1/cmdline")).split("\0")).toContain(
      "$(touch /tmp/pwned) `touch /tmp/pwned` \"'; touch /tmp/pwned #",
    );
    expect(await one.exec("ls /tmp/pwned /var/lib/berth/pwned /pwned 2>/dev/null || true")).toBe("");
    expect(execFileSync("sh", ["-c", "ls /tmp/pwned 2>/dev/null || true"], { encoding: "utf8" })).toBe("");
    expect((await stage.berth.run(["app", "remove", "hostile", "--yes", "--json"])).code).toBe(0);
  });

  test("a name with anything of the shell in it is refused before it reaches a server", async () => {
    const before = one.ssh();
    for (const name of ["$(touch /tmp/pwned)", "a;b", "a\nb", "../a", "-rf", "ünï"]) {
      const ran = await berth(["deploy", `--app=${name}`, "--yes", "--target", "web1"]);
      expect(ran.code).toBe(1);
      expect(jsonLines(ran.stdout + ran.stderr)).not.toEqual([]);
    }
    writeFileSync(join(app, "compose.yaml"), 'services:\n  "$(touch /tmp/pwned)":\n    image: busybox:1.36\n');
    expect((await berth(["deploy", "--app", "shop"])).code).toBe(1);
    expect(one.ssh().execs - before.execs).toBeLessThanOrEqual(1); // the file's own names may be judged by Compose on the server
    expect(await one.exec("ls /tmp/pwned 2>/dev/null || true")).toBe("");
    expect(await serving()).toBe("four");
  });

  test("removing the app takes its containers off and keeps its volumes, and a deploy finds the data again", async () => {
    expect((await berth(["app", "remove", "shop", "--yes"])).code).toBe(0);
    expect(await one.exec("docker ps -aq")).toBe("");
    expect(await one.exec("docker volume ls -q")).toBe("shop-production_data\n");
    expect((await stage.berth.json(["usage"])).slots.used).toBe(0);
    writeApp(app, "five");
    expect((await berth(["deploy", "--app", "shop", "--yes", "--target", "web1", "--target", "web2"])).code).toBe(0);
    expect(await serving()).toBe("five");
  });
});
