import { lstatSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { runner } from "@berth/domain/remote/runner.ts";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { app, deploy, failing, host, removal, there, useFolder, write } from "./folder.ts";

useFolder();

describe("a folder and a file at the same path", () => {
  test("a file becomes a folder, and a folder a file, when nothing was changed there", async () => {
    await deploy(1, { conf: "one" });
    expect((await deploy(2, { "conf/deep/a": "two" })).exit?.code).toBe(0);
    expect(there("conf/deep/a")).toBe("two");
    expect((await deploy(3, { conf: "three" })).exit?.code).toBe(0);
    expect(there("conf")).toBe("three");
  });

  test("where the file was changed the release is refused before anything is stopped, by the file's name", async () => {
    await deploy(1, { conf: "one" });
    write("conf", "changed");
    const calls = host.calls().filter((call) => call.includes(" up ")).length;
    const { exit } = await deploy(2, { "conf/a": "two" });
    expect(exit).toMatchObject({
      class: "files.conflict",
      step: "preflight",
      changed: false,
      message: expect.stringContaining("conf is a file"),
    });
    expect(there("conf")).toBe("changed");
    expect(host.calls().filter((call) => call.includes(" up ")).length).toBe(calls);
    expect((await deploy(3, { "conf/a": "two" }, { replace_files: "1" })).exit?.code).toBe(0);
  });

  test("where something was put into the folder the release is refused, by the folder's name", async () => {
    await deploy(1, { "conf/a": "one" });
    write("conf/b", "the app's own");
    const { exit } = await deploy(2, { conf: "two" }, { replace_files: "1" });
    expect(exit).toMatchObject({ class: "files.conflict", changed: false, message: expect.stringContaining("conf is a folder") });
    expect([there("conf/a"), there("conf/b")]).toEqual(["one", "the app's own"]);
  });
});

describe("a link that was put there", () => {
  let outside: string;
  beforeEach(() => {
    outside = `${host.home}-outside`;
    mkdirSync(outside);
    writeFileSync(`${outside}/job`, "the host's own");
  });
  afterEach(() => rmSync(outside, { recursive: true }));
  const untouched = () => {
    expect(readdirSync(outside)).toEqual(["job"]);
    expect(readFileSync(`${outside}/job`, "utf8")).toBe("the host's own");
  };
  const plant = (path: string) => {
    rmSync(`${app}/${path}`, { recursive: true, force: true });
    symlinkSync(outside, `${app}/${path}`);
  };

  test.each(["config/sites", "config"])(
    "in the place of the folder %s is not followed: not by a release that has the file, nor by one that has not",
    async (path) => {
      const file = path === "config" ? "config/job" : "config/sites/job";
      await deploy(1, { [file]: "one" });
      plant(path);
      const { exit } = await deploy(2, { [file]: "two" });
      expect(exit).toMatchObject({
        class: "files.conflict",
        changed: false,
        message: expect.stringContaining(`${path} is a link on the server`),
      });
      expect((await deploy(3, {})).exit?.code).toBe(0);
      untouched();
    },
  );

  test("and leads nowhere, in the place of a folder, is named before anything is stopped", async () => {
    await deploy(1, { "config/job": "one" });
    rmSync(`${app}/config`, { recursive: true });
    symlinkSync(`${outside}/nothing`, `${app}/config`);
    const { exit } = await deploy(2, { "config/job": "two" });
    expect(exit).toMatchObject({
      class: "files.conflict",
      changed: false,
      message: expect.stringContaining("config is a link on the server"),
    });
    untouched();
  });

  test("while files are being put there is not followed either", async () => {
    await deploy(1, { "config/sites/job": "one" });
    // Between what is looked at and what is done
    const raced = runner.replace(
      '    if ! cd -P "./$part"',
      `    if [ "$part" = sites ] && [ "$what" = put ]; then mv sites old; ln -s "${outside}" sites; fi\n    if ! cd -P "./$part"`,
    );
    expect(raced).not.toBe(runner);
    const { exit } = await deploy(2, { "config/sites/job": "two" }, {}, raced);
    expect(exit).toMatchObject({
      class: "files.conflict",
      message: expect.stringContaining("config/sites is a link on the server"),
    });
    untouched();
  });

  test("in the place of a file is replaced by the file, and this is said", async () => {
    await deploy(1, { "config/job": "one" });
    rmSync(`${app}/config/job`);
    symlinkSync(`${outside}/job`, `${app}/config/job`);
    const { exit, notes } = await deploy(2, { "config/job": "two" });
    expect(exit?.code).toBe(0);
    expect(notes).toEqual([expect.stringContaining("config/job")]);
    expect(lstatSync(`${app}/config/job`).isSymbolicLink()).toBe(false);
    expect(there("config/job")).toBe("two");
    untouched();
  });

  test("to a folder in the place of a file is replaced, and nothing is moved into the folder", async () => {
    await deploy(1, { "config/job": "one" });
    plant("config/job");
    expect((await deploy(2, { "config/job": "two" })).exit?.code).toBe(0);
    expect(there("config/job")).toBe("two");
    untouched();
  });

  test.each(["compose.yaml", ".env"])("in the place of %s is replaced, and Compose reads neither", async (path) => {
    await deploy(1, { ".env": "A=1\n" });
    rmSync(`${app}/${path}`);
    symlinkSync(`${outside}/job`, `${app}/${path}`);
    expect((await deploy(2, { ".env": "A=1\n" })).exit?.code).toBe(0);
    expect(lstatSync(`${app}/${path}`).isSymbolicLink()).toBe(false);
    untouched();
  });

  test("is not followed by the removal of the app", async () => {
    await deploy(1, { "config/sites/job": "one", job: "one" });
    plant("config/sites");
    plant("job");
    expect((await removal()).exit?.code).toBe(0);
    untouched();
  });

  test("is not followed when a release that failed is put back", async () => {
    await deploy(1, { "config/sites/job": "one" });
    host.set("up.plant", `${outside} ${app}/config/sites`);
    const { exit } = await failing(() => deploy(2, { "config/sites/job": "two" }));
    expect(exit).toMatchObject({ class: "start.failed", rolledBack: false });
    untouched();
  });

  test("where a service mounts from is refused: the service would be given what is behind it", async () => {
    host.set(
      "config",
      "name: x\nservices:\n  web:\n    image: page:1\n    volumes:\n      - type: bind\n        source: RELEASE/data\n        target: /data\n",
    );
    await deploy(1, {});
    symlinkSync(outside, `${app}/data`);
    const { exit } = await deploy(2, {});
    expect(exit).toMatchObject({
      class: "files.conflict",
      service: "web",
      changed: false,
      message: expect.stringContaining("data is a link on the server"),
    });
  });
});
