// biome-ignore-all lint/suspicious/noTemplateCurlyInString: it is the syntax of Compose that is tested here
import { checkPath, checkPaths, lookupIn, readCompose as readWith } from "@berth/domain/compose/compose.ts";
import { isReference } from "@berth/domain/compose/reference.ts";
import { RESERVED } from "@berth/domain/compose/reserved.ts";
import { Problem } from "@berth/domain/error.ts";
import { filesOf } from "@berth/domain/release/files.ts";
import { withGenerated } from "@berth/domain/release/generated.ts";
import { checkPath as checkOnServer } from "@berth/domain/remote/request.ts";
import { runner } from "@berth/domain/remote/runner.ts";
import { describe, expect, test } from "vitest";

const readCompose = (text: string, variables: Record<string, string> = {}) => {
  const { services, published } = readWith(text, lookupIn(variables));
  return { services, published };
};
const WEB = "services:\n  web:\n    image: a:1\n";
const lines = (count: number, line: (i: number) => string) => Array.from({ length: count }, (_, i) => line(i)).join("\n");

function refusalOf(work: () => unknown): Problem {
  try {
    work();
  } catch (error) {
    if (error instanceof Problem) return error;
    throw error;
  }
  throw new Error("it was accepted");
}

// What grows with the square of these sizes takes minutes, and a test has one.
describe("a Compose file made to hurt is refused in a moment, as the customer's mistake", () => {
  test.each<[string, string, string]>([
    ["nested lists", `x: ${"[".repeat(100_000)}`, "compose.unsupported"],
    ["nested mappings", `x: ${"{a: ".repeat(60_000)}`, "compose.unsupported"],
    ["nested sequences", `x:\n${"- ".repeat(100_000)}`, "compose.unsupported"],
    ["more services than a row holds", `services:\n${lines(10_000, (i) => `  s${i}: {image: a}`)}\n`, "compose.unsupported"],
    ["an image that fills a row", `services:\n  web:\n    image: ${"a".repeat(250_000)}\n`, "compose.unsupported"],
    ["more text than is read", `${WEB}# ${"x".repeat(256 * 1024)}`, "compose.unsupported"],
    [
      "merge keys that copy without end",
      `x:\n${lines(700, (i) => `  a${i}: &a${i} {<<: [*a${Math.max(0, i - 1)}], k${i}: 1}`).replace("<<: [*a0], ", "")}\n${WEB}`,
      "compose.unsupported",
    ],
    [
      "services that take over more and more of each other",
      `services:\n${lines(190, (i) => `  s${i}: {image: a, ports: [${"1,".repeat(15)}1]${i > 0 ? `, extends: s${i - 1}` : ""}}`)}\n`,
      "compose.unsupported",
    ],
    ["an image that Docker would take for an option", 'services: {web: {image: "--format={{.Config}}"}}', "compose.unsupported"],
    ["a key that is there twice", "services:\n  a: {image: x}\n  a: {image: y}\n", "compose.invalid"],
    ["a service with a list as its name", "services:\n  ? [a, b]\n  : {image: x}\n", "compose.invalid"],
    ["services that are a list", "services: [a]", "compose.invalid"],
    ["a service that is nothing", "services:\n  web:\n", "compose.invalid"],
    ["an image that is a number", "services:\n  web: {image: 1}\n", "compose.invalid"],
    ["an image taken over from itself", `services:\n  web: &w\n    <<: [${"*w,".repeat(40)}]\n`, "compose.invalid"],
    ["nothing", "", "compose.invalid"],
    ["zeros", "\0".repeat(1000), "compose.invalid"],
  ])("%s", (_, text, code) => {
    expect(refusalOf(() => readCompose(text)).code).toBe(code);
  });

  test("an alias ten thousand times costs no more than its text", () => {
    const text = `a: &a 1\nx: [${"*a,".repeat(10_000)}]\n${WEB}`;
    expect(readCompose(text).services).toEqual([{ name: "web", image: "a:1" }]);
  });

  // Compose goes through all of it, each time that it is meant: for the second of these ten minutes are not enough.
  test.each<[string, string]>([
    ["a billion laughs", `${lines(9, (i) => `a${i}: &a${i} [x${`,*a${i - 1}`.repeat(i && 9)}]`)}\n${WEB}`],
    [
      "a list of itself twice, a hundred deep",
      `${lines(100, (i) => `x-${i}: &l${i} [${i ? `*l${i - 1}, *l${i - 1}` : "a"}]`)}\n${WEB}`,
    ],
    [
      "the same by merge keys",
      `${lines(60, (i) => `x-${i}: &l${i} { ${i ? `a: *l${i - 1}, b: *l${i - 1}` : "c: 1"} }`)}\n${WEB}    <<: *l59\n`,
    ],
    ["a long text a thousand times", `a: &a ${"x".repeat(10_000)}\nx: [${"*a,".repeat(1000)}]\n${WEB}`],
  ])("%s is refused, since Compose would not end", (_, text) => {
    const refused = refusalOf(() => readCompose(text));
    expect([refused.code, refused.detail]).toEqual(["compose.unsupported", "Its aliases make it too large."]);
  });

  test("four thousand keys, which are allowed, are read in a moment, and more than that not at all", () => {
    const keys = (count: number) => `x:\n${lines(count, (i) => `  k${i}: 1`)}\n${WEB}`;
    expect(readCompose(keys(4000)).services).toHaveLength(1);
    const refused = refusalOf(() => readCompose(keys(10_000)));
    expect([refused.code, refused.detail]).toEqual(["compose.unsupported", "It has too many parts to be read."]);
  });
});

test("an image and ports that a service takes over by a merge key are its own", () => {
  const text = 'x-a: &a\n  image: a:1\n  ports: ["80:80"]\nservices:\n  web:\n    <<: *a\n  own:\n    <<: [*a]\n    image: b:2\n';
  expect(readCompose(text)).toEqual({
    services: [
      { name: "web", image: "a:1" },
      { name: "own", image: "b:2" },
    ],
    published: [
      { service: "web", port: "80" },
      { service: "own", port: "80" },
    ],
  });
});

test.each<[string, string, string[]]>([
  ["extends by name", "services:\n  web: {image: 'a:1'}\n  worker: {extends: web}\n", ["web a:1", "worker a:1"]],
  ["extends in a chain", "services:\n  c: {extends: {service: b}}\n  b: {extends: a}\n  a: {image: x}\n", ["c x", "b x", "a x"]],
  ["its own image before the one it extends", "services:\n  a: {image: x}\n  b: {extends: a, image: y}\n", ["a x", "b y"]],
  ["its own file by name", "services:\n  a: {image: x}\n  b: {extends: {file: ./compose.yaml, service: a}}\n", ["a x", "b x"]],
  ["several documents", `${WEB}---\nservices:\n  web: {image: 'a:2'}\n  db: {image: pg}\n`, ["web a:2", "db pg"]],
  ["a service that a later document takes away", `${WEB}---\nservices: {web: !reset null, db: {image: pg}}\n`, ["db pg"]],
  ["a build that is taken back", "services:\n  a: {build: ., image: x}\n  b: {extends: a, build: !reset null}\n", ["a x", "b x"]],
  ["an image beside a build", "services:\n  web: {build: ., image: 'x:1'}\n", ["web x:1"]],
  ["only a build", "services: {web: {build: .}}\n", ["web web"]],
  ["a build that is taken over", "x-a: &a\n  build: .\nservices:\n  web:\n    <<: *a\n", ["web web"]],
  ["variables", "services:\n  web: {image: 'a:${TAG:-${NONE-1}}${EMPTY}$$'}\n", ["web a:7$"]],
  ["a variable that only the server knows", "services:\n  web: {image: '${HOME}/x'}\n", ["web ${HOME}/x"]],
  ["services that do not run left out", "services:\n  web: {image: a}\n  debug: {profiles: [dev], build: .}\n", ["web a"]],
  [
    "services of a profile that is asked for",
    "services:\n  web: {image: a}\n  ops: {profiles: ['${P:-ops}'], image: b}\n",
    ["web a", "ops b"],
  ],
  ["an include of nothing", `include: []\n${WEB}`, ["web a:1"]],
  ["brackets that close at the left", "services: {\n  web: {image: 'a:1'}\n}\n", ["web a:1"]],
  ["a comment without a space", "services:\n  web:\n    image: 'a:1'#x\n", ["web a:1"]],
  ["an anchor of a document before", `x: &a {image: b}\n${WEB}---\nservices: {db: *a}\n`, ["web a:1", "db b"]],
  ["a key that is there twice, once to be reset", `${WEB}    image: !reset null\n`, ["web a:1"]],
  ["a merge key with its tag", "x-a: &a {image: 'a:1'}\nservices:\n  web:\n    !!merge <<: *a\n", ["web a:1"]],
  ["lines that end as on an old Mac", WEB.replaceAll("\n", "\r"), ["web a:1"]],
  ["a mark at its beginning", `\ufeff${WEB}`, ["web a:1"]],
])("a file is read as Compose merges it: %s", (_, text, services) => {
  const found = readCompose(text, { TAG: "7", EMPTY: "", COMPOSE_PROFILES: "x, ops", HOME: "/root" }).services;
  expect(found.map(({ name, image }) => `${name} ${image}`)).toEqual(services);
});

test("hundreds of services with anchors of anchors are read", () => {
  const anchors = "x-log: &log {driver: json-file}\nx-base: &base\n  logging: *log\nx-app: &app\n  <<: *base\n  image: app:1\n";
  const { services } = readCompose(
    `${anchors}services:\n${lines(200, (i) => `  s${i}:\n    <<: *app\n    environment: {N: ${i}}`)}\n`,
  );
  expect(services).toHaveLength(200);
});

test.each<[string, string, string, string]>([
  ["an empty file", " \n", "compose.invalid", "It is empty."],
  ["no service", "volumes: {a: {}}\n", "compose.unsupported", "There is no service in it"],
  ["none that runs", "services: {a: {image: x, profiles: [dev]}}\n", "compose.unsupported", "COMPOSE_PROFILES"],
  ["a typing mistake", "services: {web: {imag: nginx}}\n", "compose.invalid", 'Service "web" has no `image`. It has "imag"'],
  ["a circle", "services:\n  a: {extends: b}\n  b: {extends: a}\n", "compose.invalid", "extends itself"],
  ["a base that is not there", "services:\n  a: {extends: b, image: x}\n", "compose.invalid", '"b"'],
  ["an image that is not set", "services:\n  web: {image: '${IMAGE}'}\n", "compose.invalid", "is empty"],
  ["a mistake of YAML", "services:\n  web: {image: 'a}\n", "compose.invalid", "Line 3: Missing closing 'quote"],
  ["a service that Docker takes for an option", 'services: {"--help": {image: a}}\n', "compose.unsupported", "option"],
  [
    "an image that Docker takes for an option",
    "services: {web: {image: '--format={{.Config}}'}}\n",
    "compose.unsupported",
    "option",
  ],
])("what cannot be deployed is refused in plain words: %s", (_, text, code, words) => {
  const refused = refusalOf(() => readCompose(text));
  expect(refused.code).toBe(code);
  expect(refused.detail).toContain(words);
});

test.each([
  'services:\n  web:\n    image: a\n    command: [\n  x,   # why\n  "y # z"\n]\n',
  "services:\n  web:\n    image: a\n    environment: {\n A: 1,\n B: 'it''s [on'\n }\n",
  "services:\n  web: {\nimage: a,\ncommand: [\n'x'\n]\n}\n",
])("what stands in brackets may stand as far to the left as anybody likes (%#)", (text) => {
  expect(readCompose(text).services).toMatchObject([{ name: "web", image: "a" }]);
});

test("a bracket that never closes is refused, with the line of the file", () => {
  expect(() => readCompose("services:\n  web:\n    image: a\n    command: [\n  x,\n  y\n")).toThrow(/Line \d/);
});

test("services may be called as JavaScript calls things of its own", () => {
  const names = ["constructor", "toString", "hasOwnProperty"];
  const { services } = readCompose(`services:\n${names.map((name) => `  ${name}: {image: a}`).join("\n")}\n`);
  expect(services.map(({ name }) => name)).toEqual(names);
});

const paths = [
  "a",
  "a/b.txt",
  "a b/ü.conf",
  "./x",
  "x/../y",
  "-rf",
  "$(id)",
  "'\"`",
  "a\nb",
  "a\u007f",
  "releases/1.md",
  "release.json",
  "current",
  ".berth/x",
  "addons/x.yaml",
];
const bad = ["", ".", "..", "../x", "/etc/passwd", "a/../../x", "dir/", "a\0", "x".repeat(201)];
const taken = ["compose.yaml", ".env", ".berth-images.yaml", "compose.yaml/x", ".env/x", "x/../.env"];

test("a path that is accepted can be sent to a server, and one that cannot is refused at once", () => {
  for (const path of paths) expect(() => checkOnServer(checkPath(path))).not.toThrow();
  for (const path of [...bad, ...taken]) expect(refusalOf(() => checkPath(path)).code).toBe("input.invalid");
  for (const path of taken)
    expect(refusalOf(() => checkPath(path)).detail).toMatch(/called (?:compose\.yaml|\.env|\.berth-images\.yaml):/u);
});

describe("an image that is named beside the file", () => {
  const file = "services:\n  web:\n    build: .\n  db:\n    image: postgres:17\n  job:\n    image: job:1\n    profiles: [ops]\n";
  const read = (images: Record<string, string>) => readWith(file, lookupIn({}), { images }).services;

  test("counts in place of what the file says, also where that would build one, and only for that service", () => {
    expect(read({ web: "ghcr.io/acme/web:2" })).toEqual([
      { name: "web", image: "ghcr.io/acme/web:2", given: true },
      { name: "db", image: "postgres:17" },
    ]);
    expect(read({ db: "postgres:18" })[0]).toEqual({ name: "web", image: "web", built: true });
  });

  test("is refused for a service that is not there or not deployed, naming those that are", () => {
    for (const name of ["shop", "job", "__proto__", "constructor"]) {
      const refused = refusalOf(() => read({ web: "a", ...Object.fromEntries([[name, "a"]]) }));
      expect(refused).toMatchObject({ code: "compose.no_service", detail: expect.stringContaining("web, db.") });
    }
  });

  test("does not change a service that extends the one it is named for, as with Compose", () => {
    const extended = "services:\n  web:\n    image: a:1\n  worker:\n    extends: web\n";
    expect(readWith(extended, lookupIn({}), { images: { web: "b:2" } }).services).toEqual([
      { name: "web", image: "b:2", given: true },
      { name: "worker", image: "a:1" },
    ]);
  });

  test("is a name that Docker reads, and nothing that it takes for an option, an id or an address", () => {
    const digest = `sha256:${"a".repeat(64)}`;
    for (const good of [
      "a",
      "web:1.2",
      "ghcr.io/me/web",
      `ghcr.io/me/web@${digest}`,
      `localhost:5000/a/b_c__d-e.f:V1@${digest}`,
      "[::1]:5000/a",
    ])
      expect(isReference(good), good).toBe(true);
    for (const bad of [
      "",
      "-v",
      "--rm",
      "-a/b",
      "Web",
      "a b",
      "a\nb",
      "a\n",
      "$(id)",
      "${TAG}",
      "a:",
      "a:-x",
      "a:b:c",
      "a//b",
      "/a",
      "a@sha256:abc",
      "a@md5:aaaa",
      "https://ghcr.io/a",
      "a".repeat(501),
      "f".repeat(64),
      digest,
    ])
      expect(isReference(bad), bad).toBe(false);
  });
});

test("the names that no file of a bundle may have are the same on the server", () => {
  const [, names = ""] = /^ours\(\) \{\n {2}case \$path in (.+?)\)/mu.exec(runner) ?? [];
  expect(names.split(" | ")).toEqual([...RESERVED]);
  const services = [{ name: "web", image: "a", given: true }];
  const bundle = withGenerated({ compose: "a", files: [], variables: {} }, "{}");
  const written = filesOf({ services }, bundle).map(({ path }) => path);
  expect(written.sort()).toEqual([...RESERVED].sort());
});

test("two files at one path, and a file where another has its folder, are refused", () => {
  expect(() => checkPaths(["a", "b/c", "b/d", "ab"])).not.toThrow();
  expect(refusalOf(() => checkPaths(["a", "a"])).code).toBe("input.invalid");
  expect(refusalOf(() => checkPaths(["a/b/c", "a/b"])).code).toBe("input.invalid");
});
