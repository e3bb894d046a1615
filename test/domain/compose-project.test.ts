// biome-ignore-all lint/suspicious/noTemplateCurlyInString: it is the syntax of Compose that is tested here
import { lookupIn, readComposed } from "@berth/domain/compose/compose.ts";
import { Problem } from "@berth/domain/error.ts";
import { expect, test } from "vitest";

const read = (texts: Readonly<Record<string, string>>, files = ["compose.yaml"], variables: Record<string, string> = {}) =>
  readComposed({ files, text: (path) => texts[path] }, lookupIn(variables));

function refusalOf(work: () => unknown): Problem {
  try {
    work();
  } catch (error) {
    if (error instanceof Problem) return error;
    throw error;
  }
  throw new Error("it was accepted");
}

test("a later file changes an earlier one, as a later document does", () => {
  const { services, published } = read(
    {
      "compose.yaml": "services:\n  web: {image: 'web:${TAG}', ports: ['80:80']}\n  old: {image: old}\n",
      "more.yaml": "services:\n  web: {image: web:2, ports: !reset []}\n  old: !reset null\n  new: {image: new}\n",
    },
    ["compose.yaml", "more.yaml"],
    { TAG: "1" },
  );
  expect(services).toEqual([
    { name: "web", image: "web:2" },
    { name: "new", image: "new" },
  ]);
  expect(published).toEqual([]);
});

test("what is included counts, with the variables and the paths of its own folder", () => {
  const { services, file } = read({
    "compose.yaml": "include: [db/compose.yaml]\nservices:\n  web: {image: web}\n",
    "db/compose.yaml":
      "services:\n  db:\n    image: db:${TAG}\n    env_file: [db.env]\n    volumes: ['./init:/init:ro', kept:/d]\nsecrets: {key: {file: ./key.txt}}\n",
    "db/.env": "TAG=17\n",
  });
  expect(services).toEqual([
    { name: "web", image: "web" },
    { name: "db", image: "db:17" },
  ]);
  expect(file.services.get("db")).toMatchObject({ env_file: ["db/db.env"], volumes: ["./db/init:/init:ro", "kept:/d"] });
  expect(file.secrets.get("key")).toEqual({ file: "db/key.txt" });
  expect(file.reads.map(({ path, needed }) => [path, needed])).toEqual([
    ["db/compose.yaml", true],
    ["db/.env", false],
  ]);
});

test("a service of another file brings its image and its paths along", () => {
  const { services, file } = read({
    "compose.yaml": "services:\n  web: {extends: {file: lib/base.yaml, service: base}, env_file: own.env}\n",
    "lib/base.yaml":
      "services:\n  base: {extends: {file: deep/more.yaml, service: more}, volumes: ['./conf:/c']}\n  not: {image: '${'}\n",
    "lib/deep/more.yaml": "services:\n  more: {image: more, env_file: [more.env]}\n",
  });
  expect(services).toEqual([{ name: "web", image: "more" }]);
  expect(file.services.get("web")).toMatchObject({ env_file: ["lib/deep/more.env", "own.env"], volumes: ["./lib/conf:/c"] });
});

test.each([
  ["a file of the server", "include: [/opt/base.yaml]\n"],
  ["a repository", "include: ['https://github.com/acme/base.git']\n"],
  ["a registry", "include: ['oci://registry.example/base:1']\n"],
  ["a file that was not sent", "include: [gone.yaml]\n"],
])("what only the server can read is left to it: %s", (_, text) => {
  const { services, file } = read({ "compose.yaml": `${text}services:\n  web: {image: web}\n  part: {labels: {a: b}}\n` });
  expect(services).toEqual([{ name: "web", image: "web" }]);
  expect(file.partial).toBe(true);
});

test.each<[string, Record<string, string>, string]>([
  ["a circle of includes", { "compose.yaml": "include: [a.yaml]\n", "a.yaml": "include: [a.yaml]\n" }, "includes itself"],
  [
    "a circle of services",
    {
      "compose.yaml": "services: {a: {extends: {file: b.yaml, service: b}}}\n",
      "b.yaml": "services: {b: {extends: {file: compose.yaml, service: a}}}\n",
    },
    "extends itself",
  ],
  [
    "a service that the other file does not have",
    { "compose.yaml": "services: {a: {extends: {file: b.yaml, service: b}}}\n", "b.yaml": "services: {}\n" },
    'In b.yaml: There is no service "b" in it, which "a" extends',
  ],
  [
    "a mistake in another file",
    { "compose.yaml": "include: [b.yaml]\n", "b.yaml": "services:\n  web: {image: 'a}\n" },
    "In b.yaml: Line 3",
  ],
  ["a mistake in its variables", { "compose.yaml": "include: [b/b.yaml]\n", "b/b.yaml": "{}", "b/.env": "A\nB B=1\n" }, "b/.env"],
])("what is wrong is said with the file it is in: %s", (_, texts, words) => {
  const refused = refusalOf(() => read(texts));
  expect(refused.code).toBe("compose.invalid");
  expect(refused.detail).toContain(words);
});

const lines = (count: number, line: (i: number) => string) => Array.from({ length: count }, (_, i) => line(i)).join("\n");
const many = lines(3000, (i) => `  s${i}: {extends: s${Math.max(0, i - 1)}}`).replace("{extends: s0}", "{image: a}");

test.each<[string, Record<string, string>]>([
  [
    "one large file included over and over",
    {
      "compose.yaml": `include: [${"a.yaml,".repeat(190)}]\n`,
      "a.yaml": `x: [${"1,".repeat(9_000)}]\nservices: {a: {image: a}}\n`,
    },
  ],
  [
    "includes that double",
    {
      ...Object.fromEntries(Array.from({ length: 30 }, (_, i) => [`a${i}.yaml`, `include: [a${i + 1}.yaml, a${i + 1}.yaml]\n`])),
      "compose.yaml": "include: [a0.yaml]\n",
    },
  ],
  [
    "many files that are together too large",
    {
      "compose.yaml": `include: [${lines(60, (i) => `a${i}.yaml,`)}]\n`,
      ...Object.fromEntries(Array.from({ length: 60 }, (_, i) => [`a${i}.yaml`, `x: [${"1,".repeat(900)}]\n`])),
    },
  ],
  [
    "long chains in another file",
    {
      "compose.yaml": `services:\n${lines(1000, (i) => `  t${i}: {extends: {file: a.yaml, service: s${2999 - i}}}`)}\n`,
      "a.yaml": `services:\n${many}\n`,
    },
  ],
])("the cost of all files together is bounded: %s", (_, texts) => {
  const from = process.threadCpuUsage();
  expect(refusalOf(() => read(texts)).code).toBe("compose.unsupported");
  const { user, system } = process.threadCpuUsage(from);
  expect((user + system) / 1e6).toBeLessThan(10);
});
