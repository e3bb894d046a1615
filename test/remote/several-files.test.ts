import { existsSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { app, deploy, failing, host, removal, there, useFolder, write } from "./folder.ts";

useFolder();

const state = () => `${host.home}/state/shop-production`;
const config = "name: x\nservices:\n  web:\n    image: page:1\n    volumes:\n      - source: RELEASE/conf\n";
const files = { "base.yaml": "services: {}\n", "more/over.yaml": "services: {}\n", "conf/a": "a" };
const named = { compose_files: "base.yaml\nmore/over.yaml\n" };
/** What each call of Compose was told to read, with what it was asked for. */
const asked = () =>
  host
    .calls()
    .filter((call) => call.startsWith("compose --project"))
    .map((call) => [
      [...call.matchAll(/ -f (\S+)/gu)].map(([, file]) => file?.replace(`${state()}/`, "")).join(" "),
      / (config|up|down|pull) ?/u.exec(call)?.[1],
    ]);

describe("a release of several Compose files", () => {
  test("is resolved once in its own folder, in the order given; from then on only that is read", async () => {
    host.set("config", config);
    expect((await deploy(1, files, named)).exit?.code).toBe(0);
    expect(asked()).toEqual([
      ["releases/1/base.yaml releases/1/more/over.yaml", "config"],
      ["releases/1/base.yaml releases/1/more/over.yaml", "config"],
      ["releases/1/base.yaml releases/1/more/over.yaml", "pull"],
      ["1.resolved.yaml 1.pinned.yaml", "up"],
    ]);
    expect(host.read("state/shop-production/1.resolved.yaml")).toContain(`source: ${app}/conf\n`);
  });

  test("is put back when the next one fails, and goes with its removal", async () => {
    host.set("config", config);
    await deploy(1, files, named);
    const { exit } = await failing(() => deploy(2, files, named));
    expect(exit).toMatchObject({ class: "start.failed", rolledBack: true });
    expect(asked().at(-1)).toEqual(["1.resolved.yaml 1.pinned.yaml", "up"]);
    await removal();
    expect(asked().at(-1)).toEqual(["1.resolved.yaml 1.pinned.yaml", "down"]);
    expect(existsSync(state())).toBe(false);
  });

  test("is put back from its copy when deploying it again fails", async () => {
    host.set("config", config);
    await deploy(1, files, named);
    const before = host.read("state/shop-production/1.resolved.yaml");
    host.set("config", config.replace("conf", "other"));
    const { exit } = await failing(() => deploy(1, files, named));
    expect(exit).toMatchObject({ rolledBack: true });
    expect(host.read("state/shop-production/1.resolved.yaml")).toBe(before);
    expect(existsSync(`${state()}/before.resolved.yaml`)).toBe(false);
  });

  test("follows one with a single file, and is followed by one", async () => {
    host.set("config", config);
    await deploy(1, {});
    await failing(() => deploy(2, files, named));
    expect(asked().at(-1)).toEqual(["releases/1/compose.yaml 1.pinned.yaml", "up"]);
    await deploy(3, files, named);
    await failing(() => deploy(4, {}));
    expect(asked().at(-1)).toEqual(["3.resolved.yaml 3.pinned.yaml", "up"]);
  });

  test("has its own Compose files in the app's folder, whatever was written there", async () => {
    host.set("config", config);
    await deploy(1, files, named);
    write("more/over.yaml", "services: {evil: {image: evil}}\n");
    await deploy(2, files, named);
    expect(there("more/over.yaml")).toBe("services: {}\n");
  });

  test("is refused when one of them is not in it", async () => {
    expect((await deploy(1, {}, named)).exit).toMatchObject({
      class: "compose.invalid",
      message: "The release has no base.yaml",
    });
  });
});
