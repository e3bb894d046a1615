/** Images that keep data: which they are, of which version, and where they keep it. */
import type { Service } from "./resolved.ts";

export interface Database {
  readonly name: string;
  /** What the image's maker calls a major version, like `16` or, for MySQL, `8.0`; undefined if the tag does not say. */
  readonly major: string | undefined;
  readonly isAlpine: boolean;
  /** The folder that has to be on a volume. */
  readonly path: string;
  /** Whether another major version reads its data: never, only a newer one, which changes it for good, or always. */
  readonly reads: "own" | "older" | "any";
  /** What it is called when it only keeps things for a while, unless it is told to write them down. */
  readonly isCache: boolean;
}

interface Known {
  readonly image: RegExp;
  readonly name: string;
  readonly path: string;
  readonly parts?: 2;
  readonly reads: Database["reads"];
}

const known: readonly Known[] = [
  { image: /^bitnami(legacy)?\/postgresql$/, name: "PostgreSQL", path: "/bitnami/postgresql", reads: "own" },
  {
    image: /(^|\/)(postgres|postgis|pgvector|timescaledb|pgvecto-rs)$/,
    name: "PostgreSQL",
    path: "/var/lib/postgresql/data",
    reads: "own",
  },
  { image: /^bitnami(legacy)?\/mariadb$/, name: "MariaDB", path: "/bitnami/mariadb", parts: 2, reads: "older" },
  { image: /(^|\/)mariadb$/, name: "MariaDB", path: "/var/lib/mysql", parts: 2, reads: "older" },
  { image: /^bitnami(legacy)?\/mysql$/, name: "MySQL", path: "/bitnami/mysql", parts: 2, reads: "older" },
  { image: /(^|\/)(mysql|mysql-server|percona(-server)?)$/, name: "MySQL", path: "/var/lib/mysql", parts: 2, reads: "older" },
  { image: /^bitnami(legacy)?\/mongodb$/, name: "MongoDB", path: "/bitnami/mongodb", reads: "older" },
  { image: /(^|\/)(mongo|mongodb-community-server)$/, name: "MongoDB", path: "/data/db", reads: "older" },
  { image: /(^|\/)(redis|redis-stack-server|valkey|keydb)$/, name: "Redis", path: "/data", reads: "older" },
  { image: /(^|\/)(clickhouse-server|clickhouse)$/, name: "ClickHouse", path: "/var/lib/clickhouse", reads: "any" },
  { image: /(^|\/)elasticsearch$/, name: "Elasticsearch", path: "/usr/share/elasticsearch/data", reads: "older" },
  { image: /(^|\/)rabbitmq$/, name: "RabbitMQ", path: "/var/lib/rabbitmq", reads: "any" },
  { image: /(^|\/)couchdb$/, name: "CouchDB", path: "/opt/couchdb/data", reads: "any" },
  { image: /(^|\/)neo4j$/, name: "Neo4j", path: "/data", reads: "older" },
];

/** By the image's name: `image` is given where the file names it by its id. */
export function databaseOf(service: Service, image = service.image ?? ""): Database | undefined {
  const [, name = "", tag = ""] =
    /^((?:[^/]+\/)*[^/:@]+)(?::([^/@]+))?(?:@.*)?$/.exec(image.replace(/^docker\.io\/(library\/)?/, "")) ?? [];
  const found = known.find((each) => each.image.test(name));
  if (!found) return undefined;
  const major = majorOf(tag, found.parts ?? 1);
  return {
    name: found.name,
    major,
    isAlpine: /alpine/.test(tag),
    path: pathOf(service, found, major),
    reads: found.reads,
    isCache: found.name === "Redis" && !/--(appendonly|save)\b/.test((service.command ?? []).join(" ")),
  };
}

/** `2024.1` of another maker is a version too; `pg16-v0.3` and `latest-pg16` name that of PostgreSQL. */
function majorOf(tag: string, parts: 1 | 2): string | undefined {
  const version = /\bpg(\d+)\b/.exec(tag)?.[1] ?? /^v?(\d+(?:\.\d+)*)/.exec(tag)?.[1];
  if (version === undefined) return undefined;
  const [first, second] = version.split(".");
  return parts === 2 && second !== undefined ? `${first}.${second}` : first;
}

function pathOf({ environment }: Service, { name, path }: Known, major: string | undefined): string {
  if (name !== "PostgreSQL" || path.startsWith("/bitnami")) return path;
  const set = environment?.PGDATA;
  if (typeof set === "string" && set.startsWith("/")) return set;
  // From 18 on it keeps its data in /var/lib/postgresql/<major>/docker.
  return Number(major) >= 18 ? `/var/lib/postgresql/${major}/docker` : path;
}
