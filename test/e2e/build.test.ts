/** A folder with a Dockerfile, deployed by `berth deploy` alone. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { visit } from "../lab/client.ts";
import { pageImage } from "../lab/images.ts";
import { available } from "../lab/lab.ts";
import type { Server } from "../lab/server.ts";
import { resultOf, type Stage, startStage } from "./stage.ts";

const reason = available();

describe.skipIf(reason)(`a folder with a Dockerfile${reason ? ` (skipped: ${reason})` : ""}`, () => {
  let stage: Stage;
  let server: Server;
  let app = "";
  const write = (path: string, content: string) => writeFileSync(join(app, path), content);
  const deploy = (...args: string[]) => stage.berth.run(["deploy", "--app", "shop", "--json", "--yes", ...args], { cwd: app });

  beforeAll(async () => {
    stage = await startStage({ servers: 1 });
    server = stage.lab.servers[0]!; // one was asked for
    app = join(stage.folder, "shop");
    await stage.addTarget("web1", server);
    await stage.lab.registry.push("library/page:1", pageImage("page"));
    // Old BuildKits do not pull from a registry without TLS; what is on the server they take.
    await server.exec("docker pull -q page:1");
    for (const folder of ["web", "web/public", "web/node_modules"]) mkdirSync(join(app, folder), { recursive: true });
    write(
      "compose.yaml",
      'services:\n  web:\n    build: ./web\n    ports: ["8080:80"]\n    stop_grace_period: 1s\n  redis:\n    image: redis:7\n',
    );
    write("web/Dockerfile", "FROM page:1\nCOPY public/ /www/\nRUN ls / >/www/ls.txt\n");
    write("web/.dockerignore", "node_modules\n");
    write("web/node_modules/large.js", "not sent");
    write("web/public/index.html", "one\n");
  }, 120_000);
  afterAll(() => stage?.close());

  test("is sent, built and served, and what .dockerignore leaves out is not sent", async () => {
    const ran = await deploy();
    expect(ran.stderr + ran.stdout).not.toMatch(/cli\.internal/);
    expect(resultOf(ran)).toMatchObject({ status: "succeeded" });
    expect(await visit(server)).toBe("one");
    const names = await server.exec("for a in /var/lib/berth/archives/*; do tar -tzf $a; done | sort");
    expect(names.trim().split("\n")).toEqual(["web/.dockerignore", "web/Dockerfile", "web/public", "web/public/index.html"]);
  });

  test("is built anew when a line of it changed, and what is not built stays as it is", async () => {
    const redis = await server.exec("docker ps -q --no-trunc --filter label=com.docker.compose.service=redis");
    write("web/public/index.html", "two\n");
    expect(resultOf(await deploy())).toMatchObject({ status: "succeeded" });
    expect(await visit(server)).toBe("two");
    expect(await server.exec("docker ps -q --no-trunc --filter label=com.docker.compose.service=redis")).toBe(redis);
  });

  test("is rolled back without a build", async () => {
    const ran = await stage.berth.run(["rollback", "--app", "shop", "--json"], { cwd: app });
    expect(resultOf(ran)).toMatchObject({ status: "succeeded" });
    expect(await visit(server)).toBe("one");
  });

  test("that cannot be built changes nothing, and the command's own words are told", async () => {
    write("web/Dockerfile", "FROM page:1\nRUN echo no such thing >&2 && false\n");
    const ran = await deploy();
    expect(ran.code).not.toBe(0);
    expect(resultOf(ran).job.failure).toMatchObject({ class: "build.failed", service: "web" });
    expect(ran.stdout).toContain("no such thing");
    expect(await visit(server)).toBe("one");
  });
});
