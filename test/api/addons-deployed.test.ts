// biome-ignore-all lint/suspicious/noTemplateCurlyInString: it is the syntax of Compose that is tested here
import type { RunInput } from "@berth/domain/remote/remote.ts";
import { expect, test } from "vitest";
import { failed, scriptedReach } from "../support/reach.ts";
import { COMPOSE } from "../support/tenant.ts";
import { add, call, deployed, generated, passwordIn, textOf } from "./addon.ts";
import { covers } from "./covers.ts";
import { api, post, ready, useApi } from "./deploying.ts";

useApi();

covers(
  "addAddon",
  "201",
  "the next release has its service, and its services the contract with the password, which nothing else has",
  async () => {
    const { tenant } = await ready();
    const added = await add({ kind: "postgres" })(tenant);
    expect([added.status, added.body]).toMatchObject([
      201,
      {
        name: "postgres",
        version: "17",
        environment: "production",
        volume: "postgres-data",
        variables: { DATABASE_URL: "postgres://app:<BERTH_ADDON_POSTGRES_PASSWORD>@postgres:5432/app", PGHOST: "postgres" },
      },
    ]);
    const run = await deployed(tenant);
    expect(run.values.compose_files).toBe("compose.yaml\nberth.generated.yaml\n");
    expect(generated(run).services).toMatchObject({
      postgres: { image: "postgres:17" },
      web: { environment: { PGHOST: "postgres" }, depends_on: { postgres: { condition: "service_healthy" } } },
    });
    const password = passwordIn(run) ?? "";
    expect(password).toHaveLength(32);
    expect(textOf(run, ".env")).toContain(`DATABASE_URL='postgres://app:${password}@postgres:5432/app'`);
    expect(textOf(run, "berth.generated.yaml")).not.toContain(password);
    const { body } = await api.call("GET", "/v1/apps/shop/releases/1", { token: await tenant.token() });
    expect(body.services.map(({ image }: { image: string }) => image).sort()).toEqual(["postgres:17", "registry.test/web:1"]);
    expect(api.dump()).not.toContain(password);
    const { body: lines } = await api.call("GET", "/v1/audit", { token: await tenant.token() });
    expect(lines.items).toContainEqual(
      expect.objectContaining({ action: "addon.add", subject: "shop/production/postgres", detail: "postgres 17" }),
    );
  },
);

test("the password is the same in every release, after a removal and in a rollback, and another one in another environment", async () => {
  const { tenant } = await ready();
  await add({ kind: "postgres" })(tenant);
  const first = await deployed(tenant);
  expect((await call(tenant, "DELETE", "/postgres")).body).toEqual({
    name: "postgres",
    kept: { volume: "shop-production_postgres-data", targets: ["web1"] },
  });
  const without = await deployed(tenant);
  expect(generated(without)).toEqual({});
  expect(passwordIn(without)).toBeUndefined();
  const reach = scriptedReach();
  const back = (await post("/v1/apps/shop/rollback", { release: 1 })(tenant)).body;
  await tenant.work(back, reach);
  expect(passwordIn(reach.runs[0] as RunInput)).toBe(passwordIn(first));
  expect((await add({ kind: "postgres" })(tenant)).status).toBe(201);
  expect(passwordIn(await deployed(tenant))).toBe(passwordIn(first));
  await add({ kind: "postgres", environment: "staging" })(tenant);
  const other = scriptedReach();
  const token = await tenant.token();
  const staged = await api.call("POST", "/v1/apps/shop/deployments", {
    token,
    body: { environment: "staging", bundle: { compose: COMPOSE } },
  });
  await tenant.work(staged.body, other);
  expect(passwordIn(other.runs[0] as RunInput)).toMatch(/^\w{32}$/);
  expect(passwordIn(other.runs[0] as RunInput)).not.toBe(passwordIn(first));
});

test("nothing that a server says has the password: of the release that is deployed, or of the one that would be put back", async () => {
  const { tenant } = await ready();
  await add({ kind: "postgres" })(tenant);
  const password = passwordIn(await deployed(tenant)) ?? "";
  const said = async () => {
    const reach = scriptedReach();
    reach.next(() =>
      failed({ class: "unhealthy", message: `postgres:17 of postgres-data: postgres://app:${password}@postgres:5432/app` }),
    );
    const { failure } = await tenant.work(await tenant.deploy("shop"), reach);
    return failure?.message;
  };
  const plain = "postgres:17 of postgres-data: postgres://app:[secret]@postgres:5432/app";
  expect(await said()).toContain(plain);
  await call(tenant, "DELETE", "/postgres");
  expect(await said()).toContain(plain);
  expect(api.dump()).not.toContain(password);
});

test("a plan is made with its password too, and lists the add-on's service", async () => {
  const { tenant } = await ready();
  await add({ kind: "redis" })(tenant);
  const reach = scriptedReach();
  const { body } = await post("/v1/apps/shop/plans", { bundle: { compose: COMPOSE } })(tenant);
  await tenant.work({ id: body.job }, reach);
  expect(passwordIn(reach.runs[0] as RunInput, "REDIS")).toMatch(/^\w{32}$/);
  expect(generated(reach.runs[0] as RunInput).services).toHaveProperty("redis");
});

test("a file may name the contract itself, and nobody sends an add-on of their own making", async () => {
  const { tenant } = await ready();
  await add({ kind: "redis" })(tenant);
  const compose = "services:\n  web:\n    image: a:1\n    environment: { CACHE: '${REDIS_URL:?}', REDIS_HOST: mine }\n";
  const run = await deployed(tenant, { compose, addons: [{ name: "x", variables: { A: "b" } }] });
  expect(Object.keys(generated(run).services.web.environment)).toEqual(["REDIS_URL", "REDIS_PORT", "REDIS_PASSWORD"]);
  expect(textOf(run, ".env")).not.toContain("A=");
  const sent = { composeFiles: ["berth.generated.yaml"], files: [{ path: "berth.generated.yaml", content: "e30=" }] };
  const refused = await post("/v1/apps/shop/deployments", { bundle: sent })(tenant);
  expect(refused.body).toMatchObject({ code: "input.invalid" });
});

const conflicting = { compose: "services: {web: {image: a}, redis: {image: b}}" };
covers("createDeployment", "compose.conflict", "what the project has already is named, and nothing is deployed", async () => {
  const { tenant } = await ready();
  await add({ kind: "redis" })(tenant);
  const { body } = await post("/v1/apps/shop/deployments", { bundle: conflicting })(tenant);
  expect(body).toMatchObject({ status: 409, code: "compose.conflict", detail: expect.stringContaining('the service "redis"') });
});
covers("createPlan", "compose.conflict", "a plan names it too", async () => {
  const { tenant } = await ready();
  await add({ kind: "redis" })(tenant);
  expect((await post("/v1/apps/shop/plans", { bundle: conflicting })(tenant)).body.code).toBe("compose.conflict");
});

test("a removed app leaves the passwords of volumes that stay, for an app of the same name, and none of those that are deleted", async () => {
  for (const volumes of ["keep", "delete"] as const) {
    const { tenant, token } = await ready();
    await add({ kind: "postgres", version: "16" })(tenant);
    const before = passwordIn(await deployed(tenant));
    await tenant.work((await api.call("DELETE", `/v1/apps/shop?volumes=${volumes}`, { token })).body);
    await tenant.app();
    expect((await call(tenant, "GET")).body.items).toEqual([]);
    const kept = await add({ kind: "postgres", version: "15" })(tenant);
    expect(kept.body.code).toBe(volumes === "keep" ? "addon.kept" : undefined);
    if (volumes === "keep") await add({ kind: "postgres" })(tenant);
    expect(passwordIn(await deployed(tenant)) === before).toBe(volumes === "keep");
  }
});

const apply = (body: object = {}) => post("/v1/apps/shop/variables/apply", body);

test("what is live is deployed with the add-ons as they are now where that is asked for, its images as they are", async () => {
  const { tenant } = await ready();
  await tenant.work(await tenant.deploy("shop"));
  await add({ kind: "redis" })(tenant);
  const applied = async (body: object) => {
    const reach = scriptedReach();
    const ended = await tenant.work((await apply(body)(tenant)).body, reach);
    return { ended, run: reach.runs[0] as RunInput };
  };
  const without = await applied({});
  expect(generated(without.run)).toEqual({});
  const { run } = await applied({ addons: true });
  expect(run.values).toMatchObject({ pull: "missing", fresh: "redis\n" });
  expect(generated(run).services).toMatchObject({ redis: { image: "redis:7" }, web: { depends_on: { redis: {} } } });
  const { body } = await api.call("GET", "/v1/apps/shop/releases/3", { token: await tenant.token() });
  expect(body).toMatchObject({ from: 1, imagesFrom: 2, addons: [{ name: "redis", version: "7" }] });
  expect(body.services.map(({ name }: { name: string }) => name)).toEqual(["web", "redis"]);
  // Once it is in a release its image is recorded there.
  expect((await applied({ addons: true })).run.values.fresh).toBeUndefined();
  const back = scriptedReach();
  await tenant.work((await post("/v1/apps/shop/rollback", { release: 3 })(tenant)).body, back);
  expect(generated(back.runs[0] as RunInput).services).toHaveProperty("redis");
  await call(tenant, "DELETE", "/redis");
  expect(generated((await applied({ addons: true, acceptDataRisk: true })).run)).toEqual({});
});

test("what of the project is in the way of an add-on is named by the deployment, which does nothing", async () => {
  const { tenant } = await ready();
  await tenant.work(await tenant.deploy("shop", { compose: "services: { web: { image: a }, redis: { image: b } }" }));
  await add({ kind: "redis" })(tenant);
  const reach = scriptedReach();
  const { body: job } = await apply({ addons: true })(tenant);
  await tenant.work(job, reach);
  expect(await reach.runs[0]?.decide?.(undefined)).toEqual({
    no: "compose.conflict",
    reasons: [expect.stringContaining('would add the service "redis", which the Compose file has already')],
  });
});
