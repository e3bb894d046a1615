// biome-ignore-all lint/suspicious/noTemplateCurlyInString: it is the syntax of Compose that is tested here
import type { RunInput } from "@berth/domain/remote/remote.ts";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { deployOf, runOn, visit } from "./client.ts";
import { pageImage } from "./images.ts";
import { available, type Lab, startLab } from "./lab.ts";
import type { Server } from "./server.ts";

const reason = available();

describe.skipIf(reason)(`releases of several Compose files on a real server${reason ? ` (skipped: ${reason})` : ""}`, () => {
  let lab: Lab;
  let server: Server;
  beforeAll(async () => {
    lab = await startLab({ servers: 1 });
    server = lab.servers[0]!; // one was asked for
    await lab.registry.push("library/page:1", pageImage("page 1"));
  });
  afterAll(() => lab?.close());

  const files = (text: string) => ({
    "compose.yaml": `include: [side/compose.yaml]
services:
  web:
    extends: {file: lib/base.yaml, service: base}
    ports: ["8080:80"]
`,
    "compose.override.yaml": "services:\n  web:\n    environment: {LATE: from the override}\n",
    "lib/base.yaml": "services:\n  base:\n    image: page:1\n    env_file: base.env\n    volumes: ['./www:/www:ro']\n",
    "lib/base.env": "BASE=of the base\n",
    "lib/www/index.html": text,
    "side/compose.yaml":
      "services:\n  side:\n    image: page:1\n    environment: {SAID: '${SAID}'}\n    volumes: ['./data:/data', '..:/all']\n",
    "side/.env": "SAID=beside\n",
    ".env": "",
  });
  const deploy = (number: number, text: string, more: Partial<RunInput> = {}, changed: Record<string, string> = {}) =>
    runOn(
      server,
      deployOf(number, "", {
        files: Object.entries({ ...files(text), ...changed }).map(([path, content]) => ({ path, content })),
        ...more,
        values: { settle_seconds: "0", compose_files: "compose.yaml\ncompose.override.yaml\n", ...more.values },
      }),
    );
  const inside = (service: string, command: string) => server.exec(`docker exec shop-production-${service}-1 sh -c '${command}'`);
  const containers = () =>
    server.exec("docker ps -q --no-trunc --filter label=com.docker.compose.project=shop-production | sort");

  test("run as in their folder, stay when nothing changed, and come back when the next one fails", async () => {
    expect((await deploy(1, "one")).exit).toMatchObject({ code: 0 });
    expect(await visit(server)).toBe("one");
    expect(await inside("web", "echo $LATE, $BASE")).toBe("from the override, of the base\n");
    expect(await inside("side", "echo $SAID; echo kept >/data/x")).toBe("beside\n");
    const running = await containers();
    expect((await deploy(2, "one")).exit).toMatchObject({ code: 0 });
    expect(await containers()).toBe(running);
    const failed = await deploy(3, "three", {}, { "compose.override.yaml": "services: {web: {command: [sh, -c, exit 3]}}\n" });
    expect(failed.exit).toMatchObject({ class: "start.failed", rolledBack: true });
    expect(await visit(server)).toBe("one");
    expect(await inside("side", "cat /data/x")).toBe("kept\n");
  });

  test("a container that changes an included file where the app's files are changes nothing that Compose reads", async () => {
    await deploy(4, "four");
    await inside("side", "printf 'services: {evil: {image: page:1, privileged: true}}' >/all/side/compose.yaml");
    const failed = await deploy(5, "five", {}, { "compose.override.yaml": "services: {web: {command: [sh, -c, exit 3]}}\n" });
    expect(failed.exit).toMatchObject({ rolledBack: true });
    expect(await server.exec("docker ps -a --format '{{.Names}}'")).not.toContain("evil");
  });

  test("a release of a single file follows them, and they follow it", async () => {
    const compose = 'services:\n  web:\n    image: page:1\n    ports: ["8080:80"]\n';
    expect((await runOn(server, deployOf(6, compose, { values: { settle_seconds: "0" } }))).exit).toMatchObject({ code: 0 });
    expect(await visit(server)).toBe("page 1");
    expect((await deploy(7, "seven")).exit).toMatchObject({ code: 0 });
    expect(await visit(server)).toBe("seven");
    expect((await runOn(server, { ...deployOf(0, ""), op: "remove", files: [] })).exit).toMatchObject({ code: 0 });
    expect(await containers()).toBe("");
  });
});
