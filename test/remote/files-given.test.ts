import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, statSync, writeFileSync } from "node:fs";
import type { RunFile } from "@berth/domain/remote/remote.ts";
import { describe, expect, test } from "vitest";
import { app, deploy, failing, host, removal, there, useFolder, write } from "./folder.ts";
import { compose, deployOf, runOn } from "./host.ts";

useFolder();

describe("Compose", () => {
  test("is given only files of ours, whatever lies in the app's folder", async () => {
    await deploy(1, { "addons/mine.yaml": "services: {}\n" });
    mkdirSync(`${app}/addons`, { recursive: true });
    for (const path of ["addons/x.yaml", "compose.override.yaml", "docker-compose.yml"])
      write(path, "services: {evil: {image: evil}}\n");
    write("compose.yaml", "services: {evil: {image: evil}}\n");
    await failing(() => deploy(2, {}));
    await removal();
    const asked = host.calls().filter((call) => / (?:config|up|down|pull) ?/u.test(call) && call.startsWith("compose --project"));
    expect(asked.some((call) => call.includes(" down "))).toBe(true);
    for (const call of asked) {
      const files = [...call.matchAll(/ (?:-f|--env-file) (\S+)/gu)].map(([, file]) => file!);
      expect(files.length).toBeGreaterThanOrEqual(2);
      for (const file of files)
        expect(file).toMatch(
          new RegExp(`^${host.home}/state/shop-production/(?:releases/\\d/(?:compose\\.yaml|\\.env)|\\d\\.pinned\\.yaml)$`, "u"),
        );
    }
  });

  test("has none of the login's variables, but those that say where Docker is; PWD is the app's folder", async () => {
    Object.assign(host.env, {
      COMPOSE_FILE: "/evil.yaml",
      COMPOSE_PROFILES: "evil",
      TAG: "evil",
      USER: "somebody",
      DOCKER_HOST: "unix:///run/user/1/docker.sock",
    });
    expect((await deploy(1, {})).exit?.code).toBe(0);
    const env = Object.fromEntries(
      host
        .read("../fake/env")
        .trim()
        .split("\n")
        .map((line) => [line.slice(0, line.indexOf("=")), line.slice(line.indexOf("=") + 1)]),
    );
    for (const own of ["_", "SHLVL", "OLDPWD"]) delete env[own]; // the stand-in's own shell
    expect(Object.keys(env).sort()).toEqual(["BERTH_HOME", "DOCKER_HOST", "HOME", "PATH", "PWD"]);
    expect(env).toMatchObject({ PWD: app, HOME: host.env.HOME, DOCKER_HOST: "unix:///run/user/1/docker.sock" });
  });
});

describe("a service is marked with what of the release reaches it", () => {
  const config = (inline: string) => `name: x
services:
  db:
    image: page:1
  web:
    image: page:1
    configs:
      - source: app
        target: /etc/app.conf
      - source: inline
    secrets:
      - source: token
      - source: password
      - source: exported
    volumes:
      - type: bind
        source: PWD/www
        target: /www
      - type: bind
        source: RELEASE/a$$b
        target: /dollar
      - type: bind
        source: "PWD/\\U0001F6A2\\xE9\\"x.conf"
        target: /ship
      - type: bind
        source: |-
          PWD/odd/two
          lines
        target: /lines
      - type: volume
        source: shared
        target: /shared
    security_opt:
      - seccomp:./chrome.json
volumes:
  shared:
    name: x_shared
    driver: local
    driver_opts:
      device: PWD/shared
      o: rbind,ro
      type: none
secrets:
  exported:
    name: x_exported
    environment: exported
  password:
    name: x_password
    environment: PASSWORD
  token:
    name: x_token
    file: 'RELEASE/to ken'
configs:
  app:
    name: x_app
    file: RELEASE/app.conf
  inline:
    name: x_inline
    content: |
      ${inline}
`;
  const files: Record<string, string | RunFile> = {
    "app.conf": "one",
    "to ken": "one",
    "www/page": "one",
    a$b: "one",
    '🚢é"x.conf': "one",
    "odd/two\nlines": "one",
    "shared/page": "one",
    "chrome.json": "{}",
    ".env": "OTHER='a\nPASSWORD=no'\nPASSWORD='one\ntwo'\nexport exported='one'\n",
  };
  const marks = async (release: number, changed: Record<string, string | RunFile> = {}, inline = "one") => {
    host.set("config", config(inline));
    expect((await deploy(release, { ...files, ...changed })).exit).toMatchObject({ code: 0 });
    const pins = host.read(`state/shop-production/${release}.pinned.yaml`);
    expect(pins.split('"web":')[0]).not.toContain("berth.files");
    return /berth\.files: "([^"]+)"/u.exec(pins)?.[1];
  };

  test("so that it is made again when one of that changes, and not when nothing does", async () => {
    const one = await marks(1);
    expect(one).toMatch(/^\d+-\d+$/u);
    expect(await marks(2)).toBe(one);
    expect(await marks(3, { ".env": (files[".env"] as string).replace("'a", "'b") })).toBe(one);
    const all = new Set([
      one,
      await marks(4, { "app.conf": "two" }),
      await marks(5, { "to ken": "two" }),
      await marks(6, { "www/page": "two" }),
      await marks(7, { ".env": (files[".env"] as string).replace("two'", "three'") }),
      await marks(8, {}, "two"),
      await marks(9, { "www/page": { path: "www/page", content: "one", executable: true } }),
      await marks(10, { ".env": (files[".env"] as string).replace("exported='one", "exported='two") }),
      await marks(11, {}, "one\n\n"),
    ]);
    expect([...all]).toHaveLength(9);
    const more = Object.keys(files).slice(3, 8);
    expect(more).toContain("chrome.json");
    for (const [i, path] of more.entries()) all.add(await marks(12 + i, { [path]: "two" }));
    expect([...all]).toHaveLength(9 + more.length);
  });

  test("so that a file replaced on the server makes only those again that mount it, and stays said in later releases", async () => {
    const mounts = (name: string, source: string) =>
      `  ${name}:\n    image: page:1\n    volumes:\n      - type: bind\n        source: PWD/${source}\n        target: /x\n`;
    host.set("config", `name: x\nservices:\n${mounts("db", "conf")}${mounts("web", "www")}`);
    const seeds = { "conf/a": "one", "www/page": "one" };
    const marked = async (release: number, values: Record<string, string> = {}) => {
      expect((await deploy(release, seeds, values)).exit).toMatchObject({ code: 0 });
      const [db, web] = host.read(`state/shop-production/${release}.pinned.yaml`).match(/berth\.files: "[^"]+"/gu) ?? [];
      return { db, web };
    };
    const first = await marked(1);
    write("www/page", "changed there");
    expect(await marked(2)).toEqual(first);
    const replaced = await marked(3, { replace_files: "1" });
    expect(there("www/page")).toBe("one");
    expect(replaced.db).toBe(first.db);
    expect(replaced.web).not.toBe(first.web);
    write("conf/a", "changed there");
    const both = await marked(4, { replace_files: "1" });
    expect(both.db).not.toBe(first.db);
    expect(both.web).toBe(replaced.web);
    expect(await marked(5)).toEqual(both);
  });
});

test("a path that leads out of the release is none of its files: a plan reads nothing there", async () => {
  host.set("config", "name: x\nservices:\n  web:\n    image: page:1\n    security_opt:\n      - seccomp:./../../outside\n");
  host.env.TMPDIR = host.env.HOME!; // every host has one; two folders above the release that is planned
  writeFileSync(`${host.env.HOME}/outside`, "one");
  const files = [{ path: "compose.yaml", content: compose }];
  const { exit } = await runOn(host, deployOf("job_plan", { op: "plan", fence: 0, files, values: { release: "1" } }));
  const told = execFileSync("tar", ["-xzOf", "-", "./release.files"], { input: exit?.report, encoding: "utf8" });
  expect(told).toBe("web\t\n");
});

describe("modes", () => {
  const script = (executable: boolean): RunFile => ({ path: "start.sh", content: "#!/bin/sh\n", executable });
  const mode = () => statSync(`${app}/start.sh`).mode & 0o777;

  test("a file can be executed where the release says so, also when only that changed", async () => {
    await deploy(1, { "start.sh": script(false) });
    expect(mode()).toBe(0o644);
    await deploy(2, { "start.sh": script(true) });
    expect(mode()).toBe(0o755);
    await deploy(3, { "start.sh": script(false) });
    expect(mode()).toBe(0o644);
  });

  test("whoever a container runs as can read its files and folders, but not the variables", async () => {
    await deploy(1, { "www/deep/page": "one", ".env": "A=1\n" });
    const modes = ["www", "www/deep", "www/deep/page", "compose.yaml", ".env"].map(
      (path) => statSync(`${app}/${path}`).mode & 0o777,
    );
    expect(modes).toEqual([0o755, 0o755, 0o644, 0o644, 0o600]);
  });

  test("a mode that was changed on the server is no change, and stays", async () => {
    await deploy(1, { "start.sh": script(true) });
    chmodSync(`${app}/start.sh`, 0o700);
    expect((await deploy(2, { "start.sh": script(true) })).notes).toEqual([]);
    expect(mode()).toBe(0o700);
  });
});
