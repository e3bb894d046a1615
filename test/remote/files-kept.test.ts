import { copyFileSync, existsSync, mkdirSync, readdirSync, renameSync, rmSync } from "node:fs";
import { runner } from "@berth/domain/remote/runner.ts";
import { describe, expect, test } from "vitest";
import { app, changedRunner, deploy, failing, host, nextFence, removal, there, useFolder, write } from "./folder.ts";
import { compose, deployOf, runOn } from "./host.ts";

useFolder();

const kept = (paths: string) =>
  `Changed on the server, so kept as it is there: ${paths}. To have the files of the release instead: berth deploy --replace-files`;

describe("a file that was changed on the server", () => {
  test("stays when the next release has it as it was, and this is said", async () => {
    await deploy(1, { "data/visits": "seed" });
    write("data/visits", "seed, an order");
    const { exit, notes } = await deploy(2, { "data/visits": "seed" });
    expect(exit?.code).toBe(0);
    expect(there("data/visits")).toBe("seed, an order");
    expect(notes).toEqual([kept("data/visits")]);
  });

  test("stays when the next release has it otherwise, and in every release after that", async () => {
    await deploy(1, { "data/visits": "seed" });
    write("data/visits", "an order");
    await deploy(2, { "data/visits": "another seed" });
    expect((await deploy(3, { "data/visits": "a third seed" })).notes).toEqual([kept("data/visits")]);
    expect(there("data/visits")).toBe("an order");
  });

  test("stays when a release fails and the one before is put back", async () => {
    await deploy(1, { "data/visits": "seed", "www/page": "one" });
    write("data/visits", "an order");
    const { exit, notes } = await failing(() => deploy(2, { "data/visits": "another seed", "www/page": "two" }));
    expect(exit).toMatchObject({ class: "start.failed", rolledBack: true });
    expect(there("data/visits")).toBe("an order");
    expect(there("www/page")).toBe("one");
    expect(notes).toEqual([kept("data/visits"), kept("data/visits")]);
  });

  test("stays when it was written while the release that fails was starting", async () => {
    await deploy(1, { "data/visits": "seed" });
    host.set("up.write", `${app}/data/visits`);
    const { exit } = await failing(() => deploy(2, { "data/visits": "another seed" }));
    expect(exit).toMatchObject({ rolledBack: true });
    expect(there("data/visits")).toBe("written by a container\n");
  });

  test("stays when it is no longer in the release, while one that nobody changed goes", async () => {
    await deploy(1, { "data/visits": "seed", "data/other": "seed" });
    write("data/visits", "an order");
    expect((await deploy(2, {})).notes).toEqual([kept("data/visits")]);
    expect(readdirSync(`${app}/data`)).toEqual(["visits"]);
  });

  test("stays when the app is removed, and only such files do", async () => {
    await deploy(1, { "data/visits": "seed", "conf/deep/a": "a" });
    write("data/visits", "an order");
    const { exit, notes } = await removal();
    expect(exit?.code).toBe(0);
    expect(readdirSync(app, { recursive: true }).sort()).toEqual(["data", "data/visits"]);
    expect(notes).toEqual([expect.stringContaining("so left there: data/visits")]);
    expect((await deploy(2, { "data/visits": "seed" })).notes).toEqual([kept("data/visits")]);
    expect(there("data/visits")).toBe("an order");
  });

  test("is replaced where --replace-files says so, and comes back when that release fails", async () => {
    await deploy(1, { "data/visits": "seed", "data/gone": "seed" });
    write("data/visits", "an order");
    write("data/gone", "an order too");
    const { exit } = await failing(() => deploy(2, { "data/visits": "another seed" }, { replace_files: "1" }));
    expect(exit).toMatchObject({ rolledBack: true });
    expect(there("data/visits")).toBe("an order");
    expect(there("data/gone")).toBe("an order too");
    expect((await deploy(3, { "data/visits": "another seed" }, { replace_files: "1" })).notes).toEqual([]);
    expect(there("data/visits")).toBe("another seed");
    expect((await deploy(4, { "data/visits": "a last seed" })).notes).toEqual([]);
    expect(there("data/visits")).toBe("a last seed");
  });

  test("is not spoken of when the release has it as it is there, and then counts as the release's", async () => {
    await deploy(1, { "conf/a": "one" });
    write("conf/a", "two");
    expect((await deploy(2, { "conf/a": "two" })).notes).toEqual([]);
    expect((await deploy(3, { "conf/a": "three" })).notes).toEqual([]);
    expect(there("conf/a")).toBe("three");
  });

  test("stays after a failed release that happened to have it as it was there", async () => {
    await deploy(1, { "conf/a": "one" });
    write("conf/a", "two");
    write("conf/b", "made there");
    await failing(() => deploy(2, { "conf/a": "two", "conf/b": "made there" }));
    expect(there("conf/a")).toBe("two");
    expect(there("conf/b")).toBe("made there");
  });

  test("and was never in a release stays likewise", async () => {
    await deploy(1, { "data/a": "a" });
    write("data/b", "the app's own");
    expect((await deploy(2, { "data/a": "a", "data/b": "seed" })).notes).toEqual([kept("data/b")]);
    expect(there("data/b")).toBe("the app's own");
  });

  test("is named, five of them, and how many there are beside", async () => {
    const many = Object.fromEntries(Array.from({ length: 9 }, (_, index) => [`data/${index}`, "seed"]));
    await deploy(1, many);
    for (const path of Object.keys(many)) write(path, "changed");
    const [note] = (await deploy(2, many)).notes;
    expect(note?.match(/data\/\d/gu)).toHaveLength(5);
    expect(note).toContain(" and 4 more. ");
  });

  test("is none when the server went away while files were being put there", async () => {
    await deploy(1, { a: "one", b: "one" });
    const dying = runner.replace(
      'rename "$own/staged" "./$name" || broken',
      'rename "$own/staged" "./$name" || broken; kill -9 0',
    );
    expect(dying).not.toBe(runner);
    expect((await deploy(2, { a: "two", b: "two" }, {}, dying)).exit?.code).not.toBe(0);
    expect((await deploy(3, { a: "three", b: "three" })).notes).toEqual([]);
    expect([there("a"), there("b")]).toEqual(["three", "three"]);
  });

  test("is none when it is Compose's own: these are the release's", async () => {
    await deploy(1, { ".env": "A=1\n" });
    write("compose.yaml", "services: {evil: {image: evil}}\n");
    write(".env", "A=evil\n");
    expect((await deploy(2, { ".env": "A=1\n" })).notes).toEqual([]);
    expect([there("compose.yaml"), there(".env")]).toEqual([compose, "A=1\n"]);
  });
});

describe("what a removal leaves is said", () => {
  const end = `. Delete ${"$app"} there when nobody needs it any more.`;
  const left = (text: string) => [`${text}${end.replace("$app", app)}`];

  test("also where the app wrote files that no release had; nothing is said where nothing is left", async () => {
    await deploy(1, { "www/page": "one" });
    expect(await removal()).toMatchObject({ exit: { code: 0 }, notes: [] });
    expect(existsSync(app)).toBe(false);
    await deploy(1, { "www/page": "one" });
    write("www/upload", "an order");
    expect(await removal()).toMatchObject({
      exit: { code: 0 },
      notes: left("Left there: what the app wrote to its folder on the server"),
    });
    expect(there("www/upload")).toBe("an order");
  });

  test("and not of what is deleted with the volumes", async () => {
    await deploy(1, { "data/visits": "seed" });
    write("data/visits", "an order");
    expect(await removal({ volumes: "delete" })).toMatchObject({ exit: { code: 0 }, notes: [] });
    expect(existsSync(app)).toBe(false);
  });

  test("as not deleted, where the system does not let it be deleted", async () => {
    await deploy(1, { a: "one", b: "one" });
    const keeping = changedRunner('! rm -f "./$name"; then', '[ "$name" = b ] || ! rm -f "./$name"; then');
    expect(await removal({}, keeping)).toMatchObject({
      exit: { code: 0 },
      notes: left("Could not be deleted on the server: b"),
    });
    await deploy(1, { a: "one" });
    const denying = changedRunner(
      'rm -rf "$app" 2>"$run/out"',
      'echo "rm: cannot remove it: Device or resource busy" >"$run/out"',
    );
    expect((await removal({ volumes: "delete" }, denying)).notes).toEqual([
      `Not everything in ${app} could be deleted: rm: cannot remove it: Device or resource busy. Delete it there as a user who may.`,
    ]);
  });
});

describe("a release that is deployed over itself and fails", () => {
  test("is as it was also when the server went away after it had been put back", async () => {
    await deploy(1, { "www/page": "one" });
    const again = (script?: string) => {
      const files = [
        { path: "compose.yaml", content: compose },
        { path: "www/page", content: "one" },
      ];
      return failing(() => runOn(host, deployOf("job_same", { fence: nextFence(), files }), ["/bin/sh"], script));
    };
    await again(
      changedRunner('if [ -e "$run/changed" ] && describe; then', 'kill -9 0; if [ -e "$run/changed" ] && describe; then'),
    );
    expect((await again()).exit).toMatchObject({ class: "start.failed", rolledBack: true });
    expect(there("www/page")).toBe("one");
  });

  test("a release whose files are gone takes none of those that are there", async () => {
    await deploy(1, { "www/page": "one" });
    rmSync(`${host.home}/state/shop-production/releases/1`, { recursive: true });
    const { exit, events } = await failing(() => deploy(2, { "www/page": "two" }));
    expect(exit).toMatchObject({ class: "start.failed", rolledBack: false });
    expect(events.map(({ text }) => text)).toContain(
      "The previous release could not be started again: The files of the release 1 are not on the server any more",
    );
    expect(there("www/page")).toBe("two");
  });
});

describe("a release that was moved aside when the server went away", () => {
  const own = () => `${host.home}/state/shop-production`;
  test.each(["releases/1.old", "before"])(
    "is put back from %s when the next one fails, and what was unpacked then goes",
    async (place) => {
      await deploy(1, { "www/page": "one" });
      mkdirSync(`${own()}/releases/7.new`);
      renameSync(`${own()}/releases/1`, `${own()}/${place}`);
      if (place === "before")
        for (const kind of ["pinned.yaml", "sources"]) copyFileSync(`${own()}/1.${kind}`, `${own()}/before.${kind}`);
      const { exit } = await failing(() => deploy(2, { "www/page": "two" }));
      expect(exit).toMatchObject({ class: "start.failed", rolledBack: true });
      expect(there("www/page")).toBe("one");
      expect(readdirSync(`${own()}/releases`)).toEqual(["1", "2"]);
    },
  );
});
