/** Deployments are planned in their own pass, by what their servers report. */
import { setVariables } from "@berth/domain/variable/set.ts";
import { expect, test } from "vitest";
import { packReport } from "../support/report.ts";
import type { TestTenant } from "../support/tenant.ts";
import { covers } from "./covers.ts";
import { api, bundle, post, ready, useApi } from "./deploying.ts";
import { ask, deployed, one, reporting, tooMuch, two } from "./planning.ts";

useApi();

test("a plan is applied when nothing else would happen, also twice at once, and only by its own app", async () => {
  const { tenant } = await ready();
  const { hash } = await ask(tenant);
  const answers = await Promise.all([1, 2].map(() => post("/v1/apps/shop/deployments", { bundle, plan: hash })(tenant)));
  expect(answers.map(({ status }) => status).sort()).toEqual([202, 409]);
  const job = answers.find(({ status }) => status === 202)?.body;
  await tenant.work(job, reporting(one));
  const { body: done } = await api.call("GET", `/v1/jobs/${job.id}`, { token: await tenant.token() });
  expect(done.status).toBe("succeeded");
});

covers("createDeployment", "plan.stale", "a plan is not applied once a secret that it uses has changed", async () => {
  const { tenant } = await ready();
  const set = () => setVariables(tenant.ctx, { app: "shop", kind: "secret", values: { DB_PASSWORD: "a secret" } });
  await set();
  const { hash } = await ask(tenant);
  const apply = post("/v1/apps/shop/deployments", { bundle, plan: hash });
  await set();
  expect((await apply(tenant)).body.code).toBe("plan.stale");
});

covers("createDeployment", "plan.stale", "a plan for other files, or another environment, is not applied", async () => {
  const { tenant } = await ready();
  const { hash } = await ask(tenant);
  const asked = [
    { bundle: { ...bundle, variables: { A: "b" } }, plan: hash },
    { bundle, environment: "staging", plan: hash },
    { bundle, images: { web: "other:1" }, plan: hash },
  ];
  for (const body of asked) {
    const answer = await post("/v1/apps/shop/deployments", body)(tenant);
    expect(answer.body).toMatchObject({ status: 409, code: "plan.stale", detail: expect.stringMatching(/\w+ \w+/) });
  }
});

test("a server on which something changed since the plan refuses it, with what changed, and nothing is done", async () => {
  const { tenant } = await ready();
  const { hash } = await ask(tenant);
  const { body: job } = await post("/v1/apps/shop/deployments", { bundle, plan: hash })(tenant);
  await tenant.work(job, reporting(two));
  const { body: ended } = await api.call("GET", `/v1/jobs/${job.id}`, { token: await tenant.token() });
  expect(ended).toMatchObject({ status: "failed", failure: { class: "plan.stale", message: expect.stringContaining("db") } });
});

const database = (major: string) => ({
  db: { image: `postgres:${major}`, volumes: [{ type: "volume", source: "data", target: "/var/lib/postgresql/data" }] },
});
const risky = await packReport(database("17"), { services: database("16") });
const same = await packReport(
  { web: { image: "a:1", pull_policy: "never" } },
  { services: { web: { image: "a:1", pull_policy: "never" } }, same: true },
  "a:1\tsha256:1\tlinux/amd64\t1\ta@sha256:1\n",
);

test("every deployment is planned in its own pass, and says first what it does", async () => {
  const { tenant } = await ready();
  const job = await deployed(tenant, { bundle }, reporting(two));
  expect(job.status).toBe("succeeded");
  const { body } = await api.call("GET", `/v1/jobs/${job.id}/events`, { token: await tenant.token() });
  expect(body.items[0]).toMatchObject({ type: "plan", text: "creates db and web" });
});

test("where there is nothing to change, a deployment ends at once, and says so", async () => {
  const { tenant } = await ready();
  const job = await deployed(tenant, { bundle }, reporting(same));
  expect(job).toMatchObject({ status: "succeeded" });
  expect(Object.values(job.rollouts)).toMatchObject([{ unchanged: true }]);
});

test("a deployment whose server reports too much, or what cannot be read, is never made unplanned", async () => {
  const { tenant } = await ready();
  for (const reach of [tooMuch, reporting(new Uint8Array([1, 2, 3]))])
    expect(await deployed(tenant, { bundle }, reach)).toMatchObject({ status: "failed", failure: { class: "plan.failed" } });
});

test("data at risk fails a deployment and a rollback before they do anything, with the risk, the service and the flag, unless it is accepted", async () => {
  const { tenant } = await ready();
  for (let release = 1; release <= 2; release++)
    expect((await deployed(tenant, { bundle }, reporting(one))).status).toBe("succeeded");
  const rollbackPath = "/v1/apps/shop/rollback";
  for (const [path, body] of [
    ["/v1/apps/shop/deployments", { bundle }],
    [rollbackPath, {}],
  ] as const) {
    const refused = await deployed(tenant, body, reporting(risky), path);
    expect(refused).toMatchObject({
      status: "failed",
      failure: {
        class: "data.at_risk",
        message: expect.stringMatching(/^database\.major: db goes from PostgreSQL 16 to PostgreSQL 17/),
        remedy: expect.stringContaining("--accept-data-risk"),
      },
    });
    const accepted = await deployed(tenant, { ...body, acceptDataRisk: true }, reporting(risky), path);
    expect(accepted).toMatchObject({ status: "succeeded", input: { dataRisk: "accepted" } });
  }
  const start = await deployed(tenant, {}, reporting(risky), "/v1/apps/shop/start");
  expect(start.status, "starting the live release again accepts what was accepted").toBe("succeeded");
});

covers("createDeployment", "data.at_risk", "a plan whose risks were shown is applied only with the flag", async () => {
  const { tenant } = await ready();
  const { hash } = await ask(tenant, { bundle }, risky);
  const path = "/v1/apps/shop/deployments";
  const refused = await post(path, { bundle, plan: hash })(tenant);
  expect(refused.body).toMatchObject({ status: 409, code: "data.at_risk", detail: expect.stringContaining("PostgreSQL 17") });
  expect((await deployed(tenant, { bundle, plan: hash, acceptDataRisk: true }, reporting(risky))).status).toBe("succeeded");
});

covers("createDeployment", "plan.not_found", "a hash that no plan has is not found, nor is another tenant's", async () => {
  const { tenant } = await ready();
  const { hash } = await ask(tenant);
  const { tenant: other } = await ready();
  for (const [who, plan] of [
    [tenant, "0123456789abcdef"],
    [other, hash],
  ] as const) {
    const answer = await post("/v1/apps/shop/deployments", { bundle, plan })(who);
    expect(answer.body).toMatchObject({ status: 404, code: "plan.not_found" });
  }
});

/** What the events of a deployment to such a server say that was planned. */
const toldPlan = async (tenant: TestTenant, report: Uint8Array) => {
  const job = await deployed(tenant, { bundle }, reporting(report));
  const { body } = await api.call("GET", `/v1/jobs/${job.id}/events`, { token: await tenant.token() });
  return body.items.find(({ type }: { type: string }) => type === "plan");
};

test("what a run was planned to do is kept with its events, with the dangers that its policy tells of and no others", async () => {
  const { tenant, token } = await ready();
  await api.call("POST", "/v1/policy", { token, body: { app: "shop", rules: { privileged: "allow" } } });
  const report = await packReport({
    web: { image: "a:1", privileged: true, devices: [{ source: "/dev/dri", target: "/dev/dri", permissions: "rwm" }] },
  });
  expect(await toldPlan(tenant, report)).toMatchObject({
    text: expect.stringMatching(/^creates web/),
    plan: { services: [{ service: "web", change: "create" }], dangers: [{ setting: "device", service: "web" }] },
  });
});

test("a plan too large to go with an event is told by its sentence alone", async () => {
  const { tenant } = await ready();
  const services = Object.fromEntries(
    Array.from({ length: 190 }, (_, i) => [
      `service-${i}`,
      { image: `registry.example.com/a/name/that/is/long/${i}:1`, environment: { [`VARIABLE_${i}_${"X".repeat(300)}`]: "" } },
    ]),
  );
  const told = await toldPlan(tenant, await packReport(services));
  expect(told.text).toMatch(/^creates service-0/);
  expect(told).not.toHaveProperty("plan");
});
