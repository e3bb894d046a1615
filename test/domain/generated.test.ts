// biome-ignore-all lint/suspicious/noTemplateCurlyInString: it is the syntax of Compose that is tested here

import type { Chosen } from "@berth/domain/addon/addon.ts";
import { kinds } from "@berth/domain/addon/catalogue.ts";
import { contractOf } from "@berth/domain/addon/contract.ts";
import { fragmentOf } from "@berth/domain/addon/fragment.ts";
import { type KindName, kindNames } from "@berth/domain/addon/kind.ts";
import { lookupIn, readComposed } from "@berth/domain/compose/compose.ts";
import { generate } from "@berth/domain/compose/generated.ts";
import { expect, test } from "vitest";

const of = (kind: KindName, more: Partial<Chosen> = {}): Chosen => ({ kind, name: kind, version: kinds[kind].usual, ...more });

function added(
  compose: string,
  addons: readonly Chosen[],
  given: { env?: Record<string, string>; files?: Record<string, string> } = {},
) {
  const { env: variables = {}, files = {} } = given;
  const texts: Record<string, string> = { "compose.yaml": compose, ...files };
  const sources = { files: ["compose.yaml"], text: (path: string) => texts[path] };
  const get = lookupIn(variables);
  const { file } = readComposed(sources, get);
  return JSON.parse(generate({ file, sources, variables, get, project: "shop-production" }, addons.map(fragmentOf)));
}

const conflictIn = (...args: Parameters<typeof added>) => {
  try {
    added(...args);
  } catch (error) {
    return error;
  }
  throw new Error("There is no conflict");
};

test("an add-on is a service with a volume and a password from a variable, and the others wait for it and have its contract", () => {
  expect(added("services: {web: {image: web}}", [of("postgres")])).toEqual({
    services: {
      web: {
        environment: contractOf({ kind: "postgres", name: "postgres" }),
        depends_on: { postgres: { condition: "service_healthy" } },
      },
      postgres: expect.objectContaining({ image: "postgres:17", secrets: ["postgres"], restart: "unless-stopped" }),
    },
    volumes: { "postgres-data": {} },
    secrets: { postgres: { environment: "BERTH_ADDON_POSTGRES_PASSWORD" } },
  });
});

test.each(["constructor", "toString"])("a service may be called %s", (name) => {
  const { services } = added(`services: {${JSON.stringify(name)}: {image: web}}`, [of("redis")]);
  expect(Object.entries(services)).toContainEqual([name, expect.objectContaining({ depends_on: expect.anything() })]);
});

test("PostgreSQL's volume is where each version keeps its data", () => {
  const at = (version: string) => added("services: {web: {image: web}}", [of("postgres", { version })]).services.postgres.volumes;
  expect(["15", "16", "17", "18"].map(at)).toEqual([
    ["postgres-data:/var/lib/postgresql/data"],
    ["postgres-data:/var/lib/postgresql/data"],
    ["postgres-data:/var/lib/postgresql/data"],
    ["postgres-data:/var/lib/postgresql"],
  ]);
});

test("the contract has the names that clients of each kind know, and an add-on of another name its own", () => {
  const names = (kind: KindName, name: string) => Object.keys(contractOf({ kind, name })).join(" ");
  expect(kindNames.map((kind) => names(kind, kind))).toEqual([
    "DATABASE_URL PGHOST PGPORT PGUSER PGPASSWORD PGDATABASE",
    "REDIS_URL REDIS_HOST REDIS_PORT REDIS_PASSWORD",
    "NATS_URL NATS_HOST NATS_PORT NATS_USER NATS_PASSWORD",
    "MYSQL_URL MYSQL_HOST MYSQL_PORT MYSQL_USER MYSQL_PASSWORD MYSQL_DATABASE",
  ]);
  expect(contractOf({ kind: "redis", name: "job-queue" })).toEqual({
    JOB_QUEUE_URL: "redis://default:${BERTH_ADDON_JOB_QUEUE_PASSWORD}@job-queue:6379",
    JOB_QUEUE_HOST: "job-queue",
    JOB_QUEUE_PORT: "6379",
    JOB_QUEUE_PASSWORD: "${BERTH_ADDON_JOB_QUEUE_PASSWORD}",
  });
});

test("what a service's environment or env file says of a variable holds, also that it comes from elsewhere", () => {
  const { services } = added(
    "services:\n  web:\n    image: web\n    environment: {DATABASE_URL: mine, PGHOST: }\n    env_file: [own.env, {path: gone.env, required: false}, .env]\n    depends_on: [postgres]\n",
    [of("postgres")],
    { files: { "own.env": "PGPORT=6543\nPGUSER=${DATABASE_URL:-x}\n" } },
  );
  expect(Object.keys(services.web.environment)).toEqual(["PGPASSWORD", "PGDATABASE"]);
  expect(services.web.depends_on).toEqual({});
});

test("an add-on is on the networks of those that use it, and on none that other projects are on", () => {
  const networks = (services: string, addon = of("redis")) =>
    added(`services: {${services}}\nnetworks: {back: {}, front: {}, shared: {external: true}}`, [addon]).services.redis.networks;
  expect(networks("web: {image: web}")).toBeUndefined();
  expect(networks("web: {image: web, networks: [shared, back]}, api: {image: api, networks: {front: {aliases: [x]}}}")).toEqual([
    "back",
    "front",
  ]);
  expect(networks("web: {image: web, networks: [shared, back]}, in: {image: a, network_mode: 'service:web'}")).toEqual(["back"]);
  expect(networks("web: {image: web, networks: [back]}, api: {image: api}", of("redis", { services: ["web"] }))).toEqual([
    "back",
  ]);
});

test("without a choice every service has it that reaches it and is no database itself", () => {
  const has = (services: string) =>
    Object.keys(added(`services: {${services}}\nnetworks: {shared: {external: true}}`, [of("redis")]).services);
  expect(
    has(
      "web: {image: web}, db: {image: 'postgres:16'}, agent: {image: a, network_mode: host}, edge: {image: e, networks: [shared]}",
    ),
  ).toEqual(["web", "redis"]);
});

test.each<[string, string, Chosen, string, Parameters<typeof added>[2]?]>([
  ["a service", "services: {redis: {image: redis}, web: {image: web}}", of("redis"), "service redis"],
  ["a service under another name", "services: {db: {image: x, container_name: redis}}", of("redis"), "service redis"],
  ["an alias", "services: {db: {image: x, networks: {default: {aliases: [redis]}}}}", of("redis"), "service redis"],
  ["a volume", "services: {web: {image: web}}\nvolumes: {redis-data: {}}", of("redis"), "volume redis-data"],
  [
    "a volume's own name",
    "services: {web: {image: web}}\nvolumes: {x: {name: shop-production_redis-data}}",
    of("redis"),
    "volume redis-data",
  ],
  ["a secret", "services: {web: {image: web}}\nsecrets: {redis: {file: x}}", of("redis"), "secret redis"],
  ["a variable of .env", "services: {web: {image: web}}", of("redis"), "variable REDIS_URL", { env: { REDIS_URL: "x" } }],
  ["a service that is not there", "services: {web: {image: web}}", of("redis", { services: ["api"] }), "service api"],
  ["a service of the host's network", "services: {web: {image: web, network_mode: host}}", of("redis"), "network web"],
  [
    "only networks of others",
    "services: {web: {image: web, networks: [n]}}\nnetworks: {n: {external: true}}",
    of("redis"),
    "network web",
  ],
  ["a file from elsewhere", "include: [oci://registry/x]\nservices: {web: {image: web}}", of("redis"), "file oci://registry/x"],
  ["a file that Compose may read otherwise", "%YAML 1.2\n---\nservices: {web: {image: web}}", of("redis"), "file compose.yaml"],
  ["variables from elsewhere", "services: {web: {image: web, env_file: /etc/web.env}}", of("redis"), "file /etc/web.env"],
])("%s is a conflict with its name", (_, compose, addon, said, given) => {
  const [what, name] = said.split(" ");
  expect(conflictIn(compose, [addon], given)).toMatchObject({ code: "compose.conflict", facts: { what, name } });
});
