/** Databases, caches and queues that Berth adds, used by a client of each kind through the variables of their contracts alone. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { mariadbImage, natsImage, postgresImage } from "../lab/addon-images.ts";
import type { Image } from "../lab/image.ts";
import { redisImage } from "../lab/images.ts";
import { available } from "../lab/lab.ts";
import type { Server } from "../lab/server.ts";
import { resultOf, type Stage, startStage } from "./stage.ts";

const reason = available();

interface Kind {
  readonly name: string;
  readonly version: string;
  readonly image: string;
  readonly make: () => Promise<Image>;
  /** Scripts for a shell beside the client: what writes, and two ways to read what was written, by the URL and by the rest. */
  readonly write: string;
  readonly read: readonly [byUrl: string, byParts: string];
  readonly found: string;
  readonly wrong: string;
  readonly refused: RegExp;
}

const nats = (talk: string, password = "$NATS_PASSWORD") =>
  `{ printf 'CONNECT {"verbose":false,"user":"%s","pass":"%s"}\\r\\n' "$NATS_USER" "${password}"; printf '${talk}PING\\r\\n'; sleep 1; } | nc -q 1 "$NATS_HOST" "$NATS_PORT"`;
const ask = (subject: string, body = "") =>
  `SUB answers 1\\r\\nPUB $JS.API.STREAM.${subject} answers ${body.length}\\r\\n${body}\\r\\n`;

const kinds: readonly Kind[] = [
  {
    name: "postgres",
    version: "17",
    image: "postgres:17",
    make: postgresImage,
    write: "psql -qc \"CREATE TABLE t (x text); INSERT INTO t VALUES ('kept')\"",
    read: ['psql -Atc "SELECT x FROM t" "$DATABASE_URL"', 'env -u DATABASE_URL psql -Atc "SELECT x FROM t"'],
    found: "kept",
    wrong: "PGPASSWORD=x psql -c 'SELECT 1'",
    refused: /password authentication failed/,
  },
  {
    name: "redis",
    version: "7",
    image: "redis:7",
    make: async () => redisImage(),
    write: 'redis-cli -u "$REDIS_URL" set x kept',
    read: ['redis-cli -u "$REDIS_URL" get x', 'REDISCLI_AUTH=$REDIS_PASSWORD redis-cli -h "$REDIS_HOST" -p "$REDIS_PORT" get x'],
    found: "kept",
    wrong: 'REDISCLI_AUTH=x redis-cli -h "$REDIS_HOST" get x',
    refused: /WRONGPASS|NOAUTH/,
  },
  {
    name: "nats",
    version: "2.10",
    image: "nats:2.10-alpine",
    make: natsImage,
    write: nats(`${ask("CREATE.S", '{"name":"S","subjects":["s"]}')}PUB s 4\\r\\nkept\\r\\n`),
    read: [
      'test "$NATS_URL" = "nats://$NATS_USER:$NATS_PASSWORD@$NATS_HOST:$NATS_PORT" && echo \'"messages":1\'',
      nats(ask("INFO.S")),
    ],
    found: '"messages":1',
    wrong: nats("", "x"),
    refused: /Authorization Violation/,
  },
  {
    name: "mariadb",
    version: "11.8",
    image: "mariadb:11.8",
    make: mariadbImage,
    write: `${"MYSQL_PWD=$MYSQL_PASSWORD mariadb -h $MYSQL_HOST -P $MYSQL_PORT -u $MYSQL_USER $MYSQL_DATABASE"} -e "CREATE TABLE t (x text); INSERT INTO t VALUES ('kept')"`,
    read: [
      'test "$MYSQL_URL" = "mysql://$MYSQL_USER:$MYSQL_PASSWORD@$MYSQL_HOST:$MYSQL_PORT/$MYSQL_DATABASE" && echo kept',
      'MYSQL_PWD=$MYSQL_PASSWORD mariadb -h $MYSQL_HOST -P $MYSQL_PORT -u $MYSQL_USER $MYSQL_DATABASE -Ne "SELECT x FROM t"',
    ],
    found: "kept",
    wrong: "MYSQL_PWD=x mariadb -h $MYSQL_HOST -u $MYSQL_USER -e 'SELECT 1'",
    refused: /Access denied/,
  },
];

describe.skipIf(reason)(`add-ons on a real server${reason ? ` (skipped: ${reason})` : ""}`, () => {
  let stage: Stage;
  let server: Server;
  let app = "";
  const berth = (...args: string[]) => stage.berth.run([...args, "--app", "shop", "--json"], { cwd: app });
  const deploy = async () => resultOf(await berth("deploy", "--yes"));
  const inClient = (kind: string, script: string) =>
    server.exec(`docker exec -i shop-production-with-${kind}-1 sh 2>&1 <<'END' || true\n${script}\nEND`);
  const running = async () => (await server.exec("docker ps --no-trunc --format '{{.ID}} {{.Names}}'")).trim().split("\n");
  const containerOf = async (service: string) => (await running()).find((line) => line.endsWith(` shop-production-${service}-1`));

  beforeAll(async () => {
    stage = await startStage({ servers: 1 });
    server = stage.lab.servers[0]!; // one was asked for
    app = join(stage.folder, "shop");
    await stage.addTarget("web1", server);
    mkdirSync(app);
    for (const { name, image, make } of kinds) {
      const made = await make();
      await stage.lab.registry.push(`library/${image}`, made);
      await stage.lab.registry.push(`library/with-${name}:1`, { ...made, volumes: [] });
    }
    const client = ({ name }: Kind) =>
      `  with-${name}: { image: "with-${name}:1", command: [sleep, "1000000"], stop_grace_period: 0s }\n`;
    writeFileSync(join(app, "compose.yaml"), `services:\n${kinds.map(client).join("")}`);
    await stage.berth.json(["app", "init", "shop"], { cwd: app });
  }, 900_000);
  afterAll(() => stage?.close());

  test("each is healthy before its clients start, which reach it by its variables, and by no other password", async () => {
    for (const { name, version } of kinds) {
      const added = JSON.parse((await berth("addon", "add", name, "--version", version)).stdout);
      expect(added).toMatchObject({ name, version, volume: `${name}-data` });
    }
    expect(await deploy()).toMatchObject({ status: "succeeded" });
    for (const { name, write, read, found, wrong, refused } of kinds) {
      await inClient(name, write);
      for (const script of read) expect(await inClient(name, script), `${name}: ${script}`).toContain(found);
      expect(await inClient(name, wrong), name).toMatch(refused);
    }
  }, 300_000);

  test("their passwords are in no command line, no image and nothing that Berth keeps or says", async () => {
    const passwords = await Promise.all(
      kinds.map(({ name }) => server.exec(`docker exec shop-production-${name}-1 cat /run/secrets/${name}`)),
    );
    for (const password of passwords) expect(password).toMatch(/^\w{32}$/);
    const seen = [
      await server.exec("ps -eo args --no-headers || ps"),
      ...(await Promise.all(kinds.map(({ name }) => server.exec(`docker top shop-production-${name}-1 -eo pid,args`)))),
      await server.exec(
        "docker ps -q | xargs docker inspect --format '{{json .Config.Cmd}} {{json .Config.Entrypoint}} {{json .Config.Healthcheck}}'",
      ),
      (await berth("addon", "list")).stdout,
      (await berth("releases")).stdout,
      JSON.stringify(await stage.customer.api("GET", "/jobs")),
    ].join("\n");
    for (const password of passwords) expect(seen).not.toContain(password);
  }, 60_000);

  test("a deployment leaves them as they are, and their data is there after it and after a rollback", async () => {
    const before = await Promise.all(kinds.map(({ name }) => containerOf(name)));
    const plan = JSON.parse((await berth("plan")).stdout);
    expect(plan.targets[0].plan.services.map(({ change }: { change: string }) => change)).toEqual(
      kinds.flatMap(() => ["keep", "keep"]),
    );
    writeFileSync(join(app, ".env"), "OTHER=1\n");
    expect(await deploy()).toMatchObject({ status: "succeeded" });
    expect(resultOf(await berth("rollback"))).toMatchObject({ status: "succeeded" });
    expect(await Promise.all(kinds.map(({ name }) => containerOf(name)))).toEqual(before);
    for (const { name, read, found } of kinds) expect(await inClient(name, read[1]), name).toContain(found);
  }, 300_000);

  test("one that is removed goes with the next deployment, its data stays, and it is found when it is added again", async () => {
    for (const { name } of kinds)
      expect(JSON.parse((await berth("addon", "remove", name, "--yes")).stdout).kept).toEqual({
        volume: `shop-production_${name}-data`,
        targets: ["web1"],
      });
    // That nothing uses their volumes any more is a risk that a plan names.
    expect(await deploy()).toMatchObject({ status: "failed" });
    expect(resultOf(await berth("deploy", "--yes", "--accept-data-risk"))).toMatchObject({ status: "succeeded" });
    for (const { name } of kinds) {
      expect(await containerOf(name)).toBeUndefined();
      expect(await inClient(name, "env")).not.toMatch(/_URL=|BERTH_/);
      expect(await server.exec("docker volume ls -q")).toContain(`shop-production_${name}-data`);
      expect(JSON.parse((await berth("addon", "add", name)).stdout)).toMatchObject({ name });
    }
    expect(await deploy()).toMatchObject({ status: "succeeded" });
    for (const { name, read, found } of kinds)
      for (const script of read) expect(await inClient(name, script), `${name}: ${script}`).toContain(found);
  }, 300_000);
});
