/** A folder with more in it to mount than a bundle has room for, deployed by `berth deploy` alone. */
import { randomBytes } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { visit } from "../lab/client.ts";
import { pageImage } from "../lab/images.ts";
import { available } from "../lab/lab.ts";
import type { Server } from "../lab/server.ts";
import { resultOf, type Stage, startStage } from "./stage.ts";

const reason = available();

describe.skipIf(reason)(`a folder with large files to mount${reason ? ` (skipped: ${reason})` : ""}`, () => {
  let stage: Stage;
  let server: Server;
  let app = "";
  const write = (path: string, content: string | Buffer) => writeFileSync(join(app, path), content);
  const berth = (...args: string[]) => stage.berth.run([...args, "--app", "shop", "--json"], { cwd: app });
  const deploy = () => berth("deploy", "--yes");
  const container = (service: string) =>
    server.exec(`docker ps -q --no-trunc --filter label=com.docker.compose.service=${service}`);
  const archives = async () => (await server.exec("ls /var/lib/berth/archives")).trim().split("\n");
  const place = "/var/lib/berth/apps/shop-production";

  beforeAll(async () => {
    stage = await startStage({ servers: 1 });
    server = stage.lab.servers[0]!; // one was asked for
    app = join(stage.folder, "shop");
    await stage.addTarget("web1", server);
    await stage.lab.registry.push("library/page:1", pageImage("page"));
    mkdirSync(join(app, "site/many"), { recursive: true });
    write(
      "compose.yaml",
      `services:
  web: { image: "page:1", ports: ["8080:80"], volumes: ["./site:/www"], stop_grace_period: 1s }
  other: { image: "redis:7", volumes: ["./other:/conf"] }
`,
    );
    mkdirSync(join(app, "other"));
    write("other/small", "small");
    write("site/index.html", `one ${randomBytes(400_000).toString("hex")}`);
    write("site/video", randomBytes(3_000_000));
    for (let i = 0; i < 250; i++) write(`site/many/${i}`, `${i}`.repeat(i));
  }, 120_000);
  afterAll(() => stage?.close());

  test("is deployed, every file as it is there", async () => {
    expect(resultOf(await deploy())).toMatchObject({ status: "succeeded" });
    expect(await visit(server)).toMatch(/^one /);
    expect(await server.exec(`cd ${place} && find site -type f | wc -l && cat site/many/249 | wc -c`)).toBe("252\n747\n");
  });

  test("is planned by what changed: a file that a service mounts makes that service anew, and no other", async () => {
    const [web, other, before] = [await container("web"), await container("other"), await archives()];
    const nothing = JSON.parse((await berth("plan")).stdout);
    expect(nothing.targets[0].plan.services.map(({ change }: { change: string }) => change)).toEqual(["keep", "keep"]);
    write("site/index.html", `two ${randomBytes(400_000).toString("hex")}`);
    const plan = JSON.parse((await berth("plan")).stdout);
    expect(plan.targets[0].plan.services).toMatchObject([
      { service: "other", change: "keep" },
      { service: "web", change: "replace", reasons: [{ reason: "files" }] },
    ]);
    expect(resultOf(await berth("deploy", "--yes", "--plan", plan.hash))).toMatchObject({ status: "succeeded" });
    expect(await visit(server)).toMatch(/^two /);
    expect(await container("web")).not.toBe(web);
    expect(await container("other")).toBe(other);
    // What did not change was not sent again.
    expect((await archives()).filter((each) => before.includes(each)).length).toBeGreaterThan(0);
  });

  test("keeps what was changed on the server, through a deployment and a rollback, which needs no archive", async () => {
    await server.exec(`echo an order >${place}/site/many/7; rm -rf /var/lib/berth/archives/*`);
    const ran = await berth("rollback");
    expect(resultOf(ran)).toMatchObject({ status: "succeeded" });
    expect(await visit(server)).toMatch(/^one /);
    expect(ran.stdout).toContain("site/many/7");
    expect(await server.exec(`cat ${place}/site/many/7`)).toBe("an order\n");
  });

  test("is not touched by a release that fails", async () => {
    write(
      "compose.yaml",
      'services:\n  web: { image: "page:1", command: ["sh", "-c", "exit 3"], volumes: ["./site:/www"], stop_grace_period: 1s }\n',
    );
    write("site/index.html", `three ${randomBytes(400_000).toString("hex")}`);
    expect(resultOf(await deploy()).job.failure).toMatchObject({ class: "start.failed" });
    expect(await visit(server)).toMatch(/^one /);
  });

  test("goes with the app, but for what was changed", async () => {
    const ran = await stage.berth.run(["app", "remove", "shop", "--yes", "--json"], { cwd: app });
    expect(ran.code).toBe(0);
    expect(await server.exec(`find ${place} -type f; ls /var/lib/berth/archives`)).toBe(`${place}/site/many/7\n`);
  });
});
