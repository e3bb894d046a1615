// biome-ignore-all lint/suspicious/noTemplateCurlyInString: it is the syntax of Compose that is tested here
import { chmod, mkdir, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { BUNDLE_BYTES as SERVICE_BYTES } from "@berth/domain/release/release.ts";
import { describe, expect, test } from "vitest";
import { nameOfFolder } from "../../packages/cli/src/app/name.ts";
import { BUNDLE_BYTES, makeBundle } from "../../packages/cli/src/compose/bundle.ts";
import { findProject } from "../../packages/cli/src/compose/project.ts";
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

const WEB = "services:\n  web:\n    image: a\n";

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
    const folder = await cli.folder({ "compose.yaml": WEB });
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
    const compose = "services:\n  web: {image: a, build: .}\n";
    expect(
      await notes(compose, "COMPOSE_FILE=x.yaml\nCOMPOSE_PROJECT_NAME=shop\nWHERE=${PWD}/x ${HOME}\n", { HOME: "/me" }),
    ).toEqual([
      "This machine's in .env: HOME",
      "PWD in .env is the app's folder on the server",
      "Not used from .env: COMPOSE_FILE, COMPOSE_PROJECT_NAME",
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
    ["a build", "services:\n  web: {build: .}\n", "compose.unsupported", 'compose.yaml: Service "web" is built from source.'],
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
    const folder = await cli.folder({});
    for (const bytes of [Buffer.from(`\ufeff${WEB}`, "utf16le"), Buffer.from(`\ufeff${WEB}`, "utf16le").swap16()]) {
      await writeFile(join(folder, "compose.yaml"), bytes);
      expect((await makeBundle(await findProject(folder), {})).read.services).toEqual([{ name: "web", image: "a" }]);
    }
  });
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

  test("takes along a seccomp profile, which Compose reads where the service starts", async () => {
    const compose =
      "services:\n  web:\n    image: a\n    security_opt: ['seccomp:./chrome.json', 'seccomp=${P:-more.json}', 'seccomp:unconfined', no-new-privileges]\n";
    const files = { "chrome.json": "{}", "more.json": "{}" };
    expect(paths(await bundle({ "compose.yaml": compose, ...files }))).toEqual(["chrome.json", "more.json"]);
    expect((await problem(() => bundle({ "compose.yaml": compose, "more.json": "{}" }))).detail).toBe(
      "./chrome.json (service web) is not there.",
    );
  });

  test("takes variables that the file names from the shell first, as Compose does, and never those of the machine", async () => {
    const compose = "services:\n  a:\n    image: app:${TAG}\n    environment: [ 'P=${HOME}', 'X=${UNSET}', 'Y=${PASS:-x}' ]\n";
    const bundled = await bundle(
      { "compose.yaml": compose, ".env": "TAG=1\nOTHER=2\n" },
      { TAG: "2", HOME: "/me", OTHER: "3", SECRET: "s" },
    );
    expect(bundled.bundle.variables).toEqual({ TAG: "2", OTHER: "2" });
    expect(bundled.notes).toEqual(["From your shell: TAG", "Set nowhere, so empty: UNSET", "The server's own: HOME"]);
  });

  test("says that an override file stays at home", async () => {
    const bundled = await bundle({ "compose.yml": WEB, "compose.override.yml": WEB });
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

  test.each(["configs", "secrets", "env_file", "volumes"])(
    "holds nothing that a link in the middle of a path leads out to: %s",
    async (kind) => {
      const at = "./link/id_rsa";
      const of = {
        configs: `configs:\n  a:\n    file: ${at}\n`,
        secrets: `secrets:\n  a:\n    file: ${at}\n`,
        env_file: `    env_file: ${at}\n`,
        volumes: `    volumes: ["${at}:/x"]\n`,
      }[kind];
      const folder = await cli.folder({ "compose.yaml": `services:\n  web:\n    image: a\n${of}` });
      await mkdir(`${folder}-outside`);
      await writeFile(join(`${folder}-outside`, "id_rsa"), "private");
      await symlink(`${folder}-outside`, join(folder, "link"));
      expect((await problem(async () => makeBundle(await findProject(folder), {}))).detail).toMatch(
        /link\/id_rsa .*outside the app's folder/u,
      );
    },
  );

  test("leaves out links below a folder that lead nowhere or round in a circle, by name, and refuses one that is needed", async () => {
    const folder = await cli.folder({
      "compose.yaml": "services:\n  web:\n    image: a\n    volumes: ['./conf:/etc/app']\n",
      "conf/a.conf": "a",
    });
    await symlink("user@host.1234:1700", join(folder, "conf", ".#a.conf"));
    await symlink("loop", join(folder, "conf", "loop"));
    const bundled = await makeBundle(await findProject(folder), {});
    expect(paths(bundled)).toEqual(["conf/a.conf"]);
    expect(bundled.notes).toContain("Links that lead nowhere, so not taken along: conf/.#a.conf, conf/loop");
    await writeFile(
      join(folder, "compose.yaml"),
      "services:\n  web:\n    image: a\n    configs: [a]\nconfigs:\n  a:\n    file: ./conf/loop\n",
    );
    expect((await problem(async () => makeBundle(await findProject(folder), {}))).detail).toContain(
      "./conf/loop (config a) is a link that leads nowhere",
    );
  });

  test("follows two folders that link to each other to their end", async () => {
    const folder = await cli.folder({
      "compose.yaml": "services:\n  web:\n    image: a\n    volumes: ['./one:/one']\n",
      "one/a": "a",
      "two/b": "b",
    });
    await symlink("../two", join(folder, "one", "two"));
    await symlink("../one", join(folder, "two", "one"));
    expect(paths(await makeBundle(await findProject(folder), {}))).toEqual(["one/a", "one/two/b"]);
  });

  test("says of a file that it can be executed", async () => {
    const folder = await cli.folder({
      "compose.yaml": "services:\n  web:\n    image: a\n    volumes: ['./start.sh:/start.sh', './a:/a']\n",
      "start.sh": "#!/bin/sh\n",
      a: "a",
    });
    await chmod(join(folder, "start.sh"), 0o755);
    const { bundle: made } = await makeBundle(await findProject(folder), {});
    expect(made.files.map(({ path, executable }) => [path, executable])).toEqual([
      ["start.sh", true],
      ["a", undefined],
    ]);
  });

  test("leaves configs, secrets and env files at an absolute path to the server, and says so", async () => {
    const bundled = await bundle({
      "compose.yaml":
        "services:\n  web:\n    image: a\n    env_file: /etc/shop.env\n    secrets: [db]\nsecrets:\n  db:\n    file: /root/secrets/db.txt\n",
    });
    expect(paths(bundled)).toEqual([]);
    expect(bundled.notes).toContain("Read on the server: /etc/shop.env (service web), /root/secrets/db.txt (secret db)");
  });

  test("says of what only the shell of a login has that it is set nowhere, and of what a server has that it is the server's", async () => {
    const bundled = await bundle(
      { "compose.yaml": "services:\n  web:\n    image: a\n    user: $UID:${GID}\n    labels: ['${USER} ${HOME} ${PWD}']\n" },
      { USER: "ada", UID: "1000", HOME: "/home/ada", PWD: "/here" },
    );
    expect(bundled.notes).toEqual(["Set nowhere, so empty: UID, GID, USER", "The server's own: HOME"]);
    expect(bundled.bundle.variables).toEqual({});
  });

  test("has room for folders that are called like ours", async () => {
    const bundled = await bundle({
      "compose.yaml":
        "services:\n  web:\n    image: a\n    volumes: ['./releases:/a', './release.json:/b', './addons:/c', './current:/d']\n",
      "releases/1.md": "1",
      "release.json": "{}",
      "addons/x.yaml": "services: {}",
      current: "c",
    });
    expect(paths(bundled)).toEqual(["addons/x.yaml", "current", "release.json", "releases/1.md"]);
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

  test("takes along what ${PWD} and what is extended, bound or overridden name, as for a path with a dot", async () => {
    const compose = `services:
  base: { image: a, volumes: ['\${PWD}/conf:/etc/shop:ro', '.hidden:/h'], env_file: base.env, profiles: [never] }
  web: { extends: base, profiles: !reset [], label_file: labels }
volumes: { data: { driver_opts: { type: none, o: bind, device: ./disk } } }
`;
    const files = { "conf/shop.conf": "c", "base.env": "A=1", ".hidden": "h", labels: "a=b", "disk/x": "x", other: "no" };
    expect(paths(await bundle({ "compose.yaml": compose, ...files }, { PWD: "/elsewhere" }))).toEqual(
      [".hidden", "base.env", "conf/shop.conf", "disk/x", "labels"].sort(),
    );
  });

  test("needs no file of a service that does not run, and no secret that no service has", async () => {
    const compose = `services:
  web: { image: a }
  debug: { image: b, profiles: [dev], env_file: gone.env, secrets: [key] }
secrets: { key: { file: gone.txt }, unused: { file: gone2.txt } }
`;
    expect(paths(await bundle({ "compose.yaml": compose }))).toEqual([]);
    const refused = await problem(() => bundle({ "compose.yaml": compose }, { COMPOSE_PROFILES: "dev" }));
    expect(refused.detail).toBe("gone.env (service debug) is not there.");
  });

  test("needs the files that Compose needs", async () => {
    const refused = await problem(() => bundle({ "compose.yaml": "services:\n  a:\n    image: a\n    env_file: gone.env\n" }));
    expect(refused.detail).toBe("gone.env (service a) is not there.");
  });
});

test("the services that publish a host port are found in every form of it", async () => {
  const compose = `
services:
  short: { image: a, ports: ["8080:80"] }
  bound: { image: a, ports: ["127.0.0.1:5432:5432/tcp"] }
  long: { image: a, ports: [{ target: 80, published: 443 }] }
  named: { image: a, ports: ["\${PORT:-99}:80"] }
  taken: { extends: short, ports: !override ["9:9"] }
  long_named: { image: a, ports: [{ target: 80, published: "\${PORT:-98}" }] }
  long_empty: { image: a, ports: [{ target: 80, published: "\${PORT}" }] }
  inner: { image: a, ports: ["80", 81, "127.0.0.1::82"] }
  none: { image: a }
`;
  expect((await bundle({ "compose.yaml": compose })).read.published).toEqual([
    { service: "short", port: "8080" },
    { service: "bound", port: "5432" },
    { service: "long", port: "443" },
    { service: "named", port: "99" },
    { service: "taken", port: "9" },
    { service: "long_named", port: "98" },
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
