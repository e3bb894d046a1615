/** Upgrades of add-ons on a real server: dumped and loaded by their own programs, broken at every point, and gone back from. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { mariadbImage, natsImage, postgresImage } from "../lab/addon-images.ts";
import { redisImage } from "../lab/images.ts";
import { available } from "../lab/lab.ts";
import type { Server } from "../lab/server.ts";
import { resultOf, type Stage, startStage } from "./stage.ts";

const reason = available();

describe.skipIf(reason)(`upgrades of add-ons on a real server${reason ? ` (skipped: ${reason})` : ""}`, () => {
  let stage: Stage;
  let server: Server;
  let app = "";
  const berth = (...args: string[]) => stage.berth.run([...args, "--app", "shop", "--json"], { cwd: app });
  const json = async (...args: string[]) => resultOf(await berth(...args));
  const inService = (service: string, script: string) =>
    server.exec(`docker exec -i shop-production-${service}-1 sh 2>&1 <<'END' || true\n${script}\nEND`);
  const psql = (sql: string) => inService("client", `psql -Atq "$DATABASE_URL" <<'SQL'\n${sql}\nSQL`);
  const maria = (sql: string) =>
    inService(
      "maria-client",
      `MYSQL_PWD=$MYSQL_PASSWORD mariadb --skip-ssl -N -h $MYSQL_HOST -u $MYSQL_USER $MYSQL_DATABASE <<'SQL'\n${sql}\nSQL`,
    );
  /** What runs apart, and what says so. */
  const apart = () =>
    server.exec(
      "for which in old new; do docker ps -aq --filter label=com.docker.compose.project=shop-production_$which; done; ls /root/berth/state/shop-production/apart /var/lib/berth/state/shop-production/apart 2>/dev/null || true",
    );
  const volumes = async () => (await server.exec("docker volume ls -q | grep _postgres- || true")).trim().split("\n").sort();
  const upgrade = (name: string, version: string, ...more: string[]) =>
    json("addon", "upgrade", name, "--version", version, "--yes", ...more);

  // biome-ignore lint/suspicious/noExplicitAny: whatever the command answers
  const succeeds = async (ended: Promise<any>) => expect((await ended).job?.failure).toBeUndefined();

  beforeAll(async () => {
    stage = await startStage({ servers: 1 });
    server = stage.lab.servers[0]!; // one was asked for
    app = join(stage.folder, "shop");
    await stage.addTarget("web1", server);
    mkdirSync(app);
    const { registry } = stage.lab;
    const [old, now, oldMaria, nowMaria, nats] = await Promise.all([
      postgresImage("15"),
      postgresImage(),
      mariadbImage("10.11"),
      mariadbImage(),
      natsImage(),
    ]);
    await registry.push("library/postgres:15", old);
    await registry.push("library/postgres:17", now);
    await registry.push("library/mariadb:10.11", oldMaria);
    await registry.push("library/mariadb:11.8", nowMaria);
    await registry.push("library/redis:8", redisImage());
    await registry.push("library/nats:2.10-alpine", nats);
    await registry.push("library/nats:2.11-alpine", nats);
    await registry.push("library/client:1", { ...now, volumes: [] });
    await registry.push("library/maria-client:1", { ...nowMaria, volumes: [] });
    const client = (name: string) => `  ${name}: { image: "${name}:1", command: [sleep, "1000000"], stop_grace_period: 0s }\n`;
    const built = "  built: { build: ./built, stop_grace_period: 0s }\n";
    await server.exec("docker pull -q busybox:1.36"); // which old BuildKits do not pull from here
    mkdirSync(join(app, "built"));
    writeFileSync(join(app, "built/Dockerfile"), 'FROM busybox:1.36\nCOPY . /own\nCMD ["sleep", "1000000"]\n');
    writeFileSync(join(app, "compose.yaml"), `services:\n${client("client")}${client("maria-client")}${built}`);
    await stage.berth.json(["app", "init", "shop"], { cwd: app });
    for (const [kind, version] of [
      ["postgres", "15"],
      ["mariadb", "10.11"],
      ["redis", "7"],
      ["nats", "2.10"],
    ] as const)
      await json("addon", "add", kind, "--version", version);
    await succeeds(json("deploy", "--yes"));
    await psql(`CREATE ROLE reader LOGIN PASSWORD 'x'; CREATE SEQUENCE s; SELECT nextval('s');
CREATE TABLE t (id serial PRIMARY KEY, x text UNIQUE); INSERT INTO t (x) SELECT 'kept ' || i FROM generate_series(1, 20000) i;
CREATE VIEW v AS SELECT count(*) FROM t; GRANT SELECT ON t TO reader; INSERT INTO t (x) VALUES ('CREATE ROLE "app";');
CREATE DATABASE other;`);
  }, 900_000);
  afterAll(() => stage?.close());

  /** Waits until the new server is there, and holds it: what is loaded into it does not end. */
  const held = () =>
    expect
      .poll(() => server.exec("docker pause shop-production_new-postgres-1 2>&1 || true"), { timeout: 120_000, interval: 200 })
      .toBe("shop-production_new-postgres-1\n");
  const cancel = async () => stage.berth.json(["jobs", "cancel", (await stage.customer.api("GET", "/jobs")).items[0].id]);
  /** As before anything was asked. */
  const servesOn = async () => {
    expect(await psql("SHOW server_version; SELECT * FROM v")).toMatch(/^15\..*\n20001\n$/);
    expect(await json("addon", "show", "postgres")).toMatchObject({ version: "15", volume: "postgres-data" });
    expect(await server.exec("docker ps --format '{{.Names}}' | wc -l")).toBe("7\n");
    expect([await apart(), await volumes()]).toEqual(["", ["shop-production_postgres-data"]]);
  };
  const failsWith = async (problem: object) => {
    expect(await upgrade("postgres", "17")).toMatchObject({
      job: { status: "failed", failure: { rolledBack: true, ...problem } },
    });
    await servesOn();
  };

  test("what cannot be dumped, what cannot be loaded, and what arrives otherwise than it was leave the old version serving", async () => {
    await psql("CREATE SCHEMA z; CREATE FUNCTION z.f() RETURNS int LANGUAGE sql AS 'SELECT 1'");
    await psql(
      "CREATE TABLE spared AS SELECT * FROM pg_namespace WHERE nspname = 'z'; DELETE FROM pg_namespace WHERE nspname = 'z'",
    );
    await failsWith({ class: "upgrade.failed", message: expect.stringContaining("could not be dumped"), service: "postgres" });
    await psql("INSERT INTO pg_namespace SELECT * FROM spared; DROP TABLE spared");
    await psql("DROP SCHEMA z CASCADE; CREATE EXTENSION adminpack"); // which 17 does not have any more
    await failsWith({ class: "upgrade.failed", message: expect.stringMatching(/did not load the dump: .*adminpack/) });
    await psql("DROP EXTENSION adminpack; CREATE TABLE member (x int); INSERT INTO member VALUES (1)");
    await psql("ALTER EXTENSION plpgsql ADD TABLE member"); // whose rows no dump has
    const differs = "What arrived is not what was there, which had: rows public.member 1";
    await failsWith({ class: "upgrade.failed", message: expect.stringContaining(differs) });
    await psql("ALTER EXTENSION plpgsql DROP TABLE member; DROP TABLE member");
  }, 900_000);

  test("a disk that is full in its middle leaves the old version serving", async () => {
    await psql("CREATE TABLE big AS SELECT repeat(md5(i::text), 40) x FROM generate_series(1, 80000) i");
    const ended = upgrade("postgres", "17");
    const made = "docker volume inspect --format '{{.Mountpoint}}' $(docker volume ls -q | grep postgres-data-r) 2>/dev/null";
    await expect
      .poll(() => server.exec(`mount -t tmpfs -o size=60m none "$(${made})" 2>/dev/null && echo full || true`), {
        timeout: 120_000,
        interval: 100,
      })
      .toBe("full\n");
    expect(await ended).toMatchObject({ job: { status: "failed", failure: { class: "disk.full", rolledBack: true } } });
    await server.exec(`umount "$(${made})"; docker volume rm $(docker volume ls -q | grep postgres-data-r)`);
    await psql("DROP TABLE big");
    await servesOn();
  }, 300_000);

  test("canceled in its middle, or after its runner was killed, the old version serves on", async () => {
    const canceled = upgrade("postgres", "17");
    await held();
    await cancel();
    expect(await canceled).toMatchObject({ job: { status: "canceled" } });
    await servesOn();
    const killed = upgrade("postgres", "17");
    await held();
    await server.exec("kill -9 $(cat $(ls -td /root/berth/runs/job_* /var/lib/berth/runs/job_* 2>/dev/null | head -n 1)/pid)");
    await cancel();
    expect(await killed).toMatchObject({ job: { status: "canceled" } });
    await servesOn();
  }, 600_000);

  test("MariaDB's data, users and routines go along, and those of Redis and NATS", async () => {
    await maria("CREATE TABLE t (id int AUTO_INCREMENT PRIMARY KEY, x blob); INSERT INTO t (x) VALUES (x'00ff27');");
    await maria("CREATE VIEW v AS SELECT HEX(x) FROM t; CREATE TRIGGER tr BEFORE INSERT ON t FOR EACH ROW SET NEW.x = NEW.x;");
    const asRoot = (sql: string) =>
      inService(
        "mariadb",
        `MYSQL_PWD="$(cat "$MARIADB_ROOT_PASSWORD_FILE")" mariadb -u root --default-character-set=utf8mb4 <<'SQL'\n${sql}\nSQL`,
      );
    await asRoot("CREATE DATABASE `odd name`; CREATE USER second IDENTIFIED BY 'pw'; GRANT SELECT ON app.t TO second;");
    await asRoot("CREATE PROCEDURE app.p() SELECT 1;");
    const redis = (command: string) => inService("redis", `REDISCLI_AUTH="$(cat /run/secrets/redis)" redis-cli ${command}`);
    await redis("set kept 1");
    await redis("set gone 1 ex 1");
    for (const [name, version] of [
      ["mariadb", "11.8"],
      ["redis", "8"],
      ["nats", "2.11"],
    ] as const)
      await succeeds(upgrade(name, version));
    expect(await maria("SELECT VERSION(); SELECT * FROM v; CALL p();")).toMatch(/^11\.8.*\n00FF27\n1\n$/);
    expect(await maria("SHOW DATABASES")).not.toContain("odd"); // which app may not see
    expect(await asRoot("SHOW DATABASES")).toContain("odd name");
    const second = "mariadb --skip-ssl -N -h $MYSQL_HOST -u second -ppw app -e 'SELECT COUNT(*) FROM t'";
    expect(await inService("maria-client", second)).toBe("1\n");
    expect(await redis("get kept")).toContain("1");
    for (const name of ["mariadb", "redis", "nats"])
      expect(await json("addon", "show", name)).toMatchObject({ aside: [{ volume: `${name}-data` }] });
    expect(await apart()).toBe("");
  }, 600_000);

  test("where the power fails in its middle it is done again, from the old data", async () => {
    const ended = upgrade("postgres", "17");
    await held();
    // What was let in since it was made has to be on its disk.
    writeFileSync(join(server.folder, "authorized_keys"), await server.exec("cat /root/.ssh/authorized_keys"));
    await server.stop();
    await server.start();
    await succeeds(ended);
  }, 600_000);

  test("the data is in the new version, roles, sequences and big tables too; the old volume is set aside", async () => {
    expect(
      await psql(
        "SHOW server_version; SELECT * FROM v; SELECT last_value FROM s; SELECT has_table_privilege('reader', 't', 'SELECT'); SELECT datname FROM pg_database WHERE datname = 'other'; SELECT id FROM t WHERE x = 'CREATE ROLE \"app\";'",
      ),
    ).toMatch(/^17\..*\n20001\n1\nt\nother\n20001\n$/);
    expect(await apart()).toBe("");
    // What is built gets the contract too, and has the image that it had.
    expect(await inService("built", 'ls /own; echo "$DATABASE_URL"')).toMatch(
      /^Dockerfile\npostgres:\/\/app:\w{32}@postgres:5432\/app\n$/,
    );
    const addon = await json("addon", "show", "postgres");
    expect(addon).toMatchObject({ version: "17", aside: [{ volume: "postgres-data", version: "15" }] });
    expect(await volumes()).toEqual(["shop-production_postgres-data", `shop-production_${addon.volume}`]);
    // What comes after it has it too.
    writeFileSync(join(app, ".env"), "OTHER=1\n");
    expect(await json("deploy", "--yes")).toMatchObject({ status: "succeeded" });
    await psql("INSERT INTO t (x) VALUES ('new')");
    // Back to what it was then, with its data as it was then.
    expect(await json("rollback", "1")).toMatchObject({ job: { failure: { class: "data.at_risk" } } });
    expect(await json("rollback", "1", "--accept-data-risk")).toMatchObject({ status: "succeeded" });
    expect(await psql("SELECT * FROM v")).toBe("20001\n");
    expect(await json("deploy", "--yes", "--accept-data-risk")).toMatchObject({ status: "succeeded" });
    expect(await psql("SELECT * FROM v")).toBe("20002\n");
  }, 600_000);
});
