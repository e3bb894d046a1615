/** Images that keep data, by their names. */
interface Known {
  readonly image: RegExp;
  readonly name: string;
  readonly path: string;
  readonly parts?: 2;
  /** Whether another major version reads its data: never, only a newer one, which changes it for good, or always. */
  readonly reads: "own" | "older" | "any";
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

export interface KnownDatabase extends Pick<Known, "name" | "path" | "reads"> {
  readonly tag: string;
  /** What the image's maker calls a major version; undefined if the tag does not say. */
  readonly major: string | undefined;
}

export function knownDatabase(image: string): KnownDatabase | undefined {
  const [, name = "", tag = ""] =
    /^((?:[^/]+\/)*[^/:@]+)(?::([^/@]+))?(?:@.*)?$/.exec(image.replace(/^docker\.io\/(library\/)?/, "")) ?? [];
  const found = known.find((each) => each.image.test(name));
  return found && { ...found, tag, major: majorOf(tag, found.parts ?? 1) };
}

/** `2024.1` of another maker is a version too; `pg16-v0.3` and `latest-pg16` name that of PostgreSQL. */
function majorOf(tag: string, parts: 1 | 2): string | undefined {
  const version = /\bpg(\d+)\b/.exec(tag)?.[1] ?? /^v?(\d+(?:\.\d+)*)/.exec(tag)?.[1];
  if (version === undefined) return undefined;
  const [first, second] = version.split(".");
  return parts === 2 && second !== undefined ? `${first}.${second}` : first;
}
