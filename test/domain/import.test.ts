import * as yaml from "@berth/domain/compose/yaml.ts";
import type { Problem } from "@berth/domain/error.ts";
import { Export } from "@berth/domain/import/export.ts";
import { readExport } from "@berth/domain/import/read.ts";
import { findSecret, looksSecret } from "@berth/domain/import/secret.ts";
import { describe, expect, test, vi } from "vitest";
import { parse } from "yaml";

vi.mock(import("@berth/domain/compose/yaml.ts"), { spy: true });

const exported = (compose: string, more: object = {}) =>
  Export.parse({ format: "berth-self-hosted", version: 1, apps: [{ name: "shop", compose, ...more }] });
const service = (lines: string) => `services:\n  web:\n    image: registry.test/web:1\n${lines}`;
const VALUE = "hunter2-never-shown";

/** The path of the refusal, after seeing that the value is in no part of it. */
function refusedAt(given: ReturnType<typeof exported>): unknown {
  try {
    readExport(given);
    return undefined;
  } catch (error) {
    expect(error).toMatchObject({ code: "import.secret" });
    expect(JSON.stringify([error, String(error)])).not.toContain(VALUE);
    return (error as { facts: { path: string } }).facts.path;
  }
}

describe("a name that says its value is secret is known as one", () => {
  test.each([
    "password",
    "DB_PASSWORD",
    "dbPassword",
    "apiKey",
    "API_KEY",
    "APIKEY",
    "stripe-secret",
    "token",
    "GITHUB_TOKEN",
    "sshPrivateKey",
    "DATABASE_DSN",
    "pwd",
    "traefik.http.middlewares.x.basicauth.auth",
  ])("%s", (name) => expect(looksSecret(name)).toBe(true));
  test.each(["monkey", "AUTHOR", "keyboard", "passenger", "name", "host", "compose", "environments", "webhooks", "tokyo"])(
    "%s is none",
    (name) => expect(looksSecret(name)).toBe(false),
  );
});

describe("an export with a secret-looking member is refused with its path, wherever it is and whatever it holds", () => {
  test.each([
    ["at the top", { apiKey: VALUE }, "apiKey"],
    ["in an app", { apps: [{ name: "shop", compose: "a: 1", password: VALUE }] }, "apps.0.password"],
    ["deep in what is not read", { settings: { mail: [{ smtp: { passwd: VALUE } }] } }, "settings.mail.0.smtp.passwd"],
    ["when empty", { targets: [{ name: "web1", host: "h", privateKey: "" }] }, "targets.0.privateKey"],
    ["in an address", { source: `https://bot:${VALUE}@git.test/x` }, "source"],
    ["as a key of its own", { note: `-----BEGIN OPENSSH PRIVATE KEY-----\n${VALUE}` }, "note"],
  ])("%s", (_, more, path) => {
    expect(refusedAt(Export.parse({ format: "berth-self-hosted", version: 1, ...more }))).toBe(path);
  });

  test("and no depth hides it or breaks the search", () => {
    let deep: object = { token: VALUE };
    for (let i = 0; i < 50_000; i++) deep = { a: deep };
    expect(findSecret(deep, (text) => parse(text))).toMatch(/\.token$/);
  });
});

describe("a Compose file with a secret's value is refused with its path", () => {
  test.each([
    ["in a mapping", `    environment:\n      DB_PASSWORD: ${VALUE}\n`, "apps.0.compose.services.web.environment.DB_PASSWORD"],
    ["in a list", `    environment:\n      - A=1\n      - API_KEY=${VALUE}\n`, "apps.0.compose.services.web.environment.1"],
    ["as a default", `    environment:\n      DB_PASSWORD: \${DB_PASSWORD:-${VALUE}}\n`, undefined],
    ["as a number", "    environment:\n      PIN_TOKEN: 1234\n", undefined],
    ["in an address", `    environment:\n      URL: postgres://app:${VALUE}@db/app\n`, undefined],
    ["in a command", `    command: redis-server --requirepass ${VALUE}\n`, "apps.0.compose.services.web.command"],
    ["in an anchor", `    x: &a\n      token: ${VALUE}\n    environment:\n      <<: *a\n`, undefined],
    ["behind an alias", `    x: &a\n      token: ${VALUE}\n    y: *a\n`, undefined],
    [
      "in a second document",
      `---\nservices:\n  web:\n    environment:\n      TOKEN: ${VALUE}\n`,
      "apps.0.compose.1.services.web.environment.TOKEN",
    ],
  ])("%s", (_, lines, path) => {
    const found = refusedAt(exported(service(lines)));
    expect(found).toMatch(/^apps\.0\.compose\.(1\.)?services\.web\./);
    if (path !== undefined) expect(found).toBe(path);
  });

  test.each([
    ["a variable", `    environment:\n      DB_PASSWORD: \${DB_PASSWORD}\n`],
    ["a variable that must be given", `    environment:\n      - DB_PASSWORD=\${DB_PASSWORD:?set it}\n`],
    ["a name to pass on", "    environment:\n      DB_PASSWORD:\n"],
    ["a file's path", "    environment:\n      DB_PASSWORD_FILE: /run/secrets/db\n"],
    ["Compose's own secrets", "    secrets: [db_password]\nsecrets:\n  db_password:\n    file: ./db.txt\n"],
    ["an address by variable", `    environment:\n      URL: postgres://app:\${DB_PASSWORD}@db/app\n`],
    ["a command by variable", `    command: redis-server --requirepass \${REDIS_PASSWORD}\n`],
  ])("%s is none", (_, lines) => expect(refusedAt(exported(service(lines), { variables: ["DB_PASSWORD"] }))).toBeUndefined());
});

test("a hostile text is searched in one go, not again from each of its characters", () => {
  const found = (text: string) => findSecret({ apps: [{ compose: text }] }, (compose) => [compose]);
  expect(["-a".repeat(45_000), "a://".repeat(20_000), "-----BEGIN ".repeat(9_000)].map(found)).toEqual([
    undefined,
    undefined,
    undefined,
  ]);
  expect(found(`TOKEN=${" ".repeat(90_000)}x`)).toBe("apps.0.compose.0");
});

describe("what reading the Compose files of an import costs has one ceiling for all of them", () => {
  const apps = (count: number, compose: string) =>
    Export.parse({
      format: "berth-self-hosted",
      version: 1,
      apps: Array.from({ length: count }, (_, i) => ({ name: `a${i}`, compose })),
    });
  const lines = (count: number) =>
    `    environment:\n${Array.from({ length: count }, (_, i) => `      - N${i}=value\n`).join("")}`;
  const refused = (given: ReturnType<typeof exported>) => {
    try {
      return readExport(given).document.apps.length;
    } catch (error) {
      return (error as Problem).detail;
    }
  };

  test("a hundred files of such a size as people write pass, each read once", () => {
    vi.mocked(yaml.readYaml).mockClear();
    expect(refused(apps(100, service(lines(40))))).toBe(100);
    expect(vi.mocked(yaml.readYaml)).toHaveBeenCalledTimes(100);
  });

  test("more marks and words than that are refused, with what to do", () => {
    expect(refused(apps(100, service(lines(80))))).toMatch(/^body\.document\.apps\.\d+\.compose: .*import fewer apps at once$/);
  });

  test("and so is what their services take over of each other, of which each file has little", () => {
    const taking = service(
      `${lines(100)}${Array.from({ length: 10 }, (_, i) => `  s${i}: {extends: web, image: a}\n`).join("")}`,
    );
    expect(refused(apps(10, taking))).toBe(10);
    expect(refused(apps(30, taking))).toMatch(/import fewer apps at once$/);
  });
});
