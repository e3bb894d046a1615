import { planTarget } from "@berth/domain/plan/plan-target.ts";
import { describe, expect, test } from "vitest";
import { bind, reportOf, type Side, volume } from "./reports.ts";

const pg = "/var/lib/postgresql/data";

/** A database on a named volume. */
const db = (image: string, target = pg, more: object = {}): Side => ({
  services: { db: { image, volumes: [volume("data", target)], ...more } },
  volumes: { data: {} },
});
const on = (image: string, volumes: object[], names: object = { data: {} }): Side => ({
  services: { db: { image, volumes } },
  volumes: names as NonNullable<Side["volumes"]>,
});
const risksOf = (live: Side | undefined, release: Side) => planTarget(reportOf(live, release)).risks;

const cases: readonly [string, Side | undefined, Side, string[]][] = [
  ["PostgreSQL of the next major version", db("postgres:15"), db("postgres:16"), ["database.major"]],
  ["PostgreSQL of the last major version", db("postgres:16.2"), db("postgres:15.9"), ["database.major"]],
  ["PostgreSQL of the next minor version", db("postgres:16.1"), db("postgres:16.2-bookworm"), []],
  ["PostGIS of the next major version", db("postgis/postgis:15-3.4"), db("postgis/postgis:16-3.4"), ["database.major"]],
  ["pgvector of the next major version", db("pgvector/pgvector:pg15"), db("pgvector/pgvector:0.8.0-pg17"), ["database.major"]],
  ["versions that are not known", db("postgres:latest"), db("postgres:16"), []],
  ["MySQL that goes on", db("mysql:8.0.36", "/var/lib/mysql"), db("mysql:8.4", "/var/lib/mysql"), ["database.major"]],
  ["MySQL that may be the same", db("mysql:8", "/var/lib/mysql"), db("mysql:8.4", "/var/lib/mysql"), []],
  ["MariaDB that goes back", db("mariadb:11.4", "/var/lib/mysql"), db("mariadb:10.11", "/var/lib/mysql"), ["database.major"]],
  ["MongoDB that goes on", db("mongo:6", "/data/db"), db("mongo:7", "/data/db"), ["database.major"]],
  ["Redis that goes on", db("redis:6", "/data"), db("redis:7", "/data"), []],
  ["Redis that goes back", db("redis:7", "/data"), db("redis:6", "/data"), ["database.major"]],
  ["another version of PostgreSQL and Alpine", db("postgres:15"), db("postgres:16-alpine"), ["database.major"]],
  ["an app whose version changes", db("web:1"), db("web:2"), []],
  ["Alpine instead of Debian", db("postgres:16"), db("postgres:16-alpine"), ["image.libc"]],
  ["Debian instead of Alpine", db("postgres:16-alpine"), db("postgres:16.4"), ["image.libc"]],
  ["Alpine for what has no text indexes", db("redis:7", "/data"), db("redis:7-alpine", "/data"), []],
  [
    "another folder on its volume",
    db("postgres:16"),
    db("postgres:16", pg, { environment: { PGDATA: `${pg}/main` } }),
    ["database.path"],
  ],
  ["its volume at another place", db("postgres:16"), db("postgres:16", "/var/lib/postgresql"), ["database.path"]],
  ["a folder on the server", on("postgres:16", [bind("/srv/a", pg)]), on("postgres:16", [bind("/srv/b", pg)]), ["database.path"]],
  [
    "a folder of the release's",
    on("postgres:16", [bind("/srv/releases/1/a", pg)]),
    on("postgres:16", [bind("/srv/releases/2/a", pg)]),
    [],
  ],
  ["a database without a volume", undefined, { services: { db: { image: "postgres:16" } } }, ["volume.anonymous"]],
  [
    "a database on a volume without a name",
    undefined,
    on("mysql:8", [volume(undefined, "/var/lib/mysql")]),
    ["volume.anonymous"],
  ],
  ["PostgreSQL 18 with its volume where 17 has it", undefined, db("postgres:18"), ["volume.anonymous"]],
  ["PostgreSQL 18 with its volume where it belongs", undefined, db("postgres:18", "/var/lib/postgresql"), []],
  [
    "a database in memory",
    undefined,
    { services: { db: { image: "postgres:16", volumes: [{ type: "tmpfs", target: pg }] } } },
    [],
  ],
  ["a cache", undefined, { services: { db: { image: "redis:7" } } }, []],
  [
    "Redis that writes down",
    undefined,
    { services: { db: { image: "redis:7", command: ["redis-server", "--appendonly", "yes"] } } },
    ["volume.anonymous"],
  ],
  [
    "Redis that saves now and then",
    undefined,
    { services: { db: { image: "redis:7", command: ["redis-server", "--save", "60", "1"] } } },
    ["volume.anonymous"],
  ],
  ["another database in its place", db("mysql:8.0", "/var/lib/mysql"), db("mariadb:11.4", "/var/lib/mysql"), []],
  [
    "a database without a volume that is replaced",
    { services: { db: { image: "postgres:16.1" } } },
    { services: { db: { image: "postgres:16.2" } } },
    ["volume.anonymous"],
  ],
  [
    "another folder around its volume",
    on("postgres:16", [bind("/srv/a", "/var/lib"), volume("data", pg)]),
    on("postgres:16", [bind("/srv/b", "/var/lib"), volume("data", pg)]),
    [],
  ],
  [
    "a database without a volume that runs on",
    { services: { db: { image: "postgres:16" } } },
    { services: { db: { image: "postgres:16" } } },
    [],
  ],
  [
    "another volume",
    on("web:1", [volume("data", "/data")]),
    on("web:1", [volume("more", "/data")], { more: {} }),
    ["volume.renamed"],
  ],
  [
    "another name of the volume",
    db("postgres:16"),
    on("postgres:16", [volume("data", pg)], { data: { name: "other" } }),
    ["volume.renamed"],
  ],
  [
    "the same volume by another key",
    db("postgres:16"),
    on("postgres:16", [volume("more", pg)], { more: { name: "shop_data" } }),
    [],
  ],
  ["no volume", on("web:1", [volume("data", "/data")]), on("web:1", []), ["volume.dropped"]],
  [
    "a folder instead of a volume",
    on("web:1", [volume("data", "/data")]),
    on("web:1", [bind("/srv/a", "/data")]),
    ["volume.dropped"],
  ],
  ["no volume that it only read", on("web:1", [volume("data", "/data", { read_only: true })]), on("web:1", []), []],
  ["a service that is gone with its volume", db("postgres:16"), { services: { web: { image: "web:1" } } }, ["volume.dropped"]],
  [
    "a service that has another name",
    db("postgres:16"),
    { services: { base: db("postgres:16").services.db! }, volumes: { data: {} } },
    [],
  ],
  [
    "a cache that is gone with a volume without a name",
    on("redis:7", [volume(undefined, "/data")]),
    { services: { web: { image: "web:1" } } },
    [],
  ],
  [
    "a database that is gone with a volume without a name",
    on("postgres:16", [volume(undefined, pg)]),
    { services: { web: { image: "web:1" } } },
    ["volume.anonymous"],
  ],
];

describe("a plan says what data is at risk", () => {
  test.each(cases)("%s", (_, live, release, expected) => {
    expect(risksOf(live, release).map(({ risk }) => risk)).toEqual(expected);
  });

  test("with what would happen and what to do instead", () => {
    expect(risksOf(db("postgres:15"), db("postgres:16"))).toEqual([
      {
        risk: "database.major",
        service: "db",
        message:
          "db goes from PostgreSQL 15 to PostgreSQL 16, which cannot read its data and will not start. Dump the database first, deploy PostgreSQL 16 with a new volume, and load the dump into it.",
      },
    ]);
  });

  test("not for a volume that was never there", () => {
    const report = reportOf(on("web:1", [volume("data", "/data")]), on("web:1", []));
    expect(planTarget({ ...report, volumes: new Set() }).risks).toEqual([]);
  });
});

const singletonOf = (service: object) =>
  planTarget(reportOf(undefined, { services: { web: { image: "web:1", ...service } }, volumes: { data: {} } })).services[0]
    ?.singleton;
const port = (published?: string, more: object = {}) => ({
  ports: [{ mode: "ingress", target: 80, protocol: "tcp", ...(published && { published }), ...more }],
});

describe("a plan says why a service could not run twice for a moment", () => {
  test.each<[string, object, string[]]>([
    ["nothing", {}, []],
    ["a port", port("8080"), ["publishes port 8080"]],
    ["a port at an address", port("53", { host_ip: "127.0.0.1", protocol: "udp" }), ["publishes port 127.0.0.1:53/udp"]],
    ["a port that Docker chooses", port(), []],
    ["a range with room", port("8000-8001"), []],
    ["a range without room", { ...port("8000-8001"), scale: 2 }, ["publishes port 8000-8001"]],
    ["a name", { container_name: "one" }, ["has the fixed name one"]],
    ["the server's network", { network_mode: "host" }, ["uses the server's network"]],
    ["another one's network and processes", { network_mode: "service:db", pid: "service:db" }, ["shares a namespace with db"]],
    ["a volume", { volumes: [volume("data", "/data")] }, ["writes to the volume data"]],
    ["a volume that it reads", { volumes: [volume("data", "/data", { read_only: true })] }, []],
    ["a folder", { volumes: [bind("/srv/x", "/x")] }, ["writes to /srv/x on the server"]],
    ["a socket", { volumes: [bind("/var/run/docker.sock", "/x")] }, []],
    ["a volume without a name", { volumes: [volume(undefined, "/data")] }, ["has an unnamed volume at /data"]],
    ["an address", { networks: { default: { ipv4_address: "10.0.0.2" } } }, ["has the fixed address 10.0.0.2"]],
    ["a device", { devices: [{ source: "/dev/x" }] }, ["uses the device /dev/x"]],
    ["a database", { image: "mysql:8" }, ["is a database (MySQL)"]],
  ])("%s", (_, service, expected) => {
    expect(singletonOf(service)).toEqual(expected);
  });
});
