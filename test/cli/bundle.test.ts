// biome-ignore-all lint/suspicious/noTemplateCurlyInString: it is the syntax of Compose that is tested here
import { chmod, mkdir, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { nameOfFolder } from "../../packages/cli/src/app/name.ts";
import { makeBundle } from "../../packages/cli/src/compose/bundle.ts";
import { findProject } from "../../packages/cli/src/compose/project.ts";
import { bundle, newFolder, problem } from "./project.ts";

const noise = (bytes: number) =>
  Array.from({ length: bytes }, () => String.fromCharCode(33 + Math.floor(Math.random() * 90))).join("");
const paths = (bundled: Awaited<ReturnType<typeof bundle>>) => bundled.bundle.files.map(({ path }) => path).sort();

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

  test("is refused where what Compose reads of it is too large, before anything is sent and with the biggest files", async () => {
    const compose = "services:\n  a:\n    image: a\n    env_file: [big.env, small.env]\n";
    const refused = await problem(() =>
      bundle({ "compose.yaml": compose, "big.env": `A='${noise(300_000).replaceAll("'", ".")}'`, "small.env": "" }),
    );
    expect(refused).toMatchObject({ code: "bundle.too_large" });
    expect(refused.detail).toMatch(/KB compressed; 256 KB is the most\. The biggest: big\.env \(293 KB\)/);
    const wide = await problem(() => bundle({ "compose.yaml": compose, "big.env": `A=${"x".repeat(900_000)}`, "small.env": "" }));
    expect(wide.detail).toMatch(/KB to send; 1024 KB is the most/);
  });

  test.each([
    ["../outside.conf:/x", "is outside the app's folder"],
    ["./link:/x", "is outside the app's folder"],
  ])("holds nothing from outside its folder: %s", async (volume, why) => {
    const folder = await newFolder({ "compose.yaml": `services:\n  a:\n    image: a\n    volumes: ['${volume}']\n` });
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
      const folder = await newFolder({ "compose.yaml": `services:\n  web:\n    image: a\n${of}` });
      await mkdir(`${folder}-outside`);
      await writeFile(join(`${folder}-outside`, "id_rsa"), "private");
      await symlink(`${folder}-outside`, join(folder, "link"));
      expect((await problem(async () => makeBundle(await findProject(folder), {}))).detail).toMatch(
        /link\/id_rsa .*outside the app's folder/u,
      );
    },
  );

  test("leaves out links below a folder that lead nowhere or round in a circle, by name, and refuses one that is needed", async () => {
    const folder = await newFolder({
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
    const folder = await newFolder({
      "compose.yaml": "services:\n  web:\n    image: a\n    volumes: ['./one:/one']\n",
      "one/a": "a",
      "two/b": "b",
    });
    await symlink("../two", join(folder, "one", "two"));
    await symlink("../one", join(folder, "two", "one"));
    expect(paths(await makeBundle(await findProject(folder), {}))).toEqual(["one/a", "one/two/b"]);
  });

  test("says of a file that it can be executed", async () => {
    const folder = await newFolder({
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
    const folder = await newFolder({
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
