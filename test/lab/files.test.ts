import { envFile } from "@berth/domain/rollout/files.ts";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { deployOf, runOn, visit } from "./client.ts";
import { pageImage } from "./images.ts";
import { available, type Lab, startLab } from "./lab.ts";
import type { Server } from "./server.ts";

const reason = available();
const hostile = [
  "$(touch CANARY)",
  "`touch CANARY`",
  `"; touch CANARY; "`,
  "'; touch CANARY; '",
  "a\nb",
  "-rf",
  "%s%n",
  "\\n\\0",
  " x ",
  "*",
  "ünïcödé 漢字 🚢",
  "a\tb",
  "$HOME",
  "$$",
  "# no comment",
  "a=b",
  "'",
  '"',
  "\\",
  'it\'s $5 "or" \\more\\',
  "{{.X}}",
  "!!",
];
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

  test("a changed file that a service mounts gives it a new container; an unchanged one does not", async () => {
    const compose = service("page:1", "    volumes: ['./www:/www:ro']\n    user: '1000:1000'\n");
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

  test("every variable reaches the containers as it was set, whatever is in it", async () => {
    const variables = Object.fromEntries(hostile.map((value, index) => [`V${index}`, value]));
    const compose = `${service("page:1")}    env_file: .env\n`;
    const files = [
      { path: "compose.yaml", content: compose },
      { path: ".env", content: envFile(variables) },
      { path: "a folder/$(touch CANARY) '\"\n`touch CANARY` 🚢", content: "x" },
    ];
    expect((await runOn(server, deployOf(40, compose, { files, plan: { settle_seconds: "0" } }))).exit).toMatchObject({
      code: 0,
    });
    const env: string[] = JSON.parse(await server.exec("docker inspect --format '{{json .Config.Env}}' shop-production-web-1"));
    const own = env
      .filter((entry) => /^V\d/u.test(entry))
      .map((entry) => [entry.split("=")[0], entry.slice(entry.indexOf("=") + 1)]);
    expect(Object.fromEntries(own)).toEqual(variables);
    expect(await server.exec("find /etc /home /root /run /srv /tmp /var/lib/berth /var/tmp -name CANARY")).toBe("");
    expect((await server.exec("stat -c %a /var/lib/berth/apps/shop-production/.env /var/lib/berth")).trim()).toBe("600\n700");
  });
});
