/** What a release does with the app's folder on the server, which the app's containers may write to as well. */
import {
  chmodSync,
  copyFileSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import type { RunFile, RunInput } from "@berth/domain/remote/remote.ts";
import { runner } from "@berth/domain/remote/runner.ts";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { compose, deployOf, type Host, makeHost, runOn } from "./host.ts";

let host: Host;
let app: string;
beforeEach(() => {
  host = makeHost();
  app = `${host.home}/apps/shop-production`;
});
afterEach(() => host.remove());

let fence = 0;
const deploy = async (
  release: number,
  files: Record<string, string | RunFile>,
  plan: Record<string, string> = {},
  script?: string,
) => {
  fence += 1;
  const all = Object.entries(files).map(([path, file]) => (typeof file === "string" ? { path, content: file } : file));
  const input: Partial<RunInput> = {
    fence,
    files: [{ path: "compose.yaml", content: compose }, ...all],
    plan: { release: String(release), ...plan },
  };
  const { exit, events } = await runOn(host, deployOf(`job_${fence}`, input), ["/bin/sh"], script);
  const notes = events.filter(({ type }) => type === "note").map(({ text }) => text);
  return { exit, events, notes };
};
const failing = async <T>(what: () => Promise<T>): Promise<T> => {
  host.set("up.once", "Error response from daemon: no\n");
  return what();
};
const removal = async (plan: Record<string, string> = {}, script?: string) => {
  fence += 1;
  const input = deployOf(`job_${fence}`, { op: "remove", fence, files: [], plan });
  const { exit, events } = await runOn(host, input, ["/bin/sh"], script);
  return { exit, notes: events.filter(({ type }) => type === "note").map(({ text }) => text) };
};
/** The runner with one of its commands changed, where a test stands for a user or a disk that this machine does not have. */
const changedRunner = (command: string, by: string) => {
  expect(runner).toContain(command);
  return runner.replace(command, () => by);
};
const there = (path: string) => readFileSync(`${app}/${path}`, "utf8");
const write = (path: string, text: string) => writeFileSync(`${app}/${path}`, text);
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

describe("a release that is deployed over itself and fails", () => {
  test("is as it was also when the server went away after it had been put back", async () => {
    await deploy(1, { "www/page": "one" });
    const again = (script?: string) => {
      fence += 1;
      const files = [
        { path: "compose.yaml", content: compose },
        { path: "www/page", content: "one" },
      ];
      return failing(() => runOn(host, deployOf("job_same", { fence, files }), ["/bin/sh"], script));
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
    const marked = async (release: number, plan: Record<string, string> = {}) => {
      expect((await deploy(release, seeds, plan)).exit).toMatchObject({ code: 0 });
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

test("a project without a proper name is refused, not called interrupted", async () => {
  const { exit } = await runOn(host, deployOf("job_x", { plan: { project: "../x" } }));
  expect(exit).toMatchObject({ code: 1, class: "internal" });
  expect(existsSync(`${host.home}/x`)).toBe(false);
});
