import { existsSync, readdirSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { changedRunner, deploy, fence, host, useFolder } from "./folder.ts";
import { deployOf, runOn } from "./host.ts";

useFolder();

describe("what the system does not let us do is said with the file's path and the system's words", () => {
  test("where a folder may not be entered, which is no link", async () => {
    await deploy(1, { "conf/a": "one" });
    const { exit } = await deploy(
      2,
      { "conf/a": "two" },
      {},
      changedRunner('! cd -P "./$part" 2>/dev/null && [ ! -x "./$part" ]', '[ "$part" = conf ]'),
    );
    expect(exit).toMatchObject({ class: "folder.denied", step: "preflight", changed: false });
    expect(exit?.message).toMatch(/^The user \S+ may not enter the folder conf on the server$/u);
  });

  test.each([
    ["Permission denied", "folder.denied"],
    ["No space left on device", "disk.full"],
    ["Input/output error", "files.failed"],
  ])("where a file cannot be put in place: %s", async (words, kind) => {
    const failing = changedRunner('cp -p "$next/$path" "$own/staged"', `{ echo "cp: ./page: ${words}" >&2; false; }`);
    const { exit } = await deploy(1, {}, {}, failing);
    expect(exit).toMatchObject({ class: kind, step: "start" });
    expect(exit?.message).toMatch(
      new RegExp(`^The files of the app cannot be put in place: (compose.yaml|.env): cp: ./page: ${words}$`, "u"),
    );
  });
});

describe("a full disk", () => {
  const noWords = (script: string) => script.replace('tail -n 1 "$run/trace" 2>/dev/null', () => "true");
  const full = (command: string, by = "false") =>
    noWords(changedRunner(command, by)).replace(
      'cp "$0" "$base/probe" 2>&1',
      () => 'echo "cp: x: No space left on device"; false',
    );

  test("is said to be full, where its own words had no room either, and the room kept for the verdict is used", async () => {
    await deploy(1, { "www/page": "one" });
    const { exit } = await deploy(2, { "www/page": "two" }, {}, full('mkdir -p "$new.new"'));
    expect(exit).toMatchObject({ class: "disk.full", changed: false });
    expect(exit?.message).toMatch(/cannot be made: cp: x: No space left on device$/u);
    expect(readdirSync(`${host.home}/runs/job_${fence}`)).not.toContain("room");
  });

  test("never makes less of a release than it is", async () => {
    const cut = full('"$run/config" >"$run/services"', '"$run/config" >"$run/services" && false');
    expect((await deploy(1, {}, {}, cut)).exit).toMatchObject({ class: "disk.full", step: "preflight", changed: false });
  });

  test("has room for what is put back: the release's own copy goes, and half a file", async () => {
    await deploy(1, { "www/page": "one" });
    const filling = full('rename "$own/staged" "./$name"').replace(
      "\n    measure\n",
      () => '\n    measure; find "$run/files" "$own/staged" "$run/room" -type f >"$own/held" 2>/dev/null\n',
    );
    const { exit } = await deploy(2, { "www/page": "two" }, {}, filling);
    expect(exit).toMatchObject({ class: "disk.full", step: "start", changed: true });
    expect(host.read("state/shop-production/held").trim()).toBe("");
  });
});

test("a project without a proper name is refused, not called interrupted", async () => {
  const { exit } = await runOn(host, deployOf("job_x", { values: { project: "../x" } }));
  expect(exit).toMatchObject({ code: 1, class: "internal" });
  expect(existsSync(`${host.home}/x`)).toBe(false);
});
