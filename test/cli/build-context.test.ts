/** What services are built from, as the command line gathers and cuts it. */
import { execFileSync, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { chmodSync, existsSync, mkdirSync, readFileSync, statSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { cut, makeArchives } from "../../packages/cli/src/build/archives.ts";
import { type Entry, entriesOf } from "../../packages/cli/src/build/context.ts";
import { biggest } from "../../packages/cli/src/build/size.ts";
import { makeBundle } from "../../packages/cli/src/compose/bundle.ts";
import { findProject } from "../../packages/cli/src/compose/project.ts";
import { newFolder, problem } from "./project.ts";

const entries = async (folder: string) => {
  const { read } = await makeBundle(await findProject(folder, [], {}), {});
  return entriesOf(folder, read);
};
const paths = async (files: Readonly<Record<string, string>>) => (await entries(await newFolder(files))).map(({ path }) => path);
const web = (build: string) => `services:\n  web:\n    build: ${build}\n`;
const archived = async (folder: string, of: readonly Entry[]) => {
  const archives = await makeArchives(folder, of);
  onTestFinished(archives.remove);
  return archives;
};

test("a context is everything in its folder but what .dockerignore leaves out, by Docker's own rules", async () => {
  const files = {
    "compose.yaml": web("."),
    Dockerfile: "FROM scratch",
    ".dockerignore": "# comment\n*\n!src\nsrc/**/*.test.ts\n!.env.example\n!docs/deep/kept.md\n",
    "src/main.ts": "",
    "src/deep/a.test.ts": "",
    "src/deep/b.ts": "",
    "node_modules/x/index.js": "",
    ".env.example": "",
    ".git/HEAD": "",
    "docs/deep/kept.md": "",
    "docs/deep/left.md": "",
  };
  expect(await paths(files)).toEqual(
    [
      ".dockerignore",
      ".env.example",
      "Dockerfile",
      "docs/deep/kept.md",
      "src",
      "src/deep",
      "src/deep/b.ts",
      "src/main.ts",
    ].toSorted(),
  );
});

test("rules beside the Dockerfile go before those of the context", async () => {
  const files = {
    "compose.yaml": web("{ context: app, dockerfile: ../docker/web.Dockerfile }"),
    "docker/web.Dockerfile": "FROM scratch",
    "docker/web.Dockerfile.dockerignore": "secret",
    "app/.dockerignore": "public",
    "app/public": "",
    "app/secret": "",
  };
  expect(await paths(files)).toEqual([
    "app/.dockerignore",
    "app/public",
    "docker/web.Dockerfile",
    "docker/web.Dockerfile.dockerignore",
  ]);
});

test("contexts beside it, and files that are given as secrets, are sent whole; images and addresses are not looked for", async () => {
  const compose = `services:
  web:
    build:
      context: web
      additional_contexts: { shared: ./shared, base: "docker-image://alpine", other: "service:api" }
      secrets: [key]
  api: { build: "https://github.com/acme/api.git#main" }
  tool: { build: "github.com/acme/tool" }
secrets:
  key: { file: ./keys/npm }
`;
  const files = {
    "compose.yaml": compose,
    "web/Dockerfile": "",
    "shared/.dockerignore": "a",
    "shared/a": "",
    "keys/npm": "",
    "keys/other": "",
  };
  expect(await paths(files)).toEqual(["keys/npm", "shared/.dockerignore", "shared/a", "web/Dockerfile"]);
});

test.each<[string, Record<string, string>, RegExp]>([
  ["a context that is not there", { "compose.yaml": web("./web") }, /web \(service web is built from it\) is not there/],
  ["one that is a file", { "compose.yaml": web("./web"), web: "" }, /is no folder/],
  ["one outside the folder", { "compose.yaml": web("../web") }, /outside the app's folder/],
  ["no Dockerfile", { "compose.yaml": web("./web"), "web/a": "" }, /there is no web\/Dockerfile/],
])("%s is refused", async (_, files, detail) => {
  const folder = await newFolder(files);
  expect(await problem(() => entries(folder))).toMatchObject({ code: "cli.file", detail: expect.stringMatching(detail) });
});

test("nothing is gathered for an image that is named beside the file, and for one that is pulled", async () => {
  const folder = await newFolder({
    "compose.yaml": "services:\n  a: {build: ./a}\n  b: {build: ./b, image: b, pull_policy: always}\n",
  });
  const { read } = await makeBundle(await findProject(folder, [], {}), {}, { a: "a:1" });
  expect(read.services).toEqual([
    { name: "a", image: "a:1", given: true },
    { name: "b", image: "b" },
  ]);
  expect(await entriesOf(folder, read)).toEqual([]);
});

test("what is unpacked is what was there: contents, modes, links and empty folders", async () => {
  const folder = await newFolder({ "compose.yaml": web("./web"), "web/Dockerfile": "FROM scratch", "web/run.sh": "echo" });
  chmodSync(join(folder, "web/run.sh"), 0o750);
  symlinkSync("../elsewhere", join(folder, "web/link"));
  mkdirSync(join(folder, "web/empty"));
  const { list } = await archived(folder, await entries(folder));
  const there = await newFolder({});
  for (const { file } of list) execFileSync("tar", ["-xzpf", file, "-C", there]);
  const told = execFileSync("find", [".", "-printf", "%P %m %l\n"], { cwd: join(there, "web"), encoding: "utf8" });
  expect(
    told
      .split("\n")
      .filter((line) => /^(run|link|empty)/.test(line))
      .toSorted(),
  ).toEqual(["empty 755 ", "link 777 ../elsewhere", "run.sh 750 "]);
});

test("the same files make the same archives whenever they were written, each named by the SHA-256 of its bytes", async () => {
  const files = { "compose.yaml": web("./web"), "web/Dockerfile": "FROM scratch", "web/a": "a" };
  const [one, two] = [await newFolder(files), await newFolder(files)];
  utimesSync(join(two, "web/a"), 1, 1);
  const [first, second] = [await archived(one, await entries(one)), await archived(two, await entries(two))];
  expect(first.list.map(({ hash }) => hash)).toEqual(second.list.map(({ hash }) => hash));
  for (const { hash, bytes, file } of first.list) {
    const content = readFileSync(file);
    expect([content.length, createHash("sha256").update(content).digest("hex")]).toEqual([bytes, hash]);
  }
});

test("a file that is new, gone or another changes few archives of a large folder", async () => {
  const entry = (i: number, bytes = 8000): Entry => ({
    path: `src/${String(i).padStart(5, "0")}.ts`,
    mode: 0o644,
    kind: "file",
    bytes,
  });
  const before = Array.from({ length: 5000 }, (_, i) => entry(i));
  const names = (all: readonly Entry[]) => cut(all).map((part) => JSON.stringify(part));
  const was = new Set(names(before));
  expect(was.size).toBeGreaterThan(20);
  expect(was.size).toBeLessThan(300);
  const changes = [
    before.with(1234, entry(1234, 8001)),
    before.toSpliced(2000, 1),
    before.toSpliced(10, 0, { ...entry(9), path: "src/00009x.ts" }),
  ];
  for (const after of changes) expect(names(after).filter((name) => !was.has(name)).length).toBeLessThanOrEqual(4);
});

test("a file that changes while it is read refuses, and leaves nothing behind", async () => {
  const folder = await newFolder({ "compose.yaml": web("./web"), "web/Dockerfile": "FROM scratch", "web/a": "before" });
  const of = await entries(folder);
  writeFileSync(join(folder, "web/a"), "and now it is longer");
  expect(await problem(() => makeArchives(folder, of))).toMatchObject({
    code: "cli.file",
    detail: expect.stringContaining("web/a"),
  });
});

test("what takes the most room is named by the folder that could be left out", () => {
  const file = (path: string, bytes: number): Entry => ({ kind: "file", path, mode: 0o644, bytes });
  const modules = Array.from({ length: 300 }, (_, i) => file(`apps/web/node_modules/p${i}/index.js`, 1_000_000));
  const others = [
    file("apps/web/src/a.ts", 200_000),
    file("apps/api/b.ts", 100_000),
    file("dump.sql", 5_000_000),
    file("x/.git/a", 9_000_000),
  ];
  expect(biggest([...others, ...modules, { kind: "folder", path: "apps", mode: 0o755 }])).toEqual([
    "apps/web/node_modules (286.1 MB)",
    "x/.git (8.6 MB)",
    "dump.sql (4.8 MB)",
  ]);
});

test.each(["SIGINT", "SIGTERM", "SIGHUP"] as const)(
  "nobody else can read the archives, and %s leaves nothing of them",
  async (signal) => {
    const folder = await newFolder({ "web/a": "a" });
    const of: Entry[] = [{ path: "web/a", mode: 0o644, kind: "file", bytes: 1 }];
    const made = `const { makeArchives } = await import(${JSON.stringify(import.meta.resolve("../../packages/cli/src/build/archives.ts"))});
    const { list } = await makeArchives(${JSON.stringify(folder)}, ${JSON.stringify(of)});
    console.log(list[0].file);
    setInterval(() => {}, 1000);`;
    const child = spawn(process.execPath, ["--input-type=module", "-e", made], { stdio: ["ignore", "pipe", "inherit"] });
    const file = await new Promise<string>((resolve) =>
      child.stdout.once("data", (text: Buffer) => resolve(text.toString().trim())),
    );
    expect(statSync(file).mode & 0o077).toBe(0);
    const ended = new Promise((resolve) => child.once("exit", resolve));
    child.kill(signal);
    expect(await ended).toBe(130);
    expect(existsSync(dirname(file))).toBe(false);
  },
);
