import { addonKey } from "@berth/domain/addon/addon.ts";
import { findAddon } from "@berth/domain/addon/view.ts";
import { putOne } from "@berth/domain/table.ts";
import { expect, test } from "vitest";
import type { Answer } from "../support/api.ts";
import { type TestTenant, testTenant } from "../support/tenant.ts";
import { add, call, deployed, generated, path } from "./addon.ts";
import { covers } from "./covers.ts";
import { api, ready, useApi } from "./deploying.ts";
import { refusedIn } from "./entitled.ts";
import { between, whileBefore } from "./overtaken.ts";

useApi();

const place = { app: "shop", environment: "production" };

test("a version that there is not, and a name that another kind or tool has, are refused", async () => {
  const { tenant } = await ready();
  for (const body of [
    { kind: "postgres", version: "9" },
    { kind: "postgres", name: "redis" },
    { kind: "redis", name: "docker" },
  ])
    expect((await add(body)(tenant)).body.code, JSON.stringify(body)).toBe("input.invalid");
});

covers("addAddon", "addon.exists", "a name is taken once, also by two at once", async () => {
  const { tenant } = await ready();
  const answers = await Promise.all([add({ kind: "redis" })(tenant), add({ kind: "redis" })(tenant)]);
  expect(answers.map(({ status }) => status).sort()).toEqual([201, 409]);
  expect((await add({ kind: "nats", name: "redis2" })(tenant)).status).toBe(201);
  expect((await add({ kind: "redis" })(tenant)).body.code).toBe("addon.exists");
});
covers(
  "addAddon",
  "addon.kept",
  "data of another version is not read by one that cannot, and what nobody used is forgotten",
  async () => {
    const { tenant } = await ready();
    await add({ kind: "postgres", version: "16" })(tenant);
    expect((await call(tenant, "DELETE", "/postgres")).body).toEqual({ name: "postgres", kept: null });
    await add({ kind: "postgres", version: "15" })(tenant);
    await deployed(tenant);
    await call(tenant, "DELETE", "/postgres");
    for (const version of ["16", "17"])
      expect((await add({ kind: "postgres", version })(tenant)).body).toMatchObject({ code: "addon.kept" });
    expect((await add({ kind: "postgres" })(tenant)).body).toMatchObject({ version: "15" });
    // It has been there before, whatever is deployed since.
    expect((await call(tenant, "DELETE", "/postgres")).body.kept).not.toBeNull();
  },
);
covers("addAddon", "compose.conflict", "two that would give services the same variable are not added", async () => {
  const { tenant } = await ready();
  await add({ kind: "postgres" })(tenant);
  expect((await add({ kind: "redis", name: "database" })(tenant)).body).toMatchObject({
    code: "compose.conflict",
    detail: 'The add-on "database" would give services the variable "DATABASE_URL", which "postgres" gives them already.',
  });
});
covers("addAddon", "app.not_found", "another tenant's app is none", async () => {
  await ready();
  expect((await add({ kind: "redis" })(await testTenant(api))).body.code).toBe("app.not_found");
});
covers("addAddon", "idempotency.mismatch", "a key is for one request, which it repeats", async () => {
  const { tenant } = await ready();
  const headers = { "idempotency-key": "one" };
  const [first, again] = [await add({ kind: "redis" }, headers)(tenant), await add({ kind: "redis" }, headers)(tenant)];
  expect([again.status, again.body]).toEqual([201, first.body]);
  expect((await add({ kind: "nats" }, headers)(tenant)).body.code).toBe("idempotency.mismatch");
});
covers("addAddon", "idempotency.busy", "of the same request at once one waits", async () => {
  const { tenant } = await ready();
  const ask = () => add({ kind: "redis" }, { "idempotency-key": "one" })(tenant);
  const codes = (await Promise.all([ask(), ask(), ask()])).map(({ status, body }) => (status === 201 ? "201" : body.code));
  expect(codes).toContain("201");
  for (const code of codes) expect(["201", "idempotency.busy", "addon.exists"]).toContain(code);
});

const adds = add({ kind: "redis" });
covers("addAddon", "billing.required", "needs a plan", () => refusedIn(api, "none", adds));
covers("addAddon", "billing.grace", "is paused in grace, with the date", () => refusedIn(api, "grace", adds));
covers("addAddon", "billing.restricted", "is off when the bill stays unpaid", () => refusedIn(api, "restricted", adds));
covers("addAddon", "billing.hold", "is off while a payment is disputed", () => refusedIn(api, "hold", adds));

covers("listAddons", "200", "those of one environment, for a token of the app too, without passwords", async () => {
  const { tenant } = await ready();
  for (const kind of ["redis", "nats"]) await add({ kind })(tenant);
  await add({ kind: "mariadb", environment: "staging" })(tenant);
  const names = async (token: string, query = "") =>
    (await api.call("GET", `${path}${query}`, { token })).body.items?.map(({ name }: { name: string }) => name);
  expect(await names(await tenant.token())).toEqual(["nats", "redis"]);
  expect(await names(await tenant.token(["read"], { app: "shop" }), "?environment=staging")).toEqual(["mariadb"]);
  expect(JSON.stringify((await call(tenant, "GET")).body)).not.toContain("sealed");
});
covers("listAddons", "app.not_found", "an app that is not there has none", async () => {
  const { tenant } = await ready();
  expect((await api.call("GET", "/v1/apps/gone/addons", { token: await tenant.token() })).body.code).toBe("app.not_found");
});
covers("getAddon", "200", "one of them", async () => {
  const { tenant } = await ready();
  await adds(tenant);
  expect((await call(tenant, "GET", "/redis")).body).toMatchObject({ name: "redis", kind: "redis" });
});
covers("getAddon", "addon.not_found", "one that is not there, or no longer, is not found", async () => {
  const { tenant } = await ready();
  await adds(tenant);
  await deployed(tenant);
  await call(tenant, "DELETE", "/redis");
  for (const name of ["redis", "gone"]) expect((await call(tenant, "GET", `/${name}`)).body.code).toBe("addon.not_found");
});
const nowhere = (method: string, body?: object) => async () => {
  const { tenant } = await ready();
  const answer = await api.call(method, "/v1/apps/gone/addons/redis", { token: await tenant.token(), ...(body && { body }) });
  expect(answer.body.code).toBe("app.not_found");
};
covers("getAddon", "app.not_found", "an app that is not there has none", nowhere("GET"));
covers("setAddon", "app.not_found", "an app that is not there has none", nowhere("PATCH", { memory: "1g" }));
covers("removeAddon", "app.not_found", "an app that is not there has none", nowhere("DELETE"));

covers("setAddon", "200", "what is chosen holds from the next release on, and can be taken back", async () => {
  const { tenant } = await ready();
  await add({ kind: "postgres" })(tenant);
  const chosen = { image: "pgvector/pgvector:pg17", args: ["-c", "max_connections=200"], memory: "512m", services: ["web"] };
  expect((await call(tenant, "PATCH", "/postgres", chosen)).body).toMatchObject(chosen);
  const services = generated(await deployed(tenant, { compose: "services: {web: {image: a}, api: {image: b}}" })).services;
  expect(services).toMatchObject({
    postgres: { image: chosen.image, command: ["postgres", "-c", "max_connections=200"], mem_limit: "512m" },
    web: {},
  });
  expect(services).not.toHaveProperty("api");
  const none = { image: null, args: null, memory: null, services: null };
  const { body } = await call(tenant, "PATCH", "/postgres", none);
  for (const name of Object.keys(none)) expect(body).not.toHaveProperty(name);
  expect((await call(tenant, "PATCH", "/postgres", {})).status).toBe(200);
});
test("an image of another version, or that says none, is no choice", async () => {
  const { tenant } = await ready();
  await add({ kind: "postgres" })(tenant);
  const codes = [];
  for (const image of ["postgres:16", "postgres:170", "postgres", "postgres:latest", "postgres:17.2-bookworm", "x/y:v17"])
    codes.push((await call(tenant, "PATCH", "/postgres", { image })).body.code ?? "taken");
  expect(codes).toEqual([...Array(4).fill("input.invalid"), "taken", "taken"]);
});
covers("setAddon", "addon.not_found", "one that is not there", async () => {
  const { tenant } = await ready();
  expect((await call(tenant, "PATCH", "/redis", { memory: "1g" })).body.code).toBe("addon.not_found");
});

/** Somebody else changes the add-on before each of the request's commits. */
const alwaysLate = async (tenant: TestTenant, ask: () => Promise<Answer>) =>
  whileBefore(
    api,
    async () => {
      const row = await findAddon(tenant.ctx, place, "redis");
      await putOne(tenant.ctx, addonKey(tenant.ctx, place, "redis"), { ...row, changes: row.changes + 1 });
    },
    ask,
  );
covers("setAddon", "version.stale", "one that is always too late says so, one that is late once does not", async () => {
  const { tenant } = await ready();
  await adds(tenant);
  const set = (memory: string) => call(tenant, "PATCH", "/redis", { memory });
  expect((await alwaysLate(tenant, () => set("1g"))).body.code).toBe("version.stale");
  expect(
    (
      await between(
        api,
        () => call(tenant, "PATCH", "/redis", { services: ["web"] }),
        () => set("2g"),
      )
    ).status,
  ).toBe(200);
  expect((await call(tenant, "GET", "/redis")).body).toMatchObject({ memory: "2g", services: ["web"] });
});

const sets = async (tenant: TestTenant) => call(tenant, "PATCH", "/redis", { memory: "1g" });
covers("setAddon", "billing.required", "needs a plan", () => refusedIn(api, "none", sets));
covers("setAddon", "billing.grace", "is paused in grace, with the date", () => refusedIn(api, "grace", sets));
covers("setAddon", "billing.restricted", "is off when the bill stays unpaid", () => refusedIn(api, "restricted", sets));
covers("setAddon", "billing.hold", "is off while a payment is disputed", () => refusedIn(api, "hold", sets));

covers("removeAddon", "200", "later releases have none, and it says where the data stays", async () => {
  const { tenant } = await ready();
  await adds(tenant);
  await deployed(tenant);
  expect((await call(tenant, "DELETE", "/redis")).body.kept).toEqual({ volume: "shop-production_redis-data", targets: ["web1"] });
  expect((await call(tenant, "GET")).body.items).toEqual([]);
});
covers("removeAddon", "addon.not_found", "of two at once one finds it", async () => {
  const { tenant } = await ready();
  await adds(tenant);
  const answers = await Promise.all([call(tenant, "DELETE", "/redis"), call(tenant, "DELETE", "/redis")]);
  expect(answers.map(({ status }) => status).sort()).toEqual([200, 404]);
});
covers("removeAddon", "version.stale", "one that is always too late says so", async () => {
  const { tenant } = await ready();
  await adds(tenant);
  expect((await alwaysLate(tenant, () => call(tenant, "DELETE", "/redis"))).body.code).toBe("version.stale");
});
const removes = async (tenant: TestTenant) => call(tenant, "DELETE", "/redis");
covers("removeAddon", "billing.required", "needs a plan", () => refusedIn(api, "none", removes));
covers("removeAddon", "billing.grace", "is paused in grace, with the date", () => refusedIn(api, "grace", removes));
covers("removeAddon", "billing.restricted", "is off when the bill stays unpaid", () => refusedIn(api, "restricted", removes));
covers("removeAddon", "billing.hold", "is off while a payment is disputed", () => refusedIn(api, "hold", removes));
