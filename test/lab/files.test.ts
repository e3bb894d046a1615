import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { deployOf, runOn, visit } from "./client.ts";
import { pageImage } from "./images.ts";
import { available, type Lab, startLab } from "./lab.ts";
import type { Server } from "./server.ts";

const reason = available();
const service = (image: string, more = "") => `services:\n  web:\n    image: ${image}\n    ports: ["8080:80"]\n${more}`;

describe.skipIf(reason)(`releases and their files on a real server${reason ? ` (skipped: ${reason})` : ""}`, () => {
  let lab: Lab;
  let server: Server;
  beforeAll(async () => {
    lab = await startLab({ servers: 1 });
    server = lab.servers[0]!; // one was asked for
    await lab.registry.push("library/page:1", pageImage("page 1"));
  });
  afterAll(() => lab?.close());

  test("a check tells what the server is", async () => {
    const { exit } = await runOn(server, { op: "check", job: "check", fence: 0, from: 0, files: [], plan: {} });
    expect(exit.code).toBe(0);
    expect(exit.data).toMatchObject({
      root: "true",
      user: "root",
      docker: expect.stringMatching(/^\d+\./u),
      compose: expect.stringMatching(/^2\./u),
      os: expect.stringContaining("Linux"),
    });
  });

  test("a changed file that a service mounts gives it a new container; an unchanged one does not", async () => {
    const compose = service("page:1", "    volumes: ['./www:/www:ro']\n");
    const release = async (number: number, text: string) => {
      const files = [
        { path: "compose.yaml", content: compose },
        { path: "www/index.html", content: text },
      ];
      expect((await runOn(server, deployOf(number, compose, { files, plan: { settle_seconds: "1" } }))).exit.code).toBe(0);
      return server.exec("docker ps -q --filter name=shop-production-web");
    };
    const one = await release(20, "mounted 1");
    expect(await visit(server)).toBe("mounted 1");
    expect(await release(21, "mounted 1")).toBe(one);
    expect(await release(22, "mounted 2")).not.toBe(one);
    expect(await visit(server)).toBe("mounted 2");
  });

  test("old releases are taken away and as many stay as was asked; images go with them only when nothing needs them", async () => {
    for (const number of [30, 31, 32]) {
      await lab.registry.push(`library/many:${number}`, pageImage(`page ${number}`));
      expect(
        (await runOn(server, deployOf(number, service(`many:${number}`), { plan: { settle_seconds: "0", keep: "2" } }))).exit
          .code,
      ).toBe(0);
    }
    expect((await server.exec("ls /var/lib/berth/apps/shop-production/releases | sort -n")).trim().split("\n")).toEqual([
      "31",
      "32",
    ]);
    const digests = (await server.exec("docker images --digests --format '{{.Repository}} {{.Digest}}'")).trim().split("\n");
    expect(digests.filter((line) => line.startsWith("many "))).toHaveLength(2);
    expect(await visit(server)).toBe("page 32");
  });
});
