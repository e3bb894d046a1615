/** Images that another server has built: how a run asks for them, and what it refuses to load. */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { readPack } from "@berth/domain/remote/pack.ts";
import type { Carried } from "@berth/domain/remote/remote.ts";
import { RUN, toRequest } from "@berth/domain/remote/request.ts";
import { partOf } from "@berth/domain/remote/runner.ts";
import { describe, expect, test } from "vitest";
import { asking, deployOf, type Host, runOn, silent } from "./host.ts";
import { host, shells } from "./hosts.ts";
import { tarred } from "./tarred.ts";

const TAG = "berth/shop-production/web:1";
const built = "name: x\nservices:\n  web:\n    build: .\n    image: shop-web\n";
const whole = ["carry web", "pin", "place", "up web", "wait web", "record", "prune"];
const manifest = (...tags: string[]) => JSON.stringify([{ Config: "c", RepoTags: tags, Layers: [] }]);
const HASH = "a".repeat(64);
const index = (...names: string[]) =>
  JSON.stringify({ manifests: names.map((name) => ({ annotations: { "io.containerd.image.name": name } })) });

async function* once(bytes: Uint8Array) {
  yield bytes;
}
const pack = (bytes: Uint8Array, length = bytes.length): Carried => ({ bytes: length, content: once(bytes) });

function carrying(made: Host, carried: Carried, asked: string[][] = [], shell?: readonly string[]) {
  made.set("config", built);
  const input = deployOf("job_1", { values: { carried: "1" } });
  const bring = (services: readonly string[]) => {
    asked.push([...services]);
    return Promise.resolve(carried);
  };
  return runOn(made, { ...asking(made, input, whole), carried: bring }, shell, silent(made));
}
const nothingBegan = (made: Host) => expect(existsSync(`${made.home}/runs/job_1/pid`)).toBe(false);

describe("a run whose images another server has built", () => {
  test.each(shells)("asks for them, loads them, and runs just those: %s", async (...shell) => {
    const made = host();
    const asked: string[][] = [];
    const { exit, events } = await carrying(made, pack(await tarred({ "manifest.json": manifest(TAG) })), asked, shell);
    expect(exit, JSON.stringify(exit)).toMatchObject({ code: 0 });
    expect(asked).toEqual([["web"]]);
    expect(readFileSync(`${dirname(made.home)}/fake/ran`, "utf8").trim()).toBe(`sha256:${"3".repeat(64)}`);
    expect(events.map(({ text }) => text)).toContain("Came from the server that built it");
    expect(existsSync(`${made.home}/runs/job_1/carried`)).toBe(false);
    expect(existsSync(`${made.home}/carried`)).toBe(false);
  });

  test.each(shells)("does not begin where there are none, and says why: %s", async (...shell) => {
    const made = host();
    const { exit } = await carrying(made, { gone: "web1, which built the images, was removed" }, [], shell);
    expect(exit).toMatchObject({ code: 1, class: "image.gone", message: "web1, which built the images, was removed" });
    nothingBegan(made);
  });

  test.each(shells)("does not begin with half of them: %s", async (...shell) => {
    const made = host();
    const { exit } = await carrying(made, pack(Buffer.from("half"), 4000), [], shell);
    expect(exit).toBeUndefined();
    nothingBegan(made);
    expect(existsSync(`${made.home}/carried`)).toBe(false);
  });

  test("changes nothing where what came has an image of somebody else in it", async () => {
    const made = host();
    const { exit } = await carrying(made, pack(await tarred({ "manifest.json": manifest(TAG, "postgres:16") })));
    expect(exit).toMatchObject({ code: 1, class: "image.gone", changed: false });
    expect(made.calls().filter((call) => call.startsWith("image load"))).toEqual([]);
  });
});

/** What the runner makes of a pack, in each shell. */
async function judged(entries: Parameters<typeof tarred>[0], shell: readonly string[]): Promise<boolean> {
  const made = host();
  const run = `${made.home}/run`;
  mkdirSync(run, { recursive: true });
  writeFileSync(`${run}/carried`, await tarred(entries));
  writeFileSync(`${run}/ours`, `${TAG}\nberth/shop-production/api:1\n`);
  const [program, ...args] = shell;
  const script = `run=$1\n${partOf("carry")}\nonly_ours`;
  return spawnSync(program!, [...args, "-c", script, "sh", run]).status === 0; // a shell is named
}

describe.each(shells)("a pack of images is loaded only with names that are wanted: %s", (...shell) => {
  const cases: readonly (readonly [what: string, entries: Parameters<typeof tarred>[0], taken: boolean])[] = [
    ["one that is wanted", { "manifest.json": manifest(TAG) }, true],
    ["several", { "manifest.json": manifest(TAG, "berth/shop-production/api:1") }, true],
    ["as the containerd store writes it", { "manifest.json": manifest(TAG), "index.json": index(`docker.io/${TAG}`) }, true],
    ["another app's", { "manifest.json": manifest("berth/blog-production/web:1") }, false],
    ["another release's", { "manifest.json": manifest("berth/shop-production/web:11") }, false],
    ["one more", { "manifest.json": manifest(TAG, "nginx:1") }, false],
    [
      "one more in the index",
      { "manifest.json": manifest(TAG), "index.json": index(`docker.io/${TAG}`, "docker.io/library/nginx:1") },
      false,
    ],
    [
      "one more behind an escape",
      { "manifest.json": `${manifest(TAG)}${manifest("nginx:1").replace("RepoTags", "Repo\\u0054ags")}` },
      false,
    ],
    ["one with spaces about it", { "manifest.json": manifest(TAG, "nginx:1").replaceAll(":[", " : [ ") }, false],
    [
      "one more where Docker takes a key in small letters",
      { "manifest.json": `${manifest(TAG)}${manifest("nginx:1").toLowerCase()}` },
      false,
    ],
    ["one more in letters that fold to others", { "manifest.json": manifest(TAG).replace("Layers", "RepoTag\u017f") }, false],
    [
      "one more by its reference alone",
      {
        "manifest.json": manifest(TAG),
        "index.json": index(`docker.io/${TAG}`).replace(
          "}}",
          `}},{"annotations":{"org.opencontainers.image.ref.name":"docker.io/library/nginx:1"}}`,
        ),
      },
      false,
    ],
    [
      "with all that Docker writes",
      {
        "blobs/": { type: "directory" },
        "blobs/sha256/": { type: "directory" },
        [`blobs/sha256/${HASH}`]: "a layer",
        [`${HASH}/`]: { type: "directory" },
        [`${HASH}/layer.tar`]: { type: "symlink", linkname: `../${HASH}/layer.tar` },
        "index.json": index(`docker.io/${TAG}`).replace("}}", `,"org.opencontainers.image.ref.name":"1"}}`),
        "manifest.json": manifest(TAG),
        "oci-layout": "{}",
        repositories: "{}",
      },
      true,
    ],
    ["a second list by a way around", { "manifest.json": manifest(TAG), "x/../manifest.json": manifest("nginx:1") }, false],
    [
      "a second list by a name that means the same",
      { "manifest.json": manifest(TAG), ".//manifest.json": manifest("nginx:1") },
      false,
    ],
    ["a second list at the root", { "manifest.json": manifest(TAG), "/manifest.json": manifest("nginx:1") }, false],
    [
      "a second list behind a link",
      {
        "manifest.json": manifest(TAG),
        [`${HASH}.json`]: manifest("nginx:1"),
        "./manifest.json": { type: "symlink", linkname: `${HASH}.json` },
      },
      false,
    ],
    [
      "a list that is a hard link",
      {
        "index.json": manifest(TAG),
        [`${HASH}.json`]: manifest("nginx:1"),
        "manifest.json": { type: "link", linkname: `${HASH}.json` },
      },
      false,
    ],
    ["the same list twice", { "manifest.json": manifest(TAG), "./manifest.json": manifest(TAG) }, false],
    ["a list without an end", { "manifest.json": `${manifest(TAG)}${" ".repeat(8 << 20)}` }, false],
    ["no list of names", { "index.json": index(`docker.io/${TAG}`) }, false],
    ["the names of the oldest form alone", { repositories: '{"nginx":{"1":"c"}}' }, false],
  ];
  test.each(cases)("%s", async (_, entries, taken) => {
    expect(await judged(entries, shell)).toBe(taken);
  });
});

describe("a server that has built images", () => {
  async function saved(made: Host, services: string, release = "1"): Promise<Carried> {
    const values = { project: "shop-production", release, services };
    const request = await toRequest({ op: "save", job: "job_1", fence: 0, from: 0, files: [], values });
    return readPack(once(spawnSync("/bin/sh", ["-c", RUN], { input: request, env: made.env }).stdout));
  }
  const text = async (pack: Carried) => {
    if ("gone" in pack) return pack.gone;
    const parts: Uint8Array[] = [];
    for await (const part of pack.content) parts.push(part);
    expect(Buffer.concat(parts)).toHaveLength(pack.bytes);
    const { gunzipSync } = await import("node:zlib");
    return gunzipSync(Buffer.concat(parts)).toString();
  };

  test("packs those that are asked for, and leaves nothing behind", async () => {
    const made = host();
    mkdirSync(`${made.home}/state/shop-production`, { recursive: true });
    writeFileSync(`${made.home}/state/shop-production/1.images`, "");
    made.set("store", `sha256:${"1".repeat(64)}\t${TAG}\nsha256:${"2".repeat(64)}\tberth/shop-production/api:1\n`);
    expect(await text(await saved(made, "web\napi\n"))).toBe(`images ${TAG} berth/shop-production/api:1`);
    expect(spawnSync("ls", [made.home]).stdout.toString()).not.toContain("packed");
  });

  test("says so where one is not there", async () => {
    const made = host();
    mkdirSync(`${made.home}/state/shop-production`, { recursive: true });
    writeFileSync(`${made.home}/state/shop-production/1.images`, "");
    expect(await text(await saved(made, "web\n"))).toMatch(/No such image: berth\/shop-production\/web:1/);
  });
});
