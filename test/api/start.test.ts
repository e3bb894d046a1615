import { afterAll, expect } from "vitest";
import { testApi } from "../support/api.ts";
import { failed, scriptedReach, succeeded } from "../support/reach.ts";
import { type TestTenant, testTenant } from "../support/tenant.ts";
import { covers } from "./covers.ts";
import { refusedIn } from "./entitled.ts";
import { overtaken } from "./overtaken.ts";

const api = testApi();
afterAll(() => api.close());

const ready = async () => {
  const tenant = await testTenant(api);
  await tenant.target();
  await tenant.app();
  return tenant;
};
const start = async (tenant: TestTenant, headers = {}, body = {}) =>
  api.call("POST", "/v1/apps/shop/start", { token: await tenant.token(), body, headers });

covers("startApp", "202", "deploys the live release again where it is, asking no registry, also in grace", async () => {
  const tenant = await ready();
  for (let i = 0; i < 2; i++) await tenant.work(await tenant.deploy("shop"));
  await tenant.entitle("grace");
  const answer = await start(tenant);
  expect(answer.body).toMatchObject({ kind: "deployment", release: 2, rollback: true, again: true, status: "queued" });
  const reach = scriptedReach();
  expect(await tenant.work(answer.body, reach)).toMatchObject({ status: "succeeded" });
  expect(reach.runs.map(({ op, values }) => [op, values.release, values.pull])).toEqual([["deploy", "2", "missing"]]);
  expect(await tenant.environment("shop")).toMatchObject({ releases: 2 });
  const { items } = (await api.call("GET", "/v1/audit?limit=100", { token: await tenant.token() })).body;
  expect(items.filter(({ action }: { action: string }) => action === "deployment.start")).toMatchObject([
    { subject: "shop/production", result: "ok", detail: `release 2, ${answer.body.id}` },
  ]);
});

covers("startApp", "app.not_found", "an app that is not there, or another tenant's, is not found", async () => {
  const tenant = await ready();
  const token = await tenant.token();
  expect((await api.call("POST", "/v1/apps/other/start", { token, body: {} })).body.code).toBe("app.not_found");
  const stranger = await testTenant(api);
  expect((await start(stranger)).body.code).toBe("app.not_found");
});

covers("startApp", "app.not_deployed", "what is not deployed cannot be started", async () => {
  const tenant = await ready();
  expect((await start(tenant)).body).toMatchObject({ status: 409, code: "app.not_deployed" });
  await tenant.work(await tenant.deploy("shop"));
  expect((await start(tenant, {}, { environment: "staging" })).body.code).toBe("app.not_deployed");
});

covers("startApp", "app.busy", "not while a deploy is under way", async () => {
  const tenant = await ready();
  await tenant.work(await tenant.deploy("shop"));
  const first = await start(tenant);
  expect((await start(tenant)).body).toMatchObject({ status: 409, code: "app.busy", job: first.body.id });
});

covers("startApp", "release.mixed", "not where the targets have different releases", async () => {
  const tenant = await ready();
  await tenant.target("web2", "127.0.0.2");
  const both = { targets: ["web1", "web2"] };
  await tenant.work(await tenant.deploy("shop", both));
  const job = await tenant.deploy("shop", both);
  const second = Object.values(job.rollouts).find(({ name }) => name === "web2")?.target;
  const reach = scriptedReach(({ values }) =>
    values.resource === second ? failed({ class: "unhealthy", changed: true, rolledBack: true }) : succeeded(),
  );
  await tenant.work(job, reach);
  expect((await start(tenant)).body).toMatchObject({ status: 409, code: "release.mixed", detail: "Live are the releases 1, 2." });
});

covers("startApp", "deployment.too_many", "not while a hundred wait", async () => {
  const tenant = await ready();
  await tenant.work(await tenant.deploy("shop"));
  await tenant.crowd(100);
  expect((await start(tenant)).body.code).toBe("deployment.too_many");
});

covers("startApp", "version.stale", "who is overtaken again and again is told so", async () => {
  const tenant = await ready();
  await tenant.work(await tenant.deploy("shop"));
  expect((await overtaken(api, tenant, () => start(tenant))).body).toMatchObject({ status: 409, code: "version.stale" });
});

covers("startApp", "idempotency.mismatch", "twice with one key is once, and the key fits no other request", async () => {
  const tenant = await ready();
  await tenant.work(await tenant.deploy("shop"));
  const headers = { "idempotency-key": "k" };
  const first = await start(tenant, headers);
  expect((await start(tenant, headers)).body.id).toBe(first.body.id);
  expect((await start(tenant, headers, { environment: "production" })).body.code).toBe("idempotency.mismatch");
});

covers("startApp", "billing.required", "needs a plan", () => refusedIn(api, "none", start));
covers("startApp", "billing.restricted", "is off when the bill stays unpaid", () => refusedIn(api, "restricted", start));
