import { randomBytes } from "node:crypto";
import { listAll } from "@berth/domain/query.ts";
import { key } from "@berth/domain/table.ts";
import { addTarget } from "@berth/domain/target/add.ts";
import { expect, test } from "vitest";
import { packReport } from "../support/report.ts";
import { testTenant } from "../support/tenant.ts";
import { covers } from "./covers.ts";
import { api, bundle, post, ready, useApi } from "./deploying.ts";
import { ask, plansPath, two } from "./planning.ts";

useApi();

covers("createPlan", "202", "answers at once with a plan that is whole when the servers have answered", async () => {
  const { tenant } = await ready();
  const asked = await post(plansPath, { bundle })(tenant);
  expect([asked.status, asked.body]).toMatchObject([
    202,
    { status: "queued", hash: null, release: 1, takesSlot: true, targets: [{ name: "web1", plan: null }] },
  ]);
  expect(await tenant.account()).toMatchObject({ slots: 0 });
});

covers("getPlan", "200", "says what would happen on each server, and names it by a hash", async () => {
  const { tenant } = await ready();
  const plan = await ask(tenant);
  expect(plan).toMatchObject({ status: "succeeded", hash: expect.stringMatching(/^[0-9a-f]{16}$/), refused: null });
  expect(plan.targets[0].plan.services).toMatchObject([{ service: "web", change: "create" }]);
  expect((await ask(tenant)).hash).toBe(plan.hash);
  expect((await ask(tenant, { bundle }, two)).hash).not.toBe(plan.hash);
});

test("a token with the scope plan plans, and applies nothing", async () => {
  const { tenant } = await ready();
  const token = await tenant.token(["plan"]);
  const asked = await api.call("POST", plansPath, { token, body: { bundle } });
  expect([asked.status, asked.body.status]).toEqual([202, "queued"]);
  const applied = await api.call("POST", "/v1/apps/shop/deployments", { token, body: { bundle } });
  expect(applied.body).toMatchObject({ status: 403, code: "token.scope", detail: 'This needs the scope "deploy".' });
});

test("who may plan and not deploy has no file of the server read: it may be another app's", async () => {
  const { tenant } = await ready();
  const [token, deployer] = [await tenant.token(["plan"]), await tenant.token(["deploy"])];
  const compose = "services:\n  web:\n    image: nginx:$TAG\n    env_file: /srv/other/.env\n";
  const body = { bundle: { ...bundle, compose, variables: { TAG: "1" } } };
  expect((await api.call("POST", plansPath, { token, body })).body).toMatchObject({
    status: 403,
    code: "token.scope",
    detail: expect.stringContaining("Compose would read /srv/other/.env on the server"),
  });
  expect((await api.call("POST", plansPath, { token: deployer, body })).status).toBe(202);
});

test("a plan that could not be paid for is made, and says so", async () => {
  const tenant = await testTenant(api);
  await tenant.target();
  await tenant.app();
  await tenant.entitle("restricted");
  expect((await ask(tenant)).refused).toMatchObject({ code: "billing.restricted" });
});

/** More names than a row has room for. */
const many = Object.fromEntries(
  Array.from({ length: 20_000 }, (_, i) => [`s${i}${randomBytes(12).toString("hex")}`, { image: "a" }]),
);

test("a server that cannot be asked, or reports nonsense, is named with the reason, and the plan has no hash", async () => {
  const { tenant } = await ready();
  const hostile = [
    { web: 7 },
    many,
    JSON.parse('{"web":{"image":"a"},"__proto__":{"image":"b","privileged":true}}'),
    { web: { image: "a", mem_limit: "9223372036854775807", deploy: { replicas: 5000 } } },
    { web: { image: "a", scale: 1.5 } },
    { web: { image: "a", command: Array.from({ length: 1001 }, String) } },
    Object.fromEntries(Array.from({ length: 201 }, (_, i) => [`s${i}`, { image: "a" }])),
  ];
  for (const report of [new Uint8Array([1, 2, 3]), ...(await Promise.all(hostile.map((services) => packReport(services))))]) {
    const plan = await ask(tenant, { bundle }, report);
    expect(plan).toMatchObject({ status: "failed", hash: null, targets: [{ plan: null, failure: { class: "internal" } }] });
  }
});

test("the bundle of a plan is gone when the servers have answered, and no value of it is in the plan", async () => {
  const { tenant } = await ready();
  const told = await packReport({
    web: { image: "a:1", container_name: "canary-5d1c", volumes: [{ type: "bind", source: "/srv/canary-5d1c", target: "/x" }] },
  });
  const plan = await ask(tenant, { bundle: { ...bundle, variables: { CANARY: "canary-5d1c" } } }, told);
  expect(JSON.stringify(plan)).toContain("/srv/");
  expect(plan.hash).not.toBeNull();
  const rows = (prefix: string) => listAll(tenant.ctx, { pk: key(tenant.ctx, "").pk, prefix });
  expect(await rows("PLANBUNDLE#")).toEqual([]);
  expect(await rows("PLAN#")).toHaveLength(1);
  expect(JSON.stringify([plan, await rows("PLAN")])).not.toContain("canary-5d1c");
});

covers("getPlan", "plan.not_found", "a plan that is not there is not found", async () => {
  const { token } = await ready();
  expect((await api.call("GET", `${plansPath}/pln_none`, { token })).body.code).toBe("plan.not_found");
});

covers("getPlan", "app.not_found", "a plan of an app that is not there is not found", async () => {
  const { token } = await ready();
  expect((await api.call("GET", "/v1/apps/other/plans/pln_none", { token })).body.code).toBe("app.not_found");
});

covers("createPlan", "app.not_found", "for an app that is not there no server is asked", async () => {
  const { tenant } = await ready();
  expect((await post("/v1/apps/other/plans", { bundle })(tenant)).body.code).toBe("app.not_found");
});

covers("createPlan", "target.not_found", "a target that is not there is named", async () => {
  const { tenant } = await ready();
  const answer = await post(plansPath, { bundle, targets: ["web9"] })(tenant);
  expect(answer.body).toMatchObject({ code: "target.not_found", detail: expect.stringContaining("web9") });
});

covers("createPlan", "target.untrusted", "a server whose host key nobody confirmed is not asked", async () => {
  const tenant = await testTenant(api);
  await tenant.app();
  await addTarget(tenant.ctx, { name: "web1", host: "127.0.0.1", port: 22, user: "root" });
  api.take("jobs");
  expect((await post(plansPath, { bundle })(tenant)).body.code).toBe("target.untrusted");
});

covers("createPlan", "deployment.no_target", "with no target it asks for one", async () => {
  const tenant = await testTenant(api);
  await tenant.app();
  expect((await post(plansPath, { bundle })(tenant)).body.code).toBe("deployment.no_target");
});

covers("createPlan", "deployment.no_builder", "one that builds for the others is one of them", async () => {
  const { tenant } = await ready();
  const refused = await post(plansPath, { bundle, buildOn: "web9" })(tenant);
  expect(refused.body).toMatchObject({ status: 422, code: "deployment.no_builder" });
});

covers("createPlan", "compose.invalid", "what is no Compose file is refused", async () => {
  const { tenant } = await ready();
  expect((await post(plansPath, { bundle: { compose: "a: [" } })(tenant)).body.code).toBe("compose.invalid");
});

covers("createPlan", "compose.unsupported", "what is built from a folder that was not sent is refused", async () => {
  const { tenant } = await ready();
  const built = { compose: "services:\n  web:\n    build: .\n" };
  expect((await post(plansPath, { bundle: built })(tenant)).body.code).toBe("compose.unsupported");
});

covers("createPlan", "compose.no_service", "an image for a service that is not there is refused", async () => {
  const { tenant } = await ready();
  expect((await post(plansPath, { bundle, images: { none: "a:1" } })(tenant)).body.code).toBe("compose.no_service");
});

covers("createPlan", "bundle.too_large", "more than 256 KB compressed is refused", async () => {
  const { tenant } = await ready();
  const files = [{ path: "big", content: randomBytes(300 * 1024).toString("base64") }];
  expect((await post(plansPath, { bundle: { ...bundle, files } })(tenant)).body.code).toBe("bundle.too_large");
});

covers("createPlan", "rate.limited", "twenty plans a minute", async () => {
  const { tenant } = await ready();
  for (let i = 0; i < 20; i++) expect((await post(plansPath, { bundle })(tenant)).status).toBe(202);
  expect((await post(plansPath, { bundle })(tenant)).body.code).toBe("rate.limited");
});

covers(
  "createPlan",
  "idempotency.mismatch",
  "a key that another request had is refused; the same request gets the same plan",
  async () => {
    const { tenant } = await ready();
    const headers = { "idempotency-key": "plan-1" };
    const first = await post(plansPath, { bundle }, headers)(tenant);
    expect((await post(plansPath, { bundle }, headers)(tenant)).body.id).toBe(first.body.id);
    const other = await post(plansPath, { bundle, environment: "staging" }, headers)(tenant);
    expect(other.body.code).toBe("idempotency.mismatch");
  },
);
