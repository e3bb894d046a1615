import { setVariables, unsetVariable } from "@berth/domain/variable/set.ts";
import { expect, test } from "vitest";
import { failed, scriptedReach, succeeded } from "../support/reach.ts";
import { packReport } from "../support/report.ts";
import { type TestTenant, testTenant } from "../support/tenant.ts";
import { api, useApi } from "./added.ts";
import { covers } from "./covers.ts";
import { refusedIn } from "./entitled.ts";
import { overtaken } from "./overtaken.ts";
import { ready as appReady } from "./setting.ts";

useApi();

const apply = async (tenant: TestTenant, headers = {}, body = {}) =>
  api.call("POST", "/v1/apps/shop/variables/apply", { token: await tenant.token(), body, headers });
const set = ({ ctx }: TestTenant, value: string, namespace = "default") =>
  setVariables(ctx, { app: "shop", kind: "secret", values: { A: value }, namespace });

async function ready() {
  const { tenant } = await appReady();
  await set(tenant, "first value");
  await tenant.work(await tenant.deploy("shop"));
  return tenant;
}

covers(
  "applyVariables",
  "202",
  "what is live is deployed with the values as they are now, with its images, and can be gone back from",
  async () => {
    const tenant = await ready();
    const reach = scriptedReach();
    const envOf = () => String(reach.runs.at(-1)?.files.find(({ path }) => path === ".env")?.content);
    for (const [value, release] of [
      ["second value", 2],
      ["third value", 3],
    ] as const) {
      await set(tenant, value);
      const { body: job } = await apply(tenant);
      expect(job).toMatchObject({ kind: "deployment", release, status: "queued" });
      expect(await tenant.work(job, reach)).toMatchObject({ status: "succeeded" });
      expect(reach.runs.at(-1)).toMatchObject({ op: "deploy", values: { release: String(release), pull: "missing" } });
      expect(reach.runs.at(-1)?.files.find(({ path }) => path === "compose.yaml")?.content).toContain("registry.test/web:1");
      expect(envOf()).toBe(`A='${value}'\n`);
    }
    const token = await tenant.token();
    const { body: release } = await api.call("GET", "/v1/apps/shop/releases/3", { token });
    expect(release).toMatchObject({ from: 1, variables: [{ name: "A", version: 3 }], outcome: "live" });
    const { body: back } = await api.call("POST", "/v1/apps/shop/rollback", { token, body: {} });
    await tenant.work(back, reach);
    expect(envOf()).toBe("A='second value'\n");
  },
);

covers("applyVariables", "app.not_found", "an app that is not there, or another tenant's, is not found", async () => {
  await ready();
  expect((await apply(await testTenant(api))).body.code).toBe("app.not_found");
});

covers("applyVariables", "app.not_deployed", "what is not deployed has nothing that could have them", async () => {
  const tenant = await ready();
  expect((await apply(tenant, {}, { environment: "staging" })).body.code).toBe("app.not_deployed");
});

covers("applyVariables", "app.busy", "not while a deploy is under way", async () => {
  const tenant = await ready();
  const first = await apply(tenant);
  expect((await apply(tenant)).body).toMatchObject({ status: 409, code: "app.busy", job: first.body.id });
});

covers("applyVariables", "release.mixed", "not where the targets have different releases", async () => {
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
  expect((await apply(tenant)).body.code).toBe("release.mixed");
});

covers("applyVariables", "deployment.too_many", "not while a hundred wait", async () => {
  const tenant = await ready();
  await tenant.crowd(100);
  expect((await apply(tenant)).body.code).toBe("deployment.too_many");
});

covers("applyVariables", "variable.no_namespace", "not where a namespace that was chosen has nothing any more", async () => {
  const tenant = await ready();
  await set(tenant, "of eu", "eu");
  const token = await tenant.token();
  const body = { bundle: { compose: "services:\n  web:\n    image: registry.test/web:1\n" }, namespaces: ["eu"] };
  await tenant.work((await api.call("POST", "/v1/apps/shop/deployments", { token, body })).body);
  await unsetVariable(tenant.ctx, { app: "shop", name: "A", namespace: "eu" });
  expect((await apply(tenant)).body).toMatchObject({ code: "variable.no_namespace", namespace: "eu" });
});

covers("applyVariables", "version.stale", "who is overtaken again and again is told so", async () => {
  const tenant = await ready();
  expect((await overtaken(api, tenant, () => apply(tenant))).body).toMatchObject({ status: 409, code: "version.stale" });
});

covers("applyVariables", "idempotency.mismatch", "twice with one key is once, and the key fits no other request", async () => {
  const tenant = await ready();
  const headers = { "idempotency-key": "k" };
  const first = await apply(tenant, headers);
  expect((await apply(tenant, headers)).body.id).toBe(first.body.id);
  expect((await apply(tenant, headers, { environment: "production" })).body.code).toBe("idempotency.mismatch");
});

covers("applyVariables", "billing.required", "needs a plan", () => refusedIn(api, "none", apply));
covers("applyVariables", "billing.grace", "is paused in grace", () => refusedIn(api, "grace", apply));
covers("applyVariables", "billing.restricted", "is off when the bill stays unpaid", () => refusedIn(api, "restricted", apply));
covers("applyVariables", "billing.hold", "is off while a payment is disputed", () => refusedIn(api, "hold", apply));

test("a rollback that brings back what was unset says so: when it is accepted, in what is planned, and in the audit log", async () => {
  const tenant = await ready();
  const token = await tenant.token();
  await tenant.work((await apply(tenant)).body);
  await unsetVariable(tenant.ctx, { app: "shop", name: "A" });
  await tenant.work((await apply(tenant)).body);
  const reach = scriptedReach();
  const { body: job } = await api.call("POST", "/v1/apps/shop/rollback", { token, body: { release: 2 } });
  expect(job.input).toEqual({ unset: "A" });
  await tenant.work(job, reach);
  const report = await packReport({ web: { image: "registry.test/web:1" } });
  expect(await reach.runs[0]?.decide?.(report)).toMatchObject({
    plan: [expect.stringMatching(/; brings back what was unset: A$/), ...Array(7).fill(expect.any(String))],
  });
  const { body: audit } = await api.call("GET", "/v1/audit", { token });
  expect(audit.items.find(({ action }: { action: string }) => action === "deployment.rollback").detail).toContain(
    "brings back A",
  );
  await set(tenant, "again");
  const { body: other } = await api.call("POST", "/v1/apps/shop/rollback", { token, body: { release: 1 } });
  expect(other.input).toBeUndefined();
});
