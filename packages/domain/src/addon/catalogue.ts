import type { Fields } from "../compose/file.ts";
import type { KindName } from "./kind.ts";

/** The kinds of add-ons: which versions of each there are, its service, and the contract: the variables that an app reaches it by. */
export interface Kind {
  /** What its maker calls a major version, oldest first: data of one is not read by another without an upgrade. */
  readonly versions: readonly string[];
  readonly usual: string;
  readonly image: (version: string) => string;
  readonly scheme: string;
  readonly port: number;
  readonly user: string;
  readonly database?: string;
  /** The names of the contract's variables where the add-on has the name of its kind. */
  readonly contract: Readonly<Partial<Record<Part, string>>>;
  /** `secret` is the file with the password inside. */
  readonly service: (of: { version: string; secret: string; volume: string; args: readonly string[] }) => Fields;
}

export type Part = "url" | "host" | "port" | "user" | "password" | "database";

/** A first start makes the database: on a slow disk that takes a while. */
const every2s = { interval: "2s", timeout: "3s", retries: 30, start_period: "1m" };
const shell = (test: string) => ({ test: ["CMD-SHELL", test], ...every2s });

/** A password goes from the secret's file into a file of the container, never into a command line. `$$` is one dollar for Compose. */
export const kinds = {
  postgres: {
    versions: ["15", "16", "17", "18"],
    usual: "17",
    image: (version) => `postgres:${version}`,
    scheme: "postgres",
    port: 5432,
    user: "app",
    database: "app",
    contract: {
      url: "DATABASE_URL",
      host: "PGHOST",
      port: "PGPORT",
      user: "PGUSER",
      password: "PGPASSWORD",
      database: "PGDATABASE",
    },
    service: ({ version, secret, volume, args }) => ({
      environment: { POSTGRES_USER: "app", POSTGRES_DB: "app", POSTGRES_PASSWORD_FILE: secret },
      // From 18 on it keeps its data in a folder of its version below this one.
      volumes: [`${volume}:/var/lib/postgresql${Number(version) >= 18 ? "" : "/data"}`],
      ...(args.length > 0 && { command: ["postgres", ...args] }),
      // By address: at the first start the socket answers before it takes connections.
      healthcheck: shell("pg_isready -q -U app -d app -h 127.0.0.1"),
      stop_grace_period: "1m",
      shm_size: "128mb",
    }),
  },
  redis: {
    versions: ["7", "8"],
    usual: "7",
    image: (version) => `redis:${version}`,
    scheme: "redis",
    port: 6379,
    user: "default",
    contract: { url: "REDIS_URL", host: "REDIS_HOST", port: "REDIS_PORT", password: "REDIS_PASSWORD" },
    service: ({ secret, volume, args }) => ({
      command: [
        "sh",
        "-c",
        `printf 'requirepass %s\\n' "$$(cat ${secret})" >/tmp/redis.conf && exec docker-entrypoint.sh redis-server /tmp/redis.conf --appendonly yes --maxmemory-policy noeviction "$$@"`,
        "redis",
        ...args,
      ],
      volumes: [`${volume}:/data`],
      healthcheck: shell(`REDISCLI_AUTH="$$(cat ${secret})" redis-cli ping | grep -q PONG`),
      stop_grace_period: "30s",
    }),
  },
  nats: {
    versions: ["2.10", "2.11", "2.12"],
    usual: "2.11",
    image: (version) => `nats:${version}-alpine`,
    scheme: "nats",
    port: 4222,
    user: "app",
    contract: { url: "NATS_URL", host: "NATS_HOST", port: "NATS_PORT", user: "NATS_USER", password: "NATS_PASSWORD" },
    service: ({ secret, volume, args }) => ({
      command: [
        "sh",
        "-c",
        `printf 'authorization { user: app, password: "%s" }\\n' "$$(cat ${secret})" >/tmp/nats.conf && exec nats-server -c /tmp/nats.conf -js -sd /data -m 8222 "$$@"`,
        "nats",
        ...args,
      ],
      volumes: [`${volume}:/data`],
      healthcheck: shell("wget -q -O /dev/null http://127.0.0.1:8222/healthz"),
      stop_grace_period: "30s",
    }),
  },
  mariadb: {
    versions: ["10.11", "11.4", "11.8"],
    usual: "11.8",
    image: (version) => `mariadb:${version}`,
    scheme: "mysql",
    port: 3306,
    user: "app",
    database: "app",
    contract: {
      url: "MYSQL_URL",
      host: "MYSQL_HOST",
      port: "MYSQL_PORT",
      user: "MYSQL_USER",
      password: "MYSQL_PASSWORD",
      database: "MYSQL_DATABASE",
    },
    service: ({ secret, volume, args }) => ({
      environment: {
        MARIADB_USER: "app",
        MARIADB_DATABASE: "app",
        MARIADB_PASSWORD_FILE: secret,
        MARIADB_ROOT_PASSWORD_FILE: secret,
        MARIADB_ROOT_HOST: "localhost",
        MARIADB_AUTO_UPGRADE: "1",
      },
      ...(args.length > 0 && { command: ["mariadbd", ...args] }),
      volumes: [`${volume}:/var/lib/mysql`],
      healthcheck: shell(`MYSQL_PWD="$$(cat ${secret})" mariadb -h 127.0.0.1 -u app -e 'SELECT 1' app >/dev/null`),
      stop_grace_period: "1m",
    }),
  },
} as const satisfies Record<KindName, Kind>;
