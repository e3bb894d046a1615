import { expect, test } from "vitest";
import { failed, scriptedReach } from "../support/reach.ts";
import { COMPOSE, type TestTenant, testTenant } from "../support/tenant.ts";
import { add, call, deployed, generated, passwordIn } from "./addon.ts";
import { covers } from "./covers.ts";
import { api, post, ready, useApi } from "./deploying.ts";
import { refusedIn } from "./entitled.ts";
import { overtaken } from "./overtaken.ts";

useApi();

const upgrade = (tenant: TestTenant, body: object = {}, headers = {}, addon = "postgres") =>
  post(`/v1/apps/shop/addons/${addon}/upgrade`, body, headers)(tenant);

async function running(kind = "postgres", version = "16") {
  const { tenant } = await ready();
  await add({ kind, version })(tenant);
  return { tenant, first: await deployed(tenant) };
}

/** What the server is given for it, and what becomes of it. */
async function done(tenant: TestTenant, body: object, reach = scriptedReach()) {
  const job = (await upgrade(tenant, body)).body;
  const ended = await tenant.work(job, reach);
  const run = reach.runs.find(({ op }) => op === "deploy");
  if (!run) throw new Error("nothing was deployed");
  return { ended, run };
}

covers(
  "upgradeAddon",
  "202",
  "what is live is deployed with it, its data is moved into a volume of its own, and later deployments have that",
  async () => {
    const { tenant, first } = await running();
    await add({ kind: "redis" })(tenant);
    const { ended, run } = await done(tenant, { version: "17" });
    expect(ended).toMatchObject({ status: "succeeded", release: 2 });
    expect(run.values).toMatchObject({
      moves: "postgres\tpostgres\tpostgres-data\tpostgres-data-r2\n",
      fresh: "postgres\n",
      pull: "missing",
    });
    expect(passwordIn(run)).toBe(passwordIn(first));
    const { services, volumes } = generated(run);
    expect(services.postgres).toMatchObject({
      image: "postgres:17",
      volumes: ["postgres-data-r2:/var/lib/postgresql/data"],
    });
    expect(services.web.environment).toHaveProperty("DATABASE_URL");
    expect([volumes, Object.keys(services).sort()]).toEqual([{ "postgres-data-r2": {} }, ["postgres", "web"]]);
    const { body: addon } = await call(tenant, "GET", "/postgres");
    expect(addon).toMatchObject({
      version: "17",
      volume: "postgres-data-r2",
      aside: [{ volume: "postgres-data", version: "16" }],
    });
    const { body: release } = await api.call("GET", "/v1/apps/shop/releases/2", { token: await tenant.token() });
    expect(release).toMatchObject({ from: 1, addons: [{ name: "postgres", version: "17", volume: "postgres-data-r2" }] });
    const next = await deployed(tenant);
    expect(generated(next).services.postgres.volumes).toEqual(["postgres-data-r2:/var/lib/postgresql/data"]);
    expect(next.values.moves).toBeUndefined();
  },
);

test("one that failed leaves the add-on as it was, and the next upgrade has a volume of its own again", async () => {
  const { tenant } = await running();
  const broken = scriptedReach();
  broken.next(() =>
    failed({ class: "upgrade.failed", message: "What arrived is not what was there", changed: true, rolledBack: true }),
  );
  const { ended } = await done(tenant, { version: "17" }, broken);
  expect(ended).toMatchObject({ status: "failed", failure: { class: "upgrade.failed", rolledBack: true } });
  const { body: addon } = await call(tenant, "GET", "/postgres");
  expect([addon.version, addon.volume, addon.aside]).toEqual(["16", "postgres-data", undefined]);
  expect((await done(tenant, { version: "17" })).run.values.moves).toContain("\tpostgres-data\tpostgres-data-r3\n");
});

test("within its version only the image is another one: its volume stays, and the image is asked for again", async () => {
  const { tenant } = await running();
  const { run } = await done(tenant, {});
  expect([run.values.moves, run.values.fresh]).toEqual([undefined, "postgres\n"]);
  expect(generated(run).services.postgres).toMatchObject({
    image: "postgres:16",
    volumes: ["postgres-data:/var/lib/postgresql/data"],
  });
  const own = await done(tenant, { image: "pgvector/pgvector:pg16" });
  expect(generated(own.run).services.postgres.image).toBe("pgvector/pgvector:pg16");
  expect((await call(tenant, "GET", "/postgres")).body).toMatchObject({
    version: "16",
    image: "pgvector/pgvector:pg16",
    volume: "postgres-data",
  });
});

test("its own image has to be one of the version, and an older version is refused", async () => {
  const { tenant } = await running();
  await call(tenant, "PATCH", "/postgres", { image: "pgvector/pgvector:pg16" });
  await deployed(tenant);
  const says = async (body: object) => (await upgrade(tenant, body)).body.detail;
  expect(await says({ version: "17" })).toContain("Name the one for PostgreSQL 17 too");
  expect(await says({ version: "17", image: "pgvector/pgvector:pg16" })).toContain("is no image of PostgreSQL 17");
  expect(await says({ version: "15" })).toContain("an older version does not read its data");
  expect(await says({ version: "9" })).toContain("There are 15, 16, 17, 18");
  expect((await done(tenant, { version: "17", image: "pgvector/pgvector:pg17" })).ended.status).toBe("succeeded");
  expect((await call(tenant, "GET", "/postgres")).body).toMatchObject({ version: "17", image: "pgvector/pgvector:pg17" });
});

test("the volume that it leaves is told to the first deployment after three days, and to the removal of the app with its volumes", async () => {
  const { tenant } = await running();
  await done(tenant, { version: "17" });
  await api.clock.advance(71 * 3600);
  expect((await deployed(tenant)).values.lapsed).toBeUndefined();
  await api.clock.advance(2 * 3600);
  expect((await deployed(tenant)).values.lapsed).toBe("postgres-data\n");
  const reach = scriptedReach();
  const back = (await post("/v1/apps/shop/rollback", { release: 1, acceptDataRisk: true })(tenant)).body;
  await tenant.work(back, reach);
  expect(reach.runs[0]?.values.lapsed).toBeUndefined(); // it uses it
});

test("a volume that a rollback has used again is removed by no later deployment, however long ago it was set aside", async () => {
  const { tenant } = await running();
  await done(tenant, { version: "17" });
  await tenant.work((await post("/v1/apps/shop/rollback", { release: 1, acceptDataRisk: true })(tenant)).body, scriptedReach());
  await api.clock.advance(100 * 3600);
  expect((await deployed(tenant)).values.lapsed).toBeUndefined();
  expect((await deployed(tenant)).values.lapsed).toBeUndefined();
});

covers("upgradeAddon", "addon.not_live", "not what is not live as it is now", async () => {
  const { tenant } = await ready();
  await tenant.work(await tenant.deploy("shop", { compose: COMPOSE }));
  await add({ kind: "postgres", version: "16" })(tenant);
  expect((await upgrade(tenant, { version: "17" })).body).toMatchObject({ status: 409, code: "addon.not_live" });
});

covers("upgradeAddon", "addon.several", "not where each of several servers has data of its own", async () => {
  const { tenant } = await ready();
  await tenant.target("web2", "127.0.0.2");
  await add({ kind: "postgres", version: "16" })(tenant);
  await tenant.work(await tenant.deploy("shop", { targets: ["web1", "web2"] }));
  expect((await upgrade(tenant, { version: "17" })).body).toMatchObject({ status: 409, code: "addon.several" });
  expect((await upgrade(tenant)).status).toBe(202);
});

covers("upgradeAddon", "addon.not_found", "one that is not there is not found", async () => {
  const { tenant } = await running();
  expect((await upgrade(tenant, {}, {}, "redis")).body.code).toBe("addon.not_found");
});

covers("upgradeAddon", "app.not_found", "an app that is not there, or another tenant's, is not found", async () => {
  await running();
  expect((await upgrade(await testTenant(api))).body.code).toBe("app.not_found");
});

covers("upgradeAddon", "app.not_deployed", "what is not deployed has nothing to upgrade", async () => {
  const { tenant } = await ready();
  await add({ kind: "postgres" })(tenant);
  expect((await upgrade(tenant)).body.code).toBe("app.not_deployed");
});

covers("upgradeAddon", "app.busy", "not while a deploy is under way", async () => {
  const { tenant } = await running();
  const first = await upgrade(tenant);
  expect((await upgrade(tenant)).body).toMatchObject({ status: 409, code: "app.busy", job: first.body.id });
});

covers("upgradeAddon", "release.mixed", "not where the targets have different releases", async () => {
  const { tenant } = await running();
  await tenant.target("web2", "127.0.0.2");
  const job = await tenant.deploy("shop", { targets: ["web1", "web2"] });
  const second = Object.values(job.rollouts).find(({ name }) => name === "web2")?.target;
  const both = await tenant.work(job);
  expect(both.status).toBe("succeeded");
  const again = await tenant.deploy("shop", {});
  const reach = scriptedReach(({ values }) => failed({ class: values.resource === second ? "unhealthy" : "canceled" }));
  reach.next(() => ({ code: 0, log: [], changed: true, rolledBack: false, data: {} }));
  await tenant.work(again, reach);
  expect((await upgrade(tenant)).body.code).toBe("release.mixed");
});

covers("upgradeAddon", "deployment.too_many", "not while a hundred wait", async () => {
  const { tenant } = await running();
  await tenant.crowd(100);
  expect((await upgrade(tenant)).body.code).toBe("deployment.too_many");
});

covers("upgradeAddon", "version.stale", "who is overtaken again and again is told so", async () => {
  const { tenant } = await running();
  expect((await overtaken(api, tenant, () => upgrade(tenant))).body).toMatchObject({ status: 409, code: "version.stale" });
});

covers("upgradeAddon", "idempotency.mismatch", "twice with one key is once, and the key fits no other request", async () => {
  const { tenant } = await running();
  const headers = { "idempotency-key": "k" };
  const first = await upgrade(tenant, { version: "17" }, headers);
  expect((await upgrade(tenant, { version: "17" }, headers)).body.id).toBe(first.body.id);
  expect((await upgrade(tenant, {}, headers)).body.code).toBe("idempotency.mismatch");
});

covers("upgradeAddon", "billing.required", "needs a plan", () => refusedIn(api, "none", upgrade));
covers("upgradeAddon", "billing.grace", "is paused in grace", () => refusedIn(api, "grace", upgrade));
covers("upgradeAddon", "billing.restricted", "is off when the bill stays unpaid", () => refusedIn(api, "restricted", upgrade));
covers("upgradeAddon", "billing.hold", "is off while a payment is disputed", () => refusedIn(api, "hold", upgrade));
