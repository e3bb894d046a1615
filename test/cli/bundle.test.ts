// biome-ignore-all lint/suspicious/noTemplateCurlyInString: it is the syntax of Compose that is tested here
import { symlink } from "node:fs/promises";
import { join } from "node:path";
import { BUNDLE_BYTES as SERVICE_BYTES } from "@berth/domain/release/release.ts";
import { describe, expect, test } from "vitest";
import { nameOfFolder } from "../../packages/cli/src/app/name.ts";
import { BUNDLE_BYTES, makeBundle } from "../../packages/cli/src/compose/bundle.ts";
import { readCompose } from "../../packages/cli/src/compose/files.ts";
import { findProject } from "../../packages/cli/src/compose/project.ts";
import { interpolate, parseEnv, references } from "../../packages/cli/src/compose/variables.ts";
import { Refused } from "../../packages/cli/src/refusal.ts";
import { useCli } from "./harness.ts";

const cli = useCli();
const problem = async (work: () => unknown) => {
  try {
    await work();
  } catch (error) {
    if (error instanceof Refused) return error.problem;
    throw error;
  }
  throw new Error("it was not refused");
};
const bundle = async (files: Record<string, string>, env = {}) => makeBundle(await findProject(await cli.folder(files)), env);
const paths = (bundled: Awaited<ReturnType<typeof bundle>>) => bundled.bundle.files.map(({ path }) => path).sort();

describe("a variables file", () => {
  const env = (text: string, outer: Record<string, string> = {}) => parseEnv(text, ".env", (name) => outer[name]);

  test("is read as Compose reads it", () => {
    const text = [
      "\ufeffPLAIN=value # a comment",
      "  export EXPORTED = spaced  ",
      "EMPTY=",
      "# nothing",
      "",
      "HASH=a#b",
      "SINGLE='as $IT is \\n'",
      'DOUBLE="line\\nnext \\"quoted\\" \\$5 ${PLAIN}"',
      "MULTI='first",
      "second'",
      "REFERS=${PLAIN}/${NONE:-default}/$PLAIN",
      "DOLLAR=a$$b",
      "INHERITED",
      "NOT_INHERITED",
      "CRLF=x\r",
    ].join("\n");
    expect(env(text, { INHERITED: "from outside" })).toEqual({
      PLAIN: "value",
      EXPORTED: "spaced",
      EMPTY: "",
      HASH: "a#b",
      SINGLE: "as $IT is \\n",
      DOUBLE: 'line\nnext "quoted" $5 value',
      MULTI: "first\nsecond",
      REFERS: "value/default/value",
      DOLLAR: "a$b",
      INHERITED: "from outside",
      CRLF: "x",
    });
  });

  test.each([
    ["A=1\nB='open", "line 2: the quotes do not end"],
    ["A=1\nA.B=2", 'line 2: "A.B" is no name'],
    ["A=1\n\nnot a line", "line 3: it is not NAME=value"],
  ])("that is broken is refused with its line: %j", async (text, why) => {
    expect((await problem(() => env(text))).detail).toContain(why);
  });

  test("never shows a value in a refusal", async () => {
    expect(JSON.stringify(await problem(() => env("PASSWORD='hunter2")))).not.toContain("hunter2");
  });
});

test("references follow Compose's rules for what is unset and what is empty", () => {
  const get = (name: string) => ({ SET: "x", EMPTY: "" })[name];
  const cases = {
    "${SET}|$SET|${NONE}": "x|x|",
    "${NONE:-d}|${NONE-d}|${EMPTY:-d}|${EMPTY-d}": "d|d|d|",
    "${SET:+y}|${NONE:+y}|${EMPTY+y}": "y||y",
    "${NONE:-${SET}}": "x",
    "$$SET|$": "$SET|$",
  };
  for (const [text, expected] of Object.entries(cases)) expect(interpolate(text, get), text).toBe(expected);
  expect(references("${A} ${B:-x} $C $$D ${A:-y}")).toEqual([
    { name: "A", bare: true },
    { name: "B", bare: false },
    { name: "C", bare: true },
  ]);
});

describe("a bundle", () => {
  test("takes along what the file mounts and reads, and nothing else", async () => {
    const compose = `
services:
  web:
    image: nginx
    volumes:
      - ./nginx.conf:/etc/nginx/nginx.conf:ro
      - { type: bind, source: site, target: /site }
      - data:/data
      - /var/run/docker.sock:/var/run/docker.sock
      - ./made-by-docker:/cache
      - \${CONF:-./default.conf}:/default.conf
    env_file:
      - web.env
      - { path: optional.env, required: false }
  worker:
    image: worker
    env_file: .env
configs:
  app: { file: ./app.conf }
secrets:
  key: { file: secrets/key }
volumes: { data: {} }
`;
    const bundled = await bundle({
      "compose.yaml": compose,
      ".env": "A=1\n",
      "nginx.conf": "n",
      "site/index.html": "i",
      "site/deep/x.css": "x",
      "site/.git/HEAD": "no",
      "default.conf": "d",
      "web.env": "W=1",
      "app.conf": "a",
      "secrets/key": "k",
      "unrelated.txt": "no",
    });
    expect(paths(bundled)).toEqual(
      ["nginx.conf", "site/index.html", "site/deep/x.css", "default.conf", "web.env", "app.conf", "secrets/key"].sort(),
    );
    expect(bundled.bundle.variables).toEqual({ A: "1" });
    expect(bundled.bundle.compose).toBe(compose);
    expect(Buffer.from(bundled.bundle.files.find(({ path }) => path === "secrets/key")?.content ?? "", "base64").toString()).toBe(
      "k",
    );
  });

  test("takes variables that the file names from the shell first, as Compose does, and never those of the machine", async () => {
    const compose = "services:\n  a:\n    image: app:${TAG}\n    environment: [ 'P=${HOME}', 'X=${UNSET}', 'Y=${PASS:-x}' ]\n";
    const bundled = await bundle(
      { "compose.yaml": compose, ".env": "TAG=1\nOTHER=2\n" },
      { TAG: "2", HOME: "/me", OTHER: "3", SECRET: "s" },
    );
    expect(bundled.bundle.variables).toEqual({ TAG: "2", OTHER: "2" });
    expect(bundled.notes).toEqual(["From your shell: TAG", "Set nowhere, so empty: UNSET"]);
  });

  test("says that an override file stays at home", async () => {
    const bundled = await bundle({ "compose.yml": "services: {}\n", "compose.override.yml": "services: {}\n" });
    expect(bundled.notes).toEqual(["compose.override.yml is not taken along; only compose.yml is"]);
  });

  test("that is too large is refused before anything is sent, with the biggest files", async () => {
    const noise = (bytes: number) =>
      Array.from({ length: bytes }, () => String.fromCharCode(33 + Math.floor(Math.random() * 90))).join("");
    const compose = "services:\n  a:\n    image: a\n    volumes: ['./data:/data']\n";
    const refused = await problem(() => bundle({ "compose.yaml": compose, "data/big": noise(300_000), "data/small": "x" }));
    expect(refused).toMatchObject({ code: "bundle.too_large" });
    expect(refused.detail).toMatch(/KB compressed; 256 KB is the most\. The biggest: data\/big \(293 KB\)/);
    const wide = await problem(() => bundle({ "compose.yaml": compose, "data/flat": "x".repeat(900_000) }));
    expect(wide.detail).toMatch(/KB to send; 1024 KB is the most/);
  });

  test("the limit is the service's own", () => {
    expect(BUNDLE_BYTES).toBe(SERVICE_BYTES);
  });

  test.each([
    ["../outside.conf:/x", "is outside the app's folder"],
    ["./link:/x", "is outside the app's folder"],
  ])("holds nothing from outside its folder: %s", async (volume, why) => {
    const folder = await cli.folder({ "compose.yaml": `services:\n  a:\n    image: a\n    volumes: ['${volume}']\n` });
    await symlink("/etc", join(folder, "link"));
    const refused = await problem(async () => makeBundle(await findProject(folder), {}));
    expect(refused).toMatchObject({ code: "cli.file" });
    expect(refused.detail).toContain(why);
  });

  test("follows links inside it once", async () => {
    const folder = await cli.folder({
      "compose.yaml": "services:\n  a:\n    image: a\n    volumes: ['./site:/x']\n",
      "site/a/file": "f",
    });
    await symlink("..", join(folder, "site", "a", "up"));
    await symlink("a/file", join(folder, "site", "copy"));
    const { bundle: made } = await makeBundle(await findProject(folder), {});
    expect(made.files.map(({ path }) => path).sort()).toEqual(["site/a/file", "site/copy"]);
  });

  test("needs the files that Compose needs", async () => {
    const refused = await problem(() => bundle({ "compose.yaml": "services:\n  a:\n    image: a\n    env_file: gone.env\n" }));
    expect(refused.detail).toBe("gone.env (service a) is not there.");
  });
});

test("the services that publish a host port are found in every form of it", () => {
  const text = `
services:
  short: { image: a, ports: ["8080:80"] }
  bound: { image: a, ports: ["127.0.0.1:5432:5432/tcp"] }
  long: { image: a, ports: [{ target: 80, published: 443 }] }
  named: { image: a, ports: ["\${PORT:-99}:80"] }
  inner: { image: a, ports: ["80"] }
  none: { image: a }
`;
  expect(readCompose(text, "compose.yaml", () => undefined).published).toEqual([
    { service: "short", port: "8080" },
    { service: "bound", port: "5432" },
    { service: "long", port: "443" },
    { service: "named", port: "99" },
  ]);
});

test.each([
  ["My Shop.v2", "my-shop-v2"],
  ["Café Ünï", "cafe-uni"],
  ["2048", "app-2048"],
  ["--x--", "x"],
  ["a".repeat(60), "a".repeat(39)],
  ["日本", undefined],
])("the folder %j makes the app %j", (folder, name) => {
  expect(nameOfFolder(join("/somewhere", folder))).toBe(name);
});

describe("berth.yaml", () => {
  test.each([
    ["app: [a]", '"app" is a name'],
    ["targets: web1", '"targets" is a list of names'],
    ["region: eu", '"region" is none of app, environment, targets'],
    ["app: 'x", "berth.yaml:"],
  ])("that says %j is refused", async (text, why) => {
    const folder = await cli.folder({ "compose.yaml": "services: {}", "berth.yaml": text });
    expect((await problem(() => findProject(folder))).detail).toContain(why);
  });

  test("is found beside the Compose file that is named", async () => {
    const folder = await cli.folder({ "deploy/stack.yaml": "services: {}", "deploy/berth.yaml": "app: shop\ntargets: [web1]\n" });
    const project = await findProject(folder, "deploy/stack.yaml");
    expect(project).toMatchObject({ file: "stack.yaml", settings: { app: "shop", targets: ["web1"] } });
  });
});
