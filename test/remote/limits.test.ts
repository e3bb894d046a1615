import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { runner } from "@berth/domain/remote/runner.ts";
import { afterAll, describe, expect, test } from "vitest";

const folder = mkdtempSync(`${tmpdir()}/berth-limits-`);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const part = (from: string, to: string) => {
  const start = runner.indexOf(from);
  return runner.slice(start, runner.indexOf(to, start) + to.length);
};
const durations = part("durations='", "\n'\n");
const needs = part("read_needs() {", "\n}\n");

const awks = [["/usr/bin/mawk"], ["/usr/bin/gawk"], ["/bin/busybox", "awk"]].filter(([path]) => existsSync(path!)); // each names one

/** An expression in the awk that the runner brings along. */
const evaluate = (expression: string, awk: readonly string[]) =>
  execFileSync(
    "sh",
    ["-c", `${durations}\nexpression=$1; shift\n"$@" "$durations BEGIN { print $expression }"`, "sh", expression, ...awk],
    {
      encoding: "utf8",
    },
  ).trimEnd();

/** What the runner makes of a Compose file in Compose's own form. */
function needsOf(config: string, shell: readonly string[] = ["/bin/sh"]): string[] {
  writeFileSync(`${folder}/config`, config);
  const [program, ...more] = shell;
  execFileSync(program!, [...more, "-c", `tab=$(printf '\\t') run=$1\n${durations}\n${needs}\nread_needs`, "sh", folder]); // a shell is named
  return readFileSync(`${folder}/needs`, "utf8").trimEnd().split("\n");
}
const service = (more: string) =>
  `name: x\nservices:\n  web:\n    image: page:1\n${more}networks:\n  default:\n    name: x_default\n`;
const limitOf = (check: string) => {
  const line = needsOf(service(`    healthcheck:\n${check}`)).find((each) => each.startsWith("health\t"));
  return line?.split("\t").slice(2);
};

describe.each(awks.map((awk) => ({ awk })))("in $awk", ({ awk }) => {
  test.each([
    ["1m30s", 90],
    ["5m0s", 300],
    ["1h2m3s", 3723],
    ["500ms", 1],
    ["1.5s", 2],
    ["2s", 2],
    ["100µs", 0],
    ["0s", 0],
    ["", 0],
    ["<no value>", 0],
    ["300000000000", 300],
    ["0", 0],
  ])("the duration %j is %d seconds", (text, seconds) => {
    expect(evaluate(`seconds("${text}")`, awk)).toBe(String(seconds));
  });

  test.each([
    [5, "5 s"],
    [0, "0 s"],
    [60, "1 min"],
    [315, "5 min 15 s"],
    [3600, "1 h"],
    [3725, "1 h 2 min 5 s"],
  ])("%d seconds are written %j", (seconds, text) => {
    expect(evaluate(`span(${seconds})`, awk)).toBe(text);
  });
});

// start_period + timeout of a try that began within it + retries x (interval + timeout) + 5 s for Docker itself
test.each([
  ["      test: [CMD, x]\n", 5 + 30 + 3 * 60, "3 tries, 30 s apart, of up to 30 s each"],
  ["      timeout: 2s\n      interval: 1s\n      retries: 2\n", 5 + 2 + 2 * 3, "2 tries, 1 s apart, of up to 2 s each"],
  [
    "      interval: 5s\n      retries: 3\n      start_period: 5m0s\n",
    300 + 5 + 30 + 3 * 35,
    "start_period 5 min, then 3 tries, 5 s apart, of up to 30 s each",
  ],
  ["      timeout: 10s\n      interval: 5m0s\n", 5 + 10 + 3 * 310, "3 tries, 5 min apart, of up to 10 s each"],
  [
    "      timeout: 3s\n      interval: 1m30s\n      retries: 1\n      start_period: 1h0m0s\n      start_interval: 500ms\n",
    3600 + 5 + 3 + 93,
    "start_period 1 h, then 1 try, 1 min 30 s apart, of up to 3 s each",
  ],
])("a health check of %j may take %d seconds", (check, seconds, why) => {
  expect(limitOf(check)).toEqual([String(seconds), why]);
});

test.each([["      disable: true\n"], ["      test:\n        - NONE\n"]])(
  "a service whose health check is %j has none, whatever its image says",
  (check) => {
    expect(limitOf(check)).toEqual(["none"]);
  },
);

test("a service without a health check of its own has its image's", () => {
  expect(needsOf(service(""))).toContain("health\tweb\timage");
});

// As Compose 2.26 and 5.0 write it.
const config = `name: x
services:
  "2":
    image: page:1
    network_mode: host
    ports:
      - mode: ingress
        target: 7
        published: "7"
        protocol: tcp
  db:
    healthcheck:
      disable: true
    image: b
    networks:
      default: null
    restart: "no"
  off:
    image: c
    scale: 0
    ports:
      - mode: ingress
        target: 6
        published: "6"
        protocol: tcp
  web:
    command:
      - foo
      - 'healthcheck:'
      - |-
        ports:
          - target: 1
            published: "1"
    container_name: fixed
    depends_on:
      "2":
        condition: service_started
        required: true
      db:
        condition: service_healthy
        required: true
    environment:
      A: |
        healthcheck:
          interval: 5s
        networks:
          other: null
    healthcheck:
      test:
        - CMD-SHELL
        - |-
          NONE
          interval: 9h
      timeout: 1.5s
      interval: 1s
    image: a
    networks:
      default: null
      ext:
        aliases:
          - unused
    ports:
      - mode: ingress
        host_ip: 127.0.0.1
        target: 80
        published: "8080"
        protocol: tcp
      - mode: ingress
        target: 53
        published: "53"
        protocol: udp
      - mode: ingress
        target: 9000
        protocol: tcp
      - mode: ingress
        target: 90
        published: 9001-9010
        protocol: tcp
      - mode: ingress
        host_ip: ::1
        target: 99
        published: "99"
        protocol: tcp
    stop_grace_period: 1m30s
    volumes:
      - type: volume
        source: data
        target: /x
        volume: {}
      - type: bind
        source: unused
        target: /y
        bind: {}
networks:
  default:
    name: x_default
  ext:
    name: realnet
    external: true
  unused:
    external: true
volumes:
  data:
    name: realdata
    external: true
  unused:
    name: unused
    external: true
`;
const wanted = [
  "name\tweb\tfixed",
  "depends\tweb\t2\tservice_started",
  "depends\tweb\tdb\tservice_healthy",
  "port\tweb\t127.0.0.1\t8080\ttcp",
  "port\tweb\t-\t53\tudp",
  "port\tweb\t::1\t99\ttcp",
  "network\trealnet",
  "volume\trealdata",
  "health\tdb\tnone",
  `health\tweb\t${5 + 2 + 3 * 3}\t3 tries, 1 s apart, of up to 2 s each`,
  "image\tweb\ta",
];

test("what a file says is read whatever its values look like, and what it does not use is left out", () => {
  const read = needsOf(config);
  expect(read).toEqual(expect.arrayContaining(wanted));
  expect(read.filter((line) => /^(?:port|name|network|volume|depends)\t/u.test(line)).toSorted()).toEqual(
    wanted.filter((line) => /^(?:port|name|network|volume|depends)\t/u.test(line)).toSorted(),
  );
});
