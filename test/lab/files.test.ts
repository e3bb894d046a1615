import { envFile } from "@berth/domain/release/files.ts";
import type { RunEvent, RunFile, RunInput } from "@berth/domain/remote/remote.ts";
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
    const deploy = async (number: number, text: string) => {
      const files = [
        { path: "compose.yaml", content: compose },
        { path: "www/index.html", content: text },
      ];
      expect((await runOn(server, deployOf(number, compose, { files, values: { settle_seconds: "1" } }))).exit.code).toBe(0);
      return server.exec("docker ps -q --filter name=shop-production-web");
    };
    const one = await deploy(20, "mounted 1");
    expect(await visit(server)).toBe("mounted 1");
    expect(await deploy(21, "mounted 1")).toBe(one);
    expect(await deploy(22, "mounted 2")).not.toBe(one);
    expect(await visit(server)).toBe("mounted 2");
  });

  /** A release of the page with more files beside it. */
  const release = async (
    number: number,
    files: Record<string, string | RunFile>,
    more: string,
    input: Partial<RunInput> = {},
  ) => {
    const compose = service("page:1", more);
    const all = Object.entries(files).map(([path, file]) => (typeof file === "string" ? { path, content: file } : file));
    const values = { settle_seconds: "0", ...input.values };
    return runOn(server, deployOf(number, compose, { files: [{ path: "compose.yaml", content: compose }, ...all], values }));
  };
  const inside = (command: string) => server.exec(`docker exec shop-production-web-1 sh -c '${command}'`);
  const container = () => server.exec("docker ps -q --filter name=shop-production-web");
  const folder = "/var/lib/berth/apps/shop-production";

  test("what the app wrote into a folder it mounts stays: through a release, one that fails, and the removal; and this is said", async () => {
    const mount = "    volumes: ['./data:/data']\n";
    const files = { "data/visits.txt": "local test data\n" };
    expect((await release(100, files, mount)).exit).toMatchObject({ code: 0 });
    await inside("echo an order >>/data/visits.txt");
    const told = (events: readonly RunEvent[]) => events.filter(({ type }) => type === "note").map(({ text }) => text);
    const next = await release(101, files, `${mount}    environment: {RELEASE: two}\n`);
    expect(next.exit).toMatchObject({ code: 0 });
    expect(told(next.events)).toEqual([expect.stringContaining("data/visits.txt")]);
    const failed = await release(102, { "data/visits.txt": "other\n" }, `${mount}    command: [sh, -c, "exit 3"]\n`);
    expect(failed.exit).toMatchObject({ class: "start.failed", rolledBack: true });
    expect(await inside("cat /data/visits.txt")).toBe("local test data\nan order\n");
    expect((await runOn(server, { ...deployOf(0, ""), op: "remove", files: [] })).exit).toMatchObject({ code: 0 });
    expect(await server.exec(`cat ${folder}/data/visits.txt; find ${folder} -type f`)).toBe(
      `local test data\nan order\n${folder}/data/visits.txt\n`,
    );
    const replaced = await release(103, files, mount, { values: { replace_files: "1" } });
    expect(replaced.exit).toMatchObject({ code: 0 });
    expect(await inside("cat /data/visits.txt")).toBe("local test data\n");
  });

  test("changed configs and secrets reach the container, which is not made again when they did not change", async () => {
    const compose = (inline: string) => `${service("page:1")}    configs: [app, inline]
    secrets: [token, password]
configs:
  app: {file: ./app.conf}
  inline: {content: "${inline}"}
secrets:
  token: {file: ./token.txt}
  password: {environment: PASSWORD}
`;
    const deploy = async (number: number, text: string) => {
      const files = [
        { path: "compose.yaml", content: compose(text) },
        { path: ".env", content: envFile({ PASSWORD: text }) },
        { path: "app.conf", content: text },
        { path: "token.txt", content: text },
      ];
      expect((await runOn(server, deployOf(number, "", { files, values: { settle_seconds: "0" } }))).exit).toMatchObject({
        code: 0,
      });
      return container();
    };
    const read = () => inside("cat /app /inline /run/secrets/token /run/secrets/password");
    const one = await deploy(110, "one");
    expect(await read()).toBe("oneoneoneone");
    expect(await deploy(111, "one")).toBe(one);
    await deploy(112, "two");
    expect(await read()).toBe("twotwotwotwo");
  });

  test("a script can be executed, PWD is the app's folder, and folders may be called like ours", async () => {
    const { exit } = await release(
      120,
      {
        "start.sh": { path: "start.sh", content: "#!/bin/sh\nexec httpd -f -p 80 -h /srv\n", executable: true },
        "conf/shop.conf": "greeting = hello",
        "releases/1.md": "one",
        "release.json": "{}",
        "addons/x.yaml": "services: {web: {image: none}}\n",
      },
      // biome-ignore lint/suspicious/noTemplateCurlyInString: Compose's own syntax
      "    entrypoint: [/start.sh]\n    volumes: ['./start.sh:/start.sh:ro', '${PWD}/conf:/srv:ro', './releases:/releases', './release.json:/release.json', './addons:/addons']\n",
    );
    expect(exit).toMatchObject({ code: 0 });
    expect(await inside("cat /srv/shop.conf /releases/1.md /release.json")).toBe("greeting = helloone{}");
  });

  test("a file becomes a folder and a folder a file", async () => {
    const mount = "    volumes: ['./conf:/etc/shop:ro']\n";
    expect((await release(130, { conf: "file" }, mount)).exit).toMatchObject({ code: 0 });
    expect((await release(131, { "conf/shop.conf": "a=1" }, mount)).exit).toMatchObject({ code: 0 });
    expect(await inside("cat /etc/shop/shop.conf")).toBe("a=1");
    expect((await release(132, { conf: "file" }, mount)).exit).toMatchObject({ code: 0 });
    expect(await inside("cat /etc/shop")).toBe("file");
  });

  test("a container that plants links and Compose files in the app's folder gets nothing of the host written, deleted, mounted or run", async () => {
    const mount = "    volumes: ['.:/app', './config:/config']\n";
    await server.exec("mkdir -p /srv/host && echo own >/srv/host/job");
    expect((await release(140, { "config/sites/job": "one" }, mount)).exit).toMatchObject({ code: 0 });
    await inside("cd /app/config && /bin/busybox rm -r sites && /bin/busybox ln -s /srv/host sites");
    await inside(
      'echo "services: {evil: {image: page:1, network_mode: host}}" | /bin/busybox tee /app/compose.yaml >/app/compose.override.yaml',
    );
    expect((await release(141, { "config/sites/job": "two" }, mount)).exit).toMatchObject({
      class: "files.conflict",
      changed: false,
    });
    expect((await release(142, {}, mount)).exit).toMatchObject({ code: 0 });
    await inside("cd /app && /bin/busybox rm -r config && /bin/busybox ln -s /srv/host config");
    expect((await release(143, {}, `${mount}# changed\n`)).exit).toMatchObject({
      class: "files.conflict",
      service: "web",
      changed: false,
    });
    expect((await runOn(server, { ...deployOf(0, ""), op: "remove", files: [] })).exit).toMatchObject({ code: 0 });
    expect(await server.exec("ls /srv/host; cat /srv/host/job; docker ps -aq")).toBe("job\nown\n");
  });

  test("old releases are taken away and as many stay as was asked; images go with them only when nothing needs them", async () => {
    for (const number of [30, 31, 32]) {
      await lab.registry.push(`library/many:${number}`, pageImage(`page ${number}`));
      expect(
        (await runOn(server, deployOf(number, service(`many:${number}`), { values: { settle_seconds: "0", keep: "2" } }))).exit
          .code,
      ).toBe(0);
    }
    expect((await server.exec("ls /var/lib/berth/state/shop-production/releases | sort -n")).trim().split("\n")).toEqual([
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
    expect((await runOn(server, deployOf(40, compose, { files, values: { settle_seconds: "0" } }))).exit).toMatchObject({
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
