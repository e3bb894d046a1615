import { lookupIn, readComposed } from "@berth/domain/compose/compose.ts";
import { readOnServer } from "@berth/domain/compose/server-reads.ts";
import { expect, test } from "vitest";

const found = (compose: string, others: Record<string, string> = {}, variables: Record<string, string> = {}) => {
  const texts: Record<string, string> = { "compose.yaml": compose, ...others };
  const files = Object.keys(texts).filter((path) => /^compose/.test(path));
  return readOnServer(readComposed({ files, text: (path) => texts[path] }, lookupIn(variables)).file);
};
const service = (text: string) => `services:\n  web:\n    image: nginx:1\n${text}`;

test.each([
  ["an absolute env_file", service("    env_file: /srv/other/.env\n"), "/srv/other/.env"],
  ["one in a list", service("    env_file: [a.env, /etc/shadow]\n"), "/etc/shadow"],
  [
    "one that need not be there",
    service("    env_file:\n      - path: ../other/.env\n        required: false\n"),
    "../other/.env",
  ],
  ["one that goes up on its way", service("    env_file: a/b/../../../other/.env\n"), "a/b/../../../other/.env"],
  ["one by a variable", service("    env_file: a/$B\n"), "a/$B"],
  ["one in somebody's home", service("    env_file: ~/.env\n"), "~/.env"],
  ["labels", service("    label_file: /root/.aws/credentials\n"), "/root/.aws/credentials"],
  [
    "what a service extends",
    service("    extends: { file: /srv/other/compose.yaml, service: web }\n"),
    "/srv/other/compose.yaml",
  ],
  ["what is included", `include: [/srv/other/compose.yaml]\n${service("")}`, "/srv/other/compose.yaml"],
  ["what is included from elsewhere", `include: ["oci://a.example/b:1"]\n${service("")}`, "oci://a.example/b:1"],
  [
    "the variables of what is included",
    `include: [{ path: a.yaml, env_file: /srv/other/.env }]\n${service("")}`,
    "/srv/other/.env",
  ],
  ["a folder of what is included", `include: [{ path: a.yaml, project_directory: .. }]\n${service("")}`, ".."],
  ["by an anchor", `x-web: &web { env_file: /srv/other/.env }\n${service("    <<: *web\n")}`, "/srv/other/.env"],
  ["of a service that is not deployed", service("    profiles: [never]\n    env_file: /a\n  b: { image: nginx:1 }\n"), "/a"],
])("%s is found", (_, compose, path) => {
  expect(found(compose, { "a.yaml": service("") })).toBe(path);
});

test("also where a later file takes it back, for Compose may have read it by then", () => {
  const later = service("    env_file: !reset []\n");
  expect(found(service("    env_file: /srv/other/.env\n"), { "compose.override.yaml": later })).toBe("/srv/other/.env");
});

test("and in what is included and extended", () => {
  const inner = service("    env_file: /srv/other/.env\n");
  expect(found(`include: [a.yaml]\n`, { "a.yaml": inner })).toBe("/srv/other/.env");
  expect(found(service("    extends: { file: a.yaml, service: web }\n"), { "a.yaml": inner })).toBe("/srv/other/.env");
});

test("a file that was not sent may be anything", () => {
  expect(found(`include: [a.yaml]\n${service("")}`)).toBe("a file that was not sent");
});

test("nothing is found where all of it is the bundle's own, whatever its containers mount", () => {
  const own = service(
    "    env_file: [./a.env, { path: sub/b.env, required: false }]\n    volumes: ['/srv:/srv', '../up:/up']\n    command: cat ../x $HOME\n",
  );
  expect(found(own, {}, { HOME: "/root" })).toBeUndefined();
  expect(found(`include: [a.yaml]\n${own}`, { "a.yaml": "services:\n  b: { image: nginx:1 }\n" })).toBeUndefined();
});

const base64 = (text: string) => Buffer.from(text).toString("base64");
const ODD = "a file that only Compose finds in compose.yaml";

/** With each of them, Compose reads /srv/other/.env. */
test.each([
  ["an anchor on a key", `x-b:\n  &p /srv/other/.env: 1\n${service("    env_file: *p\n")}`, "/srv/other/.env"],
  ["a list with a tag", service("    env_file: !!pairs [/srv/other/.env]\n"), ODD],
  ["mappings with a tag", service("    env_file: !!omap [{ path: /srv/other/.env }]\n"), ODD],
  ["a directive", `%YAML 1.1\n---\n${service("    env_file: !!pairs [/srv/other/.env]\n")}`, ODD],
  ["a comment that ends for Compose alone", service("    # \u0085    env_file: /srv/other/.env\n"), ODD],
  ["another one", service("    # \u2028    env_file: /srv/other/.env\n"), ODD],
  [
    "brackets that end to the left of where they begin, and a quote over what is meant",
    `${service("")}x-a: [\n1\n]\nx-b: [ it's, "a'b # c"]\nx-d: { services: { web: { env_file: /srv/other/.env } } }\nx-c: a"]\n`,
    ODD,
  ],
  ["an anchor that is there twice", `x-a: &p a\nx-b: &p b\n${service("")}`, ODD],
  ["a repository without a scheme", `include: [github.com/a/b]\n${service("")}`, "github.com/a/b"],
  ["a path with a colon", `include: ["a:b"]\n${service("")}`, "a:b"],
])("what another parser may read otherwise is found: %s", (_, compose, path) => {
  expect(found(compose, { "github.com/a/b": service(""), "a:b": service("") })).toBe(path);
});

test.each([
  ["a path", service(`    env_file: !!binary ${base64("/srv/other/.env")}\n`)],
  ["a key", service(`    !!binary ${base64("env_file")}: /srv/other/.env\n`)],
])("what Compose decodes is refused: %s", (_, compose) => {
  expect(() => found(compose)).toThrow(
    expect.objectContaining({ code: "compose.unsupported", detail: expect.stringContaining("!!binary") }),
  );
});

test("an override and a reset are read as Compose reads them", () => {
  const later = service("    env_file: !override [b.env]\n    ports: !reset []\n");
  expect(found(service("    env_file: a.env\n"), { "compose.override.yaml": later })).toBeUndefined();
});
