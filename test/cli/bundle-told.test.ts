// biome-ignore-all lint/suspicious/noTemplateCurlyInString: it is the syntax of Compose that is tested here
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { makeBundle } from "../../packages/cli/src/compose/bundle.ts";
import { findProject } from "../../packages/cli/src/compose/project.ts";
import { bundle, newFolder, problem, WEB } from "./project.ts";

describe("the file of variables", () => {
  const variables = async (env: string, shell = {}) =>
    (await bundle({ "compose.yaml": WEB, ".env": env }, shell)).bundle.variables;

  test("is said to hold the shell's variables too where a service reads it, and nowhere else", async () => {
    const compose = (file: string) => `services:\n  web:\n    image: a:\${TAG}\${OWN}\${SAME}\n    env_file: ${file}\n`;
    const files = { ".env": "OWN=1\nSAME=2\n", "web.env": "A=1\n" };
    const notes = async (file: string) =>
      (await bundle({ ...files, "compose.yaml": compose(file) }, { TAG: "7", OWN: "8", SAME: "2" })).notes;
    for (const file of [".env", "./.env", "[web.env, {path: .env}]"])
      expect(await notes(file)).toEqual([
        "From your shell: TAG, OWN, SAME",
        "In .env on the server, so services with env_file: .env get them too: TAG, OWN",
      ]);
    expect(await notes("web.env")).toEqual(["From your shell: TAG, OWN, SAME"]);
  });

  test("gives every name that Compose takes, with Compose's value", async () => {
    expect(
      await variables(
        "COLOUR=#ff8800\nMOTTO='it\\'s on'\nTABBED=a\t#b\napp.datasource.url=jdbc:x\na-b: 1\na[0]=2\n1a=3\nINHERITED\nGONE\nREF=${COLOUR}/${X}\n",
        { INHERITED: "from outside", X: "x" },
      ),
    ).toEqual({
      COLOUR: "#ff8800",
      MOTTO: "it's on",
      TABBED: "a\t#b",
      "app.datasource.url": "jdbc:x",
      "a-b": "1",
      "a[0]": "2",
      "1a": "3",
      INHERITED: "from outside",
      REF: "#ff8800/x",
    });
  });

  test.each<[string, string | Buffer, string]>([
    ["quotes without an end", "A=1\nB='open", ".env, line 2: the quotes do not end."],
    ["what is no line", "A=1\n\nnot a line\n", ".env, line 3: it is not NAME=value; there is a space in the name."],
    ["a strange name", "A=1\nhunter2!=x", ".env, line 2: it is not NAME=value; a name is letters, digits and _ . - [ ]."],
    ["what has to be set", "A=${B:?why}", ".env, line 1: B has to be set: why."],
    ["UTF-16", Buffer.from("\ufeffA=1", "utf16le"), "is UTF-16."],
    ["Latin-1", Buffer.from([0x41, 0x3d, 0xe9]), "is not UTF-8 text."],
    ["a value without end", `A=${"x".repeat(40_000)}`, ".env: A has more than 32 KB."],
    ["names without end", "A=1\n".repeat(3) + Array.from({ length: 1001 }, (_, i) => `V${i}=1\n`).join(""), "1000 is the most."],
  ])("that is broken is refused with its line: %s", async (_, env, why) => {
    const folder = await newFolder({ "compose.yaml": WEB });
    await writeFile(join(folder, ".env"), env);
    expect((await problem(async () => makeBundle(await findProject(folder), {}))).detail).toContain(why);
  });

  test("never shows a value in a refusal", async () => {
    for (const env of ["PASSWORD='hunter2", "hunter2!", "PASSWORD=hunter2 ${1}", "hunter2 x\n"])
      expect(JSON.stringify(await problem(() => variables(env))), env).not.toContain("hunter2");
  });
});

describe("the notes name what is really so", () => {
  const notes = async (compose: string, env = "", shell = {}, files = {}) =>
    (await bundle({ "compose.yaml": compose, ".env": env, ...files }, shell)).notes;

  test("a dollar in a value of .env that names nothing", async () => {
    const compose = "services:\n  web:\n    image: a\n    environment: {DB: '${DB_PASSWORD}'}\n";
    const { bundle: made, notes: said } = await bundle({ "compose.yaml": compose, ".env": "DB_PASSWORD=s3cr$tword9\n" });
    expect(made.variables.DB_PASSWORD).toBe("s3cr");
    expect(said).toEqual(["Set nowhere, so empty in .env: tword9 (for a dollar write $$, or 'single quotes')"]);
  });

  test("no name of a comment, and none that Compose sets itself", async () => {
    const compose =
      "# ${OLD_NAME} or $LEGACY\nservices:\n  web:\n    image: a # ${OLD_TAG}\n    container_name: ${COMPOSE_PROJECT_NAME}-${PWD:-x}\n";
    expect(await notes(compose, "", { OLD_NAME: "private" })).toEqual([]);
    expect((await bundle({ "compose.yaml": compose }, { OLD_NAME: "private" })).bundle.variables).toEqual({});
  });

  test("names without a value, of secrets and of env files, which are taken from the shell too", async () => {
    const compose = `services:
  web:
    image: a
    environment: [LISTED, ABSENT]
    env_file: web.env
    secrets: [key, lost]
  off: { image: b, profiles: [ops] }
secrets: { key: { environment: KEY }, lost: { environment: LOST } }
`;
    const shell = { LISTED: "1", KEY: "2", ALONE: "3", INSIDE: "4", COMPOSE_PROFILES: "ops", OTHER: "5", COMMENT: "6" };
    const made = await bundle(
      { "compose.yaml": compose, "web.env": "# $COMMENT\nALONE\nA=${INSIDE}${LACKING}${A}\nB=${A}\n" },
      shell,
    );
    const { OTHER, COMMENT, ...taken } = shell;
    expect(made.bundle.variables).toEqual(taken);
    expect(made.notes).toEqual([
      "From your shell: LISTED, KEY, ALONE, INSIDE, COMPOSE_PROFILES",
      "Set nowhere, so empty: LOST, LACKING, A",
    ]);
  });

  test("what is needed and not what a default stands in for", async () => {
    const compose =
      "services:\n  web:\n    image: a:${TAG:-${BASE:-1}}\n    labels: {x: '${NO:+$DEEP}', y: '${A-${B}}', z: '${$C}'}\n".replace(
        ", z: '${$C}'",
        "",
      );
    expect(await notes(compose, "TAG=2\n")).toEqual(["Set nowhere, so empty: B"]);
  });

  test("no name that a file of variables before it sets, of the same service", async () => {
    const compose = "services:\n  web: {image: a, env_file: [one.env, two.env]}\n  job: {image: a, env_file: two.env}\n";
    const shell = { OUT: "1", SHADOWED: "2" };
    const files = { "one.env": "ONE=1\nSHADOWED=2\n", "two.env": "URL=${ONE}/${SHADOWED}/${OUT}\n" };
    // Which of the shell's and the file's counts is a matter of Compose's version, so the shell's is there.
    expect(await notes(compose.replace(/ {2}job.*\n/, ""), "", shell, files)).toEqual(["From your shell: SHADOWED, OUT"]);
    expect(await notes(compose, "", shell, files)).toEqual(["From your shell: SHADOWED, OUT", "Set nowhere, so empty: ONE"]);
  });

  test("no name that the service itself sets for its files of variables, which may need it", async () => {
    const compose = (environment: string) =>
      `services:\n  base: {image: a, environment: {HOST: "db-\${N:-1}"}}\n  web: {extends: base, env_file: web.env${environment}}\n`;
    const files = { "web.env": "URL=${HOST}:${PORT:?}/${NAME}\n" };
    expect(await notes(compose(", environment: [PORT=1, NAME=]"), "", {}, files)).toEqual([]);
    expect(await notes(compose(", environment: [PORT, NAME=]"), "", { PORT: "2" }, files)).toEqual(["From your shell: PORT"]);
    await expect(notes(compose(", environment: [PORT, NAME=]"), "", {}, files)).rejects.toThrow();
    await expect(notes(compose(""), "", {}, files)).rejects.toThrow();
  });

  test("what the server has of its own, and what it reads there", async () => {
    const compose =
      "services:\n  web:\n    image: a\n    user: ${UID}\n    volumes: ['${HOME}/x:/x', '/srv:/srv']\n    env_file: /etc/shop/prod.env\n    secrets: [db]\nsecrets: {db: {file: /root/secrets/db.txt}}\n";
    expect(await notes(compose, "", { HOME: "/me" })).toEqual([
      "Set nowhere, so empty: UID",
      "The server's own: HOME",
      "Read on the server: /etc/shop/prod.env (service web), /root/secrets/db.txt (secret db)",
    ]);
  });

  test("settings of Compose that are not used, and an image that is not built", async () => {
    const compose = "services:\n  web: {image: a, build: ., pull_policy: always}\n";
    expect(
      await notes(compose, "COMPOSE_ENV_FILES=x.env\nCOMPOSE_PROJECT_NAME=shop\nWHERE=${PWD}/x ${HOME}\n", { HOME: "/me" }),
    ).toEqual([
      "This machine's in .env: HOME",
      "PWD in .env is the app's folder on the server",
      "Not used from .env: COMPOSE_ENV_FILES, COMPOSE_PROJECT_NAME",
      "Pulled, not built: web",
    ]);
  });
});

describe("a Compose file that is refused for certain", () => {
  test.each<[string, string, string, string]>([
    [
      "a variable that has to be set",
      "services:\n  web: {image: 'a:${TAG:?the version}', user: '${U?}'}\n",
      "compose.invalid",
      "compose.yaml: TAG has to be set: the version; U has to be set.",
    ],
    [
      "what is no reference",
      "services:\n  web: {image: a, command: 'echo ${1X}'}\n",
      "compose.invalid",
      'compose.yaml: "${1X}" is no reference to a variable. A dollar that is meant is written $$.',
    ],
    [
      "a typing mistake",
      "services:\n  web: {imag: a}\n",
      "compose.invalid",
      'compose.yaml: Service "web" has no `image`. It has "imag": is that meant to be `image`?',
    ],
    ["nothing", "\n", "compose.invalid", "compose.yaml: It is empty."],
  ])("says what is wrong with it: %s", async (_, compose, code, detail) => {
    const refused = await problem(() => bundle({ "compose.yaml": compose }));
    expect(refused.code).toBe(code);
    expect(refused.detail).toContain(detail);
  });

  test("in UTF-16 is read, as Compose reads it", async () => {
    const folder = await newFolder({});
    for (const bytes of [Buffer.from(`\ufeff${WEB}`, "utf16le"), Buffer.from(`\ufeff${WEB}`, "utf16le").swap16()]) {
      await writeFile(join(folder, "compose.yaml"), bytes);
      expect((await makeBundle(await findProject(folder), {})).read.services).toEqual([{ name: "web", image: "a" }]);
    }
  });
});

describe("berth.yaml", () => {
  test.each([
    ["app: [a]", '"app" is a name'],
    ["targets: web1", '"targets" is a list of names'],
    ["region: eu", '"region" is none of app, environment, targets'],
    ["app: 'x", "berth.yaml:"],
  ])("that says %j is refused", async (text, why) => {
    const folder = await newFolder({ "compose.yaml": "services: {}", "berth.yaml": text });
    expect((await problem(() => findProject(folder))).detail).toContain(why);
  });

  test("is found beside the Compose file that is named", async () => {
    const folder = await newFolder({ "deploy/stack.yaml": "services: {}", "deploy/berth.yaml": "app: shop\ntargets: [web1]\n" });
    const project = await findProject(folder, ["deploy/stack.yaml"]);
    expect(project).toMatchObject({ files: [{ path: "stack.yaml" }], settings: { app: "shop", targets: ["web1"] } });
  });
});
