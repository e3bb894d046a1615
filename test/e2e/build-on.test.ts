/** A folder with a Dockerfile on two servers, built on one of them alone. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { visit } from "../lab/client.ts";
import { pageImage } from "../lab/images.ts";
import { available } from "../lab/lab.ts";
import type { Server } from "../lab/server.ts";
import { resultOf, type Stage, startStage } from "./stage.ts";

interface Planned {
  readonly plan: { readonly operations: readonly object[] };
}
interface Part {
  readonly name: string;
  readonly failure?: { readonly class: string };
}

const reason = available();

describe.skipIf(reason)(`a folder that one of two servers builds${reason ? ` (skipped: ${reason})` : ""}`, () => {
  let stage: Stage;
  let [builder, other] = [] as unknown as [Server, Server];
  let app = "";
  const write = (path: string, content: string) => writeFileSync(join(app, path), content);
  const deploy = (...args: string[]) => stage.berth.run(["deploy", "--app", "shop", "--json", "--yes", ...args], { cwd: app });
  const imageOf = (server: Server) => server.exec("docker inspect -f '{{.Image}}' shop-production-web-1");
  const buildsOf = (server: Server) => server.exec("ls /var/lib/berth/archives 2>/dev/null | wc -l");

  beforeAll(async () => {
    stage = await startStage({ servers: 2 });
    [builder, other] = stage.lab.servers as unknown as [Server, Server]; // two were asked for
    app = join(stage.folder, "shop");
    await stage.addTarget("web1", builder);
    await stage.addTarget("web2", other);
    await stage.lab.registry.push("library/page:1", pageImage("page"));
    await builder.exec("docker pull -q page:1");
    mkdirSync(join(app, "web"), { recursive: true });
    write("compose.yaml", 'services:\n  web:\n    build: ./web\n    ports: ["8080:80"]\n    stop_grace_period: 1s\n');
    write("web/Dockerfile", "FROM page:1\nCOPY index.html /www/index.html\nRUN head -c 12 /dev/urandom >/www/random\n");
    write("web/index.html", "one\n");
    await stage.berth.json(["app", "init", "shop"], { cwd: app });
  }, 120_000);
  afterAll(() => stage?.close());

  test("runs the very image on both, and the other neither builds nor gets what it is built from", async () => {
    const planned = await stage.berth.json(["plan", "--app", "shop", "-t", "web1", "-t", "web2", "--build-on", "web1"], {
      cwd: app,
    });
    expect(planned.targets.map((target: Planned) => target.plan.operations[0])).toEqual([
      { operation: "build", services: ["web"] },
      { operation: "carry", services: ["web"] },
    ]);
    const ran = await deploy("-t", "web1", "-t", "web2", "--build-on", "web1", "--plan", planned.hash);
    expect(resultOf(ran), ran.stderr + ran.stdout).toMatchObject({ status: "succeeded" });
    expect(await visit(other)).toBe("one");
    expect(await imageOf(other)).toBe(await imageOf(builder));
    expect((await buildsOf(other)).trim()).toBe("0");
    expect(await other.exec("ls /var/lib/berth/carried /var/lib/berth/runs/*/carried 2>/dev/null || true")).toBe("");
    expect(await builder.exec("ls /var/lib/berth/packed.* 2>/dev/null || true")).toBe("");
  });

  test("changes nothing where nothing changed, and a rollback carries nothing", async () => {
    const before = await other.exec("docker ps -q --no-trunc");
    expect(resultOf(await deploy("--build-on", "web1"))).toMatchObject({ status: "succeeded" });
    expect(await other.exec("docker ps -q --no-trunc")).toBe(before);
    write("web/index.html", "two\n");
    expect(resultOf(await deploy("--build-on", "web1"))).toMatchObject({ status: "succeeded" });
    expect([await visit(builder), await visit(other)]).toEqual(["two", "two"]);
    const ran = await stage.berth.run(["rollback", "--app", "shop", "--json"], { cwd: app });
    expect(resultOf(ran), ran.stderr + ran.stdout).toMatchObject({ status: "succeeded" });
    expect([await visit(builder), await visit(other)]).toEqual(["one", "one"]);
  });

  test("is not begun on the other where the build fails, and that is said", async () => {
    write("web/Dockerfile", "FROM page:1\nRUN false\n");
    const ran = await deploy("--build-on", "web1");
    const { rollouts } = resultOf(ran).job;
    const failures = Object.fromEntries(Object.values<Part>(rollouts).map(({ name, failure }) => [name, failure?.class]));
    expect(failures).toEqual({ web1: "build.failed", web2: "not.begun" });
    expect(await visit(other)).toBe("one");
  });

  test("gets the image from a builder on which nothing had to change", async () => {
    write("web/Dockerfile", "FROM page:1\nCOPY index.html /www/index.html\n");
    write("web/index.html", "three\n");
    expect(resultOf(await deploy("--build-on", "web1"))).toMatchObject({ status: "succeeded" });
    // The other alone is taken back to nothing.
    await other.exec(
      "rm -rf /var/lib/berth/state/shop-production && docker rm -f shop-production-web-1 && docker image prune -af",
    );
    const ran = await deploy("--build-on", "web1", "--replace-files");
    expect(resultOf(ran), ran.stderr + ran.stdout).toMatchObject({ status: "succeeded" });
    expect(await visit(other)).toBe("three");
    expect(await imageOf(other)).toBe(await imageOf(builder));
  });
});
