/** What Compose does with each service, pair by pair of releases. */
import { hashOf } from "@berth/domain/plan/hash.ts";
import { planTarget } from "@berth/domain/plan/plan-target.ts";
import type { Report } from "@berth/domain/plan/report.ts";
import { describe, expect, test } from "vitest";
import { reportOf, type Side } from "./reports.ts";

const web = { image: "web:1" };
const on = (service: string, more: object = {}) => ({
  depends_on: { [service]: { condition: "service_started", required: true, ...more } },
});
const one = (service: object): Side => ({ services: { web: { ...web, ...service } } });
const two = (db: object, service: object, more: Partial<Side> = {}): Side => ({
  services: { db: { image: "db:1", ...db }, web: { ...web, ...service } },
  ...more,
});
const port = (published: string) => ({ ports: [{ mode: "ingress", target: 80, published, protocol: "tcp" }] });
const mount = (source: string, target = "/data") => ({ volumes: [{ type: "volume", source, target, volume: {} }] });
const old = { compose: "2.26.1" };

/** `web replace environment(A)`: a service, what happens to it and why. */
const told = (live: Side | undefined, release: Side, more: Partial<Report> = {}) =>
  planTarget(reportOf(live, release, more)).services.map(({ service, change, reasons }) =>
    [service, change, ...reasons.map(({ reason, names }) => `${reason}${names.length > 0 ? `(${names})` : ""}`)].join(" "),
  );

const state = (service: string, state: string) => ({ service, name: `shop-${service}-1`, state, image: "", health: "" });

const cases: readonly [string, Side | undefined, Side, string[], Partial<Report>?][] = [
  ["the first release", undefined, one({}), ["web create new"]],
  ["the same again", one({}), one({}), ["web keep"]],
  ["another image", one({}), one({ image: "web:2" }), ["web replace image"]],
  [
    "another name of the same image",
    one({}),
    one({ image: "same:1" }),
    ["web keep"],
    { registry: new Map([["same:1", { id: `sha256:${"7765623a31".padEnd(64, "0")}`, digest: null, bytes: 1 }]]) },
  ],
  [
    "a variable",
    one({ environment: { A: "1", B: "1" } }),
    one({ environment: { A: "2", C: "1" } }),
    ["web replace environment(A,B,C)"],
  ],
  [
    "a variable without a value",
    one({ environment: { A: "" } }),
    one({ environment: { A: null } }),
    ["web replace environment(A)"],
  ],
  ["a label", one({ labels: { a: "1" } }), one({ labels: { a: "2" } }), ["web replace labels(a)"]],
  ["the runner's own labels", one({ labels: { "berth.app": "a", "berth.files": "1" } }), one({}), ["web keep"]],
  ["a command", one({}), one({ command: ["run"] }), ["web replace command(command)"]],
  ["a port", one(port("80")), one(port("81")), ["web replace ports(80:80/tcp,81:80/tcp)"]],
  [
    "the order of ports",
    one({ ports: [...port("1").ports, ...port("2").ports] }),
    one({ ports: [...port("2").ports, ...port("1").ports] }),
    ["web replace ports(1:80/tcp,2:80/tcp)"],
  ],
  ["a health check", one({}), one({ healthcheck: { test: ["CMD", "true"] } }), ["web replace health(healthcheck)"]],
  ["a limit", one({ mem_limit: "1" }), one({ mem_limit: "2" }), ["web replace limits(mem_limit)"]],
  ["a user", one({}), one({ user: "1" }), ["web replace settings(user)"]],
  ["a user", one({}), one({ user: "1", environment: { A: "1" } }), ["web replace environment(A) settings(user)"]],
  ["an extension", one({}), one({ "x-note": "1" }), ["web keep"]],
  ["how it is built and pulled", one({ build: { context: "." } }), one({ pull_policy: "always" }), ["web keep"]],
  ["its files", { ...one({}), files: { web: "1-1" } }, { ...one({}), files: { web: "2-1" } }, ["web replace files"]],
  ["its first file", one({}), { ...one({}), files: { web: "2-1" } }, ["web replace files"]],
  [
    "a path of the release's own",
    one({ volumes: [{ type: "bind", source: "/srv/releases/1/c", target: "/c" }] }),
    one({ volumes: [{ type: "bind", source: "/srv/releases/2/c", target: "/c" }] }),
    ["web keep"],
  ],
  [
    "another path",
    one({ volumes: [{ type: "bind", source: "/srv/releases/1/c", target: "/c" }] }),
    one({ volumes: [{ type: "bind", source: "/srv/releases/2/d", target: "/c" }] }),
    ["web replace volumes(/c)"],
  ],
  [
    "a folder whose name begins as the release's",
    one({ volumes: [{ type: "bind", source: "/srv/releases/10/c", target: "/c" }] }),
    one({ volumes: [{ type: "bind", source: "/srv/releases/20/c", target: "/c" }] }),
    ["web replace volumes(/c)"],
  ],
  ["more containers", one({}), one({ scale: 3 }), ["web scale replicas"]],
  ["fewer containers", one({ scale: 3 }), one({}), ["web scale replicas"]],
  [
    "replicas where there was no deploy",
    one({}),
    one({ deploy: { replicas: 2, resources: {}, placement: {} } }),
    ["web replace limits(deploy) replicas"],
  ],
  [
    "other replicas",
    one({ deploy: { replicas: 1, resources: {} } }),
    one({ deploy: { replicas: 2, resources: {} } }),
    ["web scale replicas"],
  ],
  ["no containers", one({}), one({ scale: 0 }), ["web remove replicas"]],
  ["a service that is gone", two({}, {}), one({}), ["web keep", "db remove"]],
  ["a service whose profile is not active", two({}, {}), { ...one({}), inactive: ["db"] }, ["web keep"]],
  ["a service that is new", one({}), two({}, {}), ["db create new", "web keep"]],
  ["a container that has ended", one({}), one({}), ["web start not running"], { containers: [state("web", "exited")] }],
  ["a container that was never started", one({}), one({}), ["web start not running"], { containers: [state("web", "created")] }],
  ["a container that is restarted again and again", one({}), one({}), ["web keep"], { containers: [state("web", "restarting")] }],
  ["a container that is gone", one({}), one({}), ["web create missing"], { containers: [] }],
  [
    "containers that Berth did not make",
    undefined,
    one({}),
    ["web replace labels(berth.app)"],
    { containers: [state("web", "running")] },
  ],
  ["a dependency", two({}, {}), two({}, on("db")), ["db keep", "web keep"]],
  ["a dependency, before Compose 2.29.3", two({}, {}), two({}, on("db")), ["db keep", "web replace dependency(depends_on)"], old],
  ["what it depends on", two({}, on("db")), two({ user: "1" }, on("db")), ["db replace settings(user)", "web keep"]],
  [
    "what it depends on, with restart",
    two({}, on("db", { restart: true })),
    two({ user: "1" }, on("db", { restart: true })),
    ["db replace settings(user)", "web restart dependency(db)"],
  ],
  [
    "what it depends on, before Compose 2.29.4",
    two({}, on("db")),
    two({ user: "1" }, on("db")),
    ["db replace settings(user)", "web replace dependency(db)"],
    old,
  ],
  [
    "what it shares a network with",
    two({}, { network_mode: "service:db" }),
    two({ user: "1" }, { network_mode: "service:db" }),
    ["db replace settings(user)", "web replace namespace(db)"],
  ],
  [
    "what it shares processes with, which is gone",
    two({}, { pid: "service:db" }),
    two({}, { pid: "service:db" }),
    ["db create missing", "web replace namespace(db)"],
    { containers: [state("web", "running")] },
  ],
  [
    "whose volumes it has",
    two({}, { volumes_from: ["db:ro"] }),
    two({ user: "1" }, { volumes_from: ["db:ro"] }),
    ["db replace settings(user)", "web replace namespace(db)"],
  ],
  [
    "another definition of its network",
    { ...one({}), networks: { default: { internal: true } } },
    one({}),
    ["web restart network changed(default)"],
  ],
  [
    "another definition of its network, before Compose 2.31",
    { ...one({}), networks: { default: { internal: true } } },
    one({}),
    ["web keep"],
    old,
  ],
  [
    "another name of its network",
    { ...one({}), networks: { default: { name: "other" } } },
    one({}),
    ["web replace networks(default)"],
  ],
  [
    "another name of its volume",
    { ...one(mount("data")), volumes: { data: { name: "other" } } },
    { ...one(mount("data")), volumes: { data: {} } },
    ["web replace volumes(/data)"],
  ],
  [
    "another name of its volume, before Compose 2.32",
    { ...one(mount("data")), volumes: { data: { name: "other" } } },
    { ...one(mount("data")), volumes: { data: {} } },
    ["web keep"],
    old,
  ],
  [
    "another definition of its volume",
    { ...one(mount("data")), volumes: { data: { driver: "x" } } },
    { ...one(mount("data")), volumes: { data: {} } },
    ["web keep"],
  ],
  [
    "another volume at the same place",
    { ...one(mount("data")), volumes: { data: {} } },
    { ...one(mount("more")), volumes: { more: {} } },
    ["web replace volumes(/data)"],
  ],
];

describe("a plan says what Compose does with a service, and why", () => {
  test.each(cases)("%s", (_, live, release, expected, more) => {
    expect(told(live, release, more)).toEqual(expected);
  });
});

test("a plan says how long what it interrupts was away the last time, which is no part of what is promised", () => {
  const away = (release: Side, downtimes: [string, number][]) => {
    const plan = planTarget(reportOf(two({}, {}), release, { downtimes: new Map(downtimes) }));
    const hash = hashOf({ app: "a", environment: "e", bundle: "b", targets: new Map([["t", plan]]) });
    return { hash, told: Object.fromEntries(plan.services.map(({ service, awayMs }) => [service, awayMs])) };
  };
  const changed = two({}, { image: "web:2" });
  expect(away(changed, [["web", 2700]]).told).toEqual({ web: 2700, db: null });
  expect(away(changed, [["db", 2700]]).told).toEqual({ web: null, db: null });
  expect(away(changed, [["web", 2700]]).hash).toBe(away(changed, [["web", 100]]).hash);
});
