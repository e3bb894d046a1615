import { hashOf } from "@berth/domain/plan/hash.ts";
import { TargetPlan } from "@berth/domain/plan/plan.ts";
import { planTarget } from "@berth/domain/plan/plan-target.ts";
import type { Report } from "@berth/domain/plan/report.ts";
import { changesBetween } from "@berth/domain/plan/stale.ts";
import { operationLines, summaryOf } from "@berth/domain/plan/summary.ts";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { idOf, reportOf, type Side } from "./reports.ts";

const mount = (source: string, target = "/data") => [{ type: "volume", source, target, volume: {} }];
const port = (published: string) => [{ mode: "ingress", target: 80, published, protocol: "tcp" }];
const waits = (service: string, condition = "service_healthy") => ({ depends_on: { [service]: { condition, required: true } } });

const live: Side = {
  services: {
    db: { image: "postgres:16", volumes: mount("data", "/var/lib/postgresql/data"), mem_limit: "104857600" },
    web: { image: "web:1", ports: port("8080"), environment: { A: "secret-of-old" }, ...waits("db") },
    worker: { image: "web:1" },
  },
  volumes: { data: {}, cache: {} },
};
const release: Side = {
  services: {
    db: { image: "postgres:16", volumes: mount("data", "/var/lib/postgresql/data"), mem_limit: "104857600" },
    migrate: { image: "web:2", ...waits("db") },
    web: {
      image: "web:2",
      ports: port("8081"),
      environment: { A: "secret-of-new" },
      scale: 2,
      ...waits("migrate", "service_completed_successfully"),
    },
  },
  volumes: { data: {}, more: {} },
  secrets: { token: { file: "/srv/releases/2/token" } },
};
const here = reportOf(live, release);
/** web:2 is not there yet. */
const report: Report = {
  ...here,
  images: new Map([...here.images].filter(([name]) => name !== "web:2")),
  registry: new Map([...here.registry, ["web:2", { digest: "sha256:0f", id: idOf("web:2"), bytes: 100 * 1024 * 1024 }]]),
};
const plan = planTarget(report);

test("a plan is the operations in the order in which they happen", () => {
  expect(operationLines(plan.operations)).toEqual([
    "pull migrate web",
    "pin",
    "place",
    "remove worker",
    "up migrate web",
    "wait db migrate web",
    "record",
    "prune",
  ]);
});

test("what people read of it first is what is built", () => {
  const { db, web } = live.services;
  const services = {
    db: db!,
    web: { ...web, image: "web:mine", build: { context: "." } },
    api: { image: "api", build: { context: "." } },
  };
  const built = planTarget(reportOf(live, { ...live, services: { ...live.services, ...services } }));
  expect(summaryOf(built)).toBe("builds api and web, creates api, replaces web (image), leaves db and worker");
});

test("a plan names images, volumes, ports, secrets and variables, and has no value", () => {
  expect(plan).toMatchObject({
    images: [
      { image: "postgres:16", services: ["db"], action: "here", bytes: 1000 },
      { image: "web:2", services: ["migrate", "web"], action: "pull", digest: "sha256:0f", bytes: 104857600 },
    ],
    volumes: [
      { volume: "shop_cache", change: "orphaned", services: [] },
      { volume: "shop_data", change: "keep", services: ["db"] },
      { volume: "shop_more", change: "create", services: [] },
    ],
    ports: [
      { service: "web", address: "0.0.0.0", published: "8081", port: 80, protocol: "tcp", change: "open" },
      { service: "web", published: "8080", change: "close" },
    ],
    secrets: ["token"],
    variables: ["A"],
    disk: { neededMb: 250, freeMb: 10_000 },
    memory: { limitMb: 100, freeMb: 2000 },
  });
  expect(JSON.stringify(plan)).not.toContain("secret-of");
  expect(TargetPlan.parse(plan)).toEqual(plan);
});

test("a release that changes nothing has nothing to do but to be recorded", () => {
  expect(operationLines(planTarget(reportOf(live, live)).operations)).toEqual([
    "pin",
    "place",
    "wait db web worker",
    "record",
    "prune",
  ]);
});

/** The same object with its keys in another order, and lists as they are. */
const shuffled = (value: unknown, order: (keys: string[]) => string[]): unknown => {
  if (Array.isArray(value)) return value.map((each) => shuffled(each, order));
  if (value instanceof Map) return new Map(order([...value.keys()]).map((key) => [key, value.get(key)]));
  if (value instanceof Set) return new Set(order([...value]));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    order(Object.keys(value)).map((key) => [key, shuffled((value as Record<string, unknown>)[key], order)]),
  );
};

const hash = (plan: TargetPlan, more: object = {}) =>
  hashOf({ app: "app_1", environment: "production", bundle: "b", targets: new Map([["tgt_1", plan]]), ...more });

test("the same report in any order of its keys makes the same plan", () => {
  fc.assert(
    fc.property(fc.array(fc.nat(), { minLength: 40, maxLength: 40 }), (numbers) => {
      let at = 0;
      const number = () => numbers[at++ % numbers.length]!; // it has forty
      const order = (keys: string[]) =>
        keys
          .map((key) => [number(), key] as const)
          .toSorted(([a], [b]) => a - b)
          .map(([, key]) => key);
      const again = planTarget(
        shuffled({ ...report, containers: report.containers.toSorted(() => (number() % 2 ? 1 : -1)) }, order) as Report,
      );
      expect(again).toEqual(plan);
      expect(hash(again)).toBe(hash(plan));
    }),
  );
});

test("a hash names what is planned, for which app and release, and not what happens to be free", () => {
  expect(hash(plan)).toMatch(/^[0-9a-f]{16}$/);
  const others = [
    hash(plan, { app: "app_2" }),
    hash(plan, { environment: "staging" }),
    hash(plan, { bundle: "c" }),
    hash(plan, { targets: new Map([["tgt_2", plan]]) }),
    hash(planTarget(reportOf(live, live))),
    hash({ ...plan, disk: { ...plan.disk, freeMb: 249 } }),
  ];
  expect(new Set([...others, hash(plan)]).size).toBe(others.length + 1);
  expect(hash({ ...plan, disk: { ...plan.disk, freeMb: 251 }, memory: { ...plan.memory, freeMb: 1 } })).toBe(hash(plan));
});

describe("what changed on a server since the plan is said in words", () => {
  const without = (name: string) => report.containers.filter(({ service }) => service !== name);
  const other = (change: (side: typeof release) => Side) =>
    planTarget({ ...reportOf(live, change(structuredClone(release))), registry: report.registry, images: report.images });
  const web = (more: object) =>
    other((side) => ({ ...side, services: { ...side.services, web: { ...side.services.web, ...more } } }));
  test.each<[string, TargetPlan, string[]]>([
    ["nothing", planTarget(report), []],
    ["what is free", planTarget({ ...report, diskFreeMb: 9999, memoryFreeMb: 1 }), []],
    [
      "a container that is gone",
      planTarget({ ...report, containers: without("db") }),
      ["db would be created now, because its container is gone; by the plan it would stay as it is"],
    ],
    [
      "a container that has ended",
      planTarget({
        ...report,
        containers: [...without("db"), { service: "db", name: "shop-db-1", state: "exited", image: "", health: "" }],
      }),
      ["db would be started now, because it does not run; by the plan it would stay as it is"],
    ],
    [
      "a service that runs no more",
      planTarget({ ...report, containers: without("worker") }),
      ["worker is not there any more; by the plan it would be removed"],
    ],
    [
      "a service that somebody started",
      planTarget({
        ...report,
        containers: [...report.containers, { service: "x", name: "x", state: "running", image: "", health: "" }],
      }),
      ["x was not in the plan and would be removed now"],
    ],
    [
      "an image that is there now",
      planTarget({ ...report, images: here.images }),
      ["The image web:2 is on the server now, and would not be pulled", "0 MB of disk are needed instead of 250"],
    ],
    [
      "a tag that moved",
      planTarget({
        ...report,
        registry: new Map([...report.registry, ["web:2", { digest: "sha256:1f", id: "sha256:2f", bytes: 104857600 }]]),
      }),
      ["The image web:2 is another one now (sha256:1f)"],
    ],
    [
      "a tag that moved, of what would stay",
      planTarget({
        ...report,
        registry: new Map([...report.registry, ["postgres:16", { digest: "sha256:1f", id: "sha256:2f", bytes: 0 }]]),
      }),
      [
        "db would be replaced now, because its image changed; by the plan it would stay as it is",
        "The image postgres:16 would have to be pulled",
      ],
    ],
    [
      "a registry that does not answer",
      planTarget({ ...report, registry: new Map() }),
      [
        "The image postgres:16 cannot be looked up now: its registry does not answer",
        "The image web:2 cannot be looked up now: its registry does not answer",
        "0 MB of disk are needed instead of 250",
      ],
    ],
    [
      "a volume that is gone",
      planTarget({ ...report, volumes: new Set(["shop_cache"]) }),
      ["The volume shop_data is not on the server any more and would be made, empty"],
    ],
    [
      "an old volume that is gone",
      planTarget({ ...report, volumes: new Set(["shop_data"]) }),
      ["The volume shop_cache is no longer in the plan"],
    ],
    ["too little disk", planTarget({ ...report, diskFreeMb: 100 }), ["There is too little disk now: 100 MB are free"]],
    [
      "another port",
      web({ ports: port("8082") }),
      [
        "web would be replaced also because its ports changed (8080:80/tcp, 8082:80/tcp)",
        "0.0.0.0:8081/tcp of web is not published any more",
        "0.0.0.0:8082/tcp of web would be opened",
      ],
    ],
    [
      "another variable",
      web({ environment: { A: "secret-of-new", B: "1" } }),
      ["web would be replaced also because its variables changed (A, B)", "The variable B is new"],
    ],
    ["another number of containers", web({ scale: 3 }), ["web would have 3 containers instead of 2"]],
    [
      "new access",
      web({ privileged: true }),
      [
        "web would be replaced also because its settings changed (privileged)",
        "New access: web: privileged, has all rights on the server",
      ],
    ],
    [
      "data at risk",
      other((side) => ({ ...side, services: { ...side.services, db: { ...side.services.db, image: "postgres:17" } } })),
      [
        "db would be replaced now, because its image changed; by the plan it would stay as it is",
        "The image postgres:16 is not needed any more",
        "The image postgres:17 was not in the plan",
        "Data at risk: db goes from PostgreSQL 16 to PostgreSQL 17, which cannot read its data and will not start. Dump the database first, deploy PostgreSQL 17 with a new volume, and load the dump into it.",
      ],
    ],
    [
      "another live release",
      planTarget({ ...reportOf(release, release), registry: report.registry }),
      [
        "migrate would stay as it is now; by the plan it would be created",
        "web would stay as it is now; by the plan it would be replaced",
        "worker is not there any more; by the plan it would be removed",
        "The image web:2 is on the server now, and would not be pulled",
        "The volume shop_cache is no longer in the plan",
        "The volume shop_more is on the server now",
        "0.0.0.0:8081/tcp of web is open already",
        "0.0.0.0:8080/tcp of web is not published any more",
        "0 MB of disk are needed instead of 250",
      ],
    ],
  ])("%s", (_, now, expected) => {
    expect(changesBetween(plan, now)).toEqual(expected);
  });
});
