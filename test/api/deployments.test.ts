import { addTarget } from "@berth/domain/target/add.ts";
import { expect, test } from "vitest";
import type { Answer } from "../support/api.ts";
import { COMPOSE, testTenant } from "../support/tenant.ts";
import { covers } from "./covers.ts";
import { api, bundle, post, ready, useApi } from "./deploying.ts";
import { refusedIn } from "./entitled.ts";
import { overtaken } from "./overtaken.ts";

useApi();

const deployShop = post("/v1/apps/shop/deployments", { bundle });

covers("createDeployment", "202", "makes the next release and answers at once with the job that makes it live", async () => {
  const { tenant } = await ready();
  const answer = await deployShop(tenant);
  expect([answer.status, answer.body]).toMatchObject([
    202,
    { kind: "deployment", status: "queued", app: "shop", environment: "production", release: 1 },
  ]);
  expect(await tenant.account()).toMatchObject({ slots: 1 });
});

test("a release's note is kept without what turns or hides the text around it", async () => {
  const tenant = await testTenant(api);
  await tenant.target();
  await tenant.app();
  const token = await tenant.token();
  const body = { bundle: { compose: COMPOSE, files: [], variables: {} }, note: "safe \u202egnp.exe\u001b[2J\u3164" };
  expect((await api.call("POST", "/v1/apps/shop/deployments", { token, body })).status).toBe(202);
  const [release] = (await api.call("GET", "/v1/apps/shop/releases", { token })).body.items;
  expect(release.note).toBe("safe gnp.exe [2J");
  api.take("jobs");
});

covers("createDeployment", "app.not_found", "an app that is not there is not found", async () => {
  const { tenant } = await ready();
  expect((await post("/v1/apps/other/deployments", { bundle })(tenant)).body.code).toBe("app.not_found");
});

covers(
  "createDeployment",
  "app.busy",
  "of many at once exactly one is accepted; the others are told by which job, and leave nothing behind",
  async () => {
    const { tenant, token } = await ready();
    const answers = await Promise.all(Array.from({ length: 5 }, () => deployShop(tenant)));
    expect(answers.map(({ status }) => status).sort()).toEqual([202, 409, 409, 409, 409]);
    const job = answers.find(({ status }) => status === 202)?.body.id;
    const late = await deployShop(tenant);
    expect(late.body).toMatchObject({ code: "app.busy", job, next: [`berth jobs watch ${job}`, `berth jobs cancel ${job}`] });
    expect((await api.call("GET", "/v1/apps/shop/releases", { token })).body.items).toHaveLength(1);
    expect(await tenant.account()).toMatchObject({ slots: 1, deploys: [job] });
  },
);

covers(
  "createDeployment",
  "version.stale",
  "who is overtaken again and again is told so, and leaves nothing behind",
  async () => {
    const { tenant, token } = await ready();
    expect((await overtaken(api, tenant, () => deployShop(tenant))).body).toMatchObject({ status: 409, code: "version.stale" });
    expect((await api.call("GET", "/v1/apps/shop/releases", { token })).body.items).toEqual([]);
  },
);

test("deploys of several apps at once are all accepted", async () => {
  const { tenant } = await ready();
  const apps = ["shop", "blog", "chat", "mail", "wiki"];
  for (const app of apps.slice(1)) await tenant.app(app);
  const answers = await Promise.all(apps.map((app) => post(`/v1/apps/${app}/deployments`, { bundle })(tenant)));
  expect(answers.map(({ status }) => status)).toEqual(apps.map(() => 202));
  expect(await tenant.account()).toMatchObject({ slots: 5, deploys: { length: 5 } });
});

test("of one request sent twice at once there is one deploy, and both answers are it", async () => {
  const { token } = await ready();
  const call = { token, body: { bundle }, headers: { "idempotency-key": "k" } };
  const [one, two] = await Promise.all([0, 1].map(() => api.call("POST", "/v1/apps/shop/deployments", call)));
  expect([one?.status, two?.status]).toEqual([202, 202]);
  expect(one?.body.id).toBe(two?.body.id);
});

covers("createDeployment", "target.not_found", "a target that is not there is named", async () => {
  const { tenant } = await ready();
  const answer = await post("/v1/apps/shop/deployments", { bundle, targets: ["web9"] })(tenant);
  expect(answer.body).toMatchObject({ code: "target.not_found", detail: expect.stringContaining("web9") });
});

covers("createDeployment", "target.untrusted", "not to a server whose host key nobody confirmed", async () => {
  const tenant = await testTenant(api);
  await tenant.app();
  await addTarget(tenant.ctx, { name: "web1", host: "127.0.0.1", port: 22, user: "root" });
  api.take("jobs");
  expect((await deployShop(tenant)).body).toMatchObject({
    status: 409,
    code: "target.untrusted",
    next: ["berth target trust web1"],
  });
});

covers("createDeployment", "deployment.no_target", "with no target, or several, it asks which", async () => {
  const tenant = await testTenant(api);
  await tenant.app();
  expect((await deployShop(tenant)).body).toMatchObject({
    code: "deployment.no_target",
    next: ["berth target add NAME USER@HOST"],
  });
  await tenant.target("web1");
  await api.clock.advance(1);
  await tenant.target("web2");
  expect((await deployShop(tenant)).body.detail).toContain("web1, web2");
});

covers("createDeployment", "deployment.no_builder", "one that builds for the others is one of them", async () => {
  const { tenant } = await ready();
  const refused = await post("/v1/apps/shop/deployments", { bundle, buildOn: "web9" })(tenant);
  expect(refused.body).toMatchObject({ status: 422, code: "deployment.no_builder" });
});

test("a later deploy that names another server goes there too, and to none whose host key nobody confirmed", async () => {
  const tenant = await testTenant(api);
  await tenant.target();
  await tenant.target("web2", "127.0.0.2");
  await addTarget(tenant.ctx, { name: "web3", host: "127.0.0.3", port: 22, user: "root" });
  await tenant.app();
  api.take("jobs");
  const to = (...targets: string[]) => post("/v1/apps/shop/deployments", { bundle, targets })(tenant);
  const names = ({ body }: Answer) => Object.values<{ name: string }>(body.rollouts).map(({ name }) => name);
  const first = await to("web1");
  expect(names(first)).toEqual(["web1"]);
  await tenant.work(first.body);
  expect((await to("web2", "web3")).body).toMatchObject({ status: 409, code: "target.untrusted" });
  expect(names(await to("web2"))).toEqual(["web1", "web2"]);
});

test("later deploys go where the first one went, on all of its targets at once", async () => {
  const { tenant } = await ready();
  await tenant.target("web2");
  const first = await post("/v1/apps/shop/deployments", { bundle, targets: ["web1", "web2"] })(tenant);
  await tenant.work(first.body);
  const second = await deployShop(tenant);
  expect(Object.values(second.body.rollouts as Record<string, { name: string }>).map(({ name }) => name)).toEqual([
    "web1",
    "web2",
  ]);
});

covers("createDeployment", "billing.slots_full", "of many apps at once the plan's number of slots is claimed", async () => {
  const { tenant } = await ready("solo");
  for (const name of ["b", "c", "d"]) await tenant.app(name);
  for (const name of ["shop", "b", "c"])
    expect((await post(`/v1/apps/${name}/deployments`, { bundle })(tenant)).status).toBe(202);
  expect((await post("/v1/apps/d/deployments", { bundle })(tenant)).body).toMatchObject({
    status: 402,
    code: "billing.slots_full",
    plan: "solo",
  });
  expect(await tenant.account()).toMatchObject({ slots: 3 });
});

covers("createDeployment", "deployment.too_many", "not while a hundred wait", async () => {
  const { tenant } = await ready();
  await tenant.crowd(100);
  expect((await deployShop(tenant)).body).toMatchObject({ status: 429, code: "deployment.too_many" });
});

covers(
  "createDeployment",
  "idempotency.mismatch",
  "the same key and body is the same job; the same key and another body is refused",
  async () => {
    const { tenant } = await ready();
    const headers = { "idempotency-key": "k" };
    const first = await post("/v1/apps/shop/deployments", { bundle }, headers)(tenant);
    expect((await post("/v1/apps/shop/deployments", { bundle }, headers)(tenant)).body.id).toBe(first.body.id);
    await tenant.work(first.body);
    expect((await post("/v1/apps/shop/deployments", { bundle }, headers)(tenant)).body).toMatchObject({
      id: first.body.id,
      status: "succeeded",
    });
    const other = await post("/v1/apps/shop/deployments", { bundle, note: "x" }, headers)(tenant);
    expect(other.body).toMatchObject({ status: 422, code: "idempotency.mismatch" });
  },
);

covers("createDeployment", "billing.required", "needs a plan", () => refusedIn(api, "none", deployShop));
covers("createDeployment", "billing.grace", "is paused in grace, with the date", () => refusedIn(api, "grace", deployShop));
covers("createDeployment", "billing.restricted", "is off when the bill stays unpaid", () =>
  refusedIn(api, "restricted", deployShop),
);
covers("createDeployment", "billing.hold", "is off while a payment is disputed", () => refusedIn(api, "hold", deployShop));

covers("listDeployments", "200", "an app's deployments, newest first, and no other app's", async () => {
  const { tenant, token } = await ready();
  await tenant.app("blog");
  for (const app of ["shop", "blog", "shop"]) {
    await tenant.work(await tenant.deploy(app));
    await api.clock.advance(1); // of two ids of the same millisecond neither is the later one
  }
  const { body } = await api.call("GET", "/v1/apps/shop/deployments", { token });
  expect(body.items.map(({ release }: { release: number }) => release)).toEqual([2, 1]);
});

covers("listDeployments", "app.not_found", "an app that is not there is not found", async () => {
  const { token } = await ready();
  expect((await api.call("GET", "/v1/apps/other/deployments", { token })).body.code).toBe("app.not_found");
});

covers("getDeployment", "200", "shows where it is on each target", async () => {
  const { tenant, token } = await ready();
  const job = await tenant.work(await tenant.deploy("shop"));
  const { body } = await api.call("GET", `/v1/apps/shop/deployments/${job.id}`, { token });
  expect(body).toEqual(JSON.parse(JSON.stringify(job)));
});

covers("getDeployment", "deployment.not_found", "one of another app, or none, is not found", async () => {
  const { tenant, token } = await ready();
  await tenant.app("blog");
  const job = await tenant.deploy("shop");
  for (const path of [`/v1/apps/blog/deployments/${job.id}`, "/v1/apps/shop/deployments/job_none"])
    expect((await api.call("GET", path, { token })).body).toMatchObject({ status: 404, code: "deployment.not_found" });
});

covers("getDeployment", "app.not_found", "an app that is not there is not found", async () => {
  const { token } = await ready();
  expect((await api.call("GET", "/v1/apps/other/deployments/job_none", { token })).body.code).toBe("app.not_found");
});
