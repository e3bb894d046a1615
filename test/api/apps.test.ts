import { limit } from "@berth/domain/rate-limit.ts";
import { afterAll, expect, test } from "vitest";
import { testApi } from "../support/api.ts";
import { containersOf, failed, lost, scriptedReach, succeeded } from "../support/reach.ts";
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
  return { tenant, token: await tenant.token() };
};
const create = (name: string) => async (tenant: TestTenant) =>
  api.call("POST", "/v1/apps", { token: await tenant.token(), body: { name } });
const removeShop = async (tenant: TestTenant) => api.call("DELETE", "/v1/apps/shop", { token: await tenant.token() });

covers("createApp", "201", "an app is made, holds no slot and runs nothing", async () => {
  const tenant = await testTenant(api);
  const answer = await create("shop")(tenant);
  expect([answer.status, answer.body]).toMatchObject([201, { name: "shop", slot: false, environments: [] }]);
  expect(await tenant.account()).toMatchObject({ slots: 0 });
});

covers("createApp", "app.exists", "a name can be given once", async () => {
  const { tenant } = await ready();
  expect((await create("shop")(tenant)).body).toMatchObject({ status: 409, code: "app.exists" });
});

covers("createApp", "billing.required", "needs a plan", () => refusedIn(api, "none", create("other")));
covers("createApp", "billing.grace", "is paused in grace", () => refusedIn(api, "grace", create("other")));
covers("createApp", "billing.restricted", "is off when the bill stays unpaid", () =>
  refusedIn(api, "restricted", create("other")),
);
covers("createApp", "billing.hold", "is off while a payment is disputed", () => refusedIn(api, "hold", create("other")));

covers("createApp", "idempotency.mismatch", "a key used for another app is refused", async () => {
  const token = await (await testTenant(api)).token();
  const ask = (name: string) => api.call("POST", "/v1/apps", { token, body: { name }, headers: { "idempotency-key": "k" } });
  const first = await ask("one");
  expect((await ask("one")).body).toEqual(first.body);
  expect((await ask("two")).body.code).toBe("idempotency.mismatch");
});

covers("createApp", "idempotency.busy", "of two at once with one key one makes it", async () => {
  const token = await (await testTenant(api)).token();
  const ask = () => api.call("POST", "/v1/apps", { token, body: { name: "one" }, headers: { "idempotency-key": "k" } });
  const codes = (await Promise.all([ask(), ask()])).map(({ body }) => body.code);
  expect(codes.filter((code) => code === undefined)).toHaveLength(1);
  expect(["idempotency.busy", "app.exists"]).toContain(codes.find((code) => code !== undefined));
});

covers("listApps", "200", "apps come by name, page after page, each once", async () => {
  const tenant = await testTenant(api);
  for (const name of ["c", "a", "b"]) await tenant.app(name);
  const token = await tenant.token();
  const names: string[] = [];
  for (let next: string | null = ""; next !== null; ) {
    const { body } = await api.call("GET", `/v1/apps?limit=1${next && `&cursor=${next}`}`, { token });
    names.push(...body.items.map(({ name }: { name: string }) => name));
    next = body.next;
  }
  expect(names).toEqual(["a", "b", "c"]);
});

covers("getApp", "200", "shows what serves where", async () => {
  const { tenant, token } = await ready();
  await tenant.work(await tenant.deploy("shop"));
  const { body } = await api.call("GET", "/v1/apps/shop", { token });
  expect(body).toMatchObject({
    slot: true,
    environments: [{ name: "production", release: 1, targets: [{ name: "web1", release: 1 }] }],
  });
});

covers("getApp", "app.not_found", "one that is not there is not found", async () => {
  const { token } = await ready();
  expect((await api.call("GET", "/v1/apps/nothing", { token })).body).toMatchObject({ status: 404, code: "app.not_found" });
});

covers("getAppStatus", "200", "shows the last job of each environment beside it", async () => {
  const { tenant, token } = await ready();
  const job = await tenant.deploy("shop");
  expect((await api.call("GET", "/v1/apps/shop/status", { token })).body.jobs).toMatchObject([{ id: job.id, status: "queued" }]);
});

/** The status with fresh eyes, while workers answer what is asked of them. */
async function fresh(tenant: TestTenant, token: string, reach = scriptedReach(), callers = 1) {
  const before = api.sent.length;
  const asked = Array.from({ length: callers }, () => api.call("GET", "/v1/apps/shop/status?fresh=true", { token }));
  let answered = false;
  const all = Promise.all(asked).finally(() => {
    answered = true;
  });
  while (api.sent.length === before && !answered) await new Promise((resolve) => setImmediate(resolve));
  await tenant.drain(reach);
  return { answers: await all, reach };
}

test("status says what a deploy left, without asking any server, and what it is together; the list says the same shorter", async () => {
  const { tenant, token } = await ready();
  const reach = scriptedReach();
  await tenant.work(await tenant.deploy("shop"), reach);
  const { body } = await api.call("GET", "/v1/apps/shop/status", { token });
  const at = api.clock.now().toISOString();
  expect(body.environments).toMatchObject([
    {
      state: "running",
      targets: [
        { state: "running", seen: { containers: [{ service: "web", state: "running", ok: true, orphan: false }], missing: [] } },
      ],
    },
  ]);
  expect(body.environments[0].targets[0].addresses).toMatchObject([{ service: "web", url: "http://127.0.0.1:8080" }]);
  expect(body.environments[0].seenAt <= at && body.environments[0].seenAt === body.environments[0].targets[0].seen.at).toBe(true);
  const list = await api.call("GET", "/v1/apps", { token });
  const [{ seen: _seen, problem: _problem, addresses: _addresses, ...short }] = body.environments[0].targets;
  expect(list.body.items[0].environments[0]).toEqual({ ...body.environments[0], targets: [short] });
  expect(reach.runs.map(({ op }) => op)).toEqual(["deploy"]);
  expect(api.take("jobs").filter(({ message }) => message.tenant === tenant.id)).toEqual([]);
});

test("an app that was deployed but never seen is unknown, never running", async () => {
  const { tenant, token } = await ready();
  const reach = scriptedReach(() => succeeded());
  await tenant.work(await tenant.deploy("shop"), reach);
  const { body } = await api.call("GET", "/v1/apps/shop/status", { token });
  expect(body.environments).toMatchObject([
    { release: 1, state: "unknown", seenAt: null, targets: [{ state: "unknown", seen: null, problem: null }] },
  ]);
});

test("a container that was stopped on the server is told of by a fresh look, and from then on without one", async () => {
  const { tenant, token } = await ready();
  await tenant.work(await tenant.deploy("shop"));
  await api.clock.advance(60);
  const reach = scriptedReach(() => ({
    ...succeeded(),
    containers: containersOf({ service: "web", state: "exited", exitCode: 137, health: null }),
  }));
  const { answers } = await fresh(tenant, token, reach);
  const stopped = { state: "stopped", targets: [{ state: "stopped", seen: { containers: [{ state: "exited", ok: false }] } }] };
  expect(answers[0]?.body.environments).toMatchObject([stopped]);
  expect(reach.runs).toMatchObject([
    { op: "inspect", values: { project: "shop-production", app_id: expect.stringContaining(tenant.id) } },
  ]);
  expect((await api.call("GET", "/v1/apps/shop/status", { token })).body.environments).toMatchObject([stopped]);
});

test("of many who ask at once for a fresh look one asks the server, and all are answered; a moment later nobody asks", async () => {
  const { tenant, token } = await ready();
  await tenant.work(await tenant.deploy("shop"));
  await api.clock.advance(60);
  const { answers, reach } = await fresh(tenant, token, scriptedReach(), 5);
  const at = answers.map(({ body }) => body.environments[0].seenAt);
  expect(new Set(at).size).toBe(1);
  expect(reach.runs.map(({ op }) => op)).toEqual(["inspect"]);
  await fresh(tenant, token, reach);
  expect(reach.runs).toHaveLength(1);
});

test("a server that does not answer in time is told of as it was last seen, with its age, and then with the reason", async () => {
  const { tenant, token } = await ready();
  await tenant.work(await tenant.deploy("shop"));
  const before = (await api.call("GET", "/v1/apps/shop/status", { token })).body.environments[0].seenAt;
  await api.clock.advance(60);
  const waited = api.clock.now().getTime();
  const { body } = await api.call("GET", "/v1/apps/shop/status?fresh=true", { token });
  expect(body.environments).toMatchObject([{ state: "running", seenAt: before }]);
  expect(api.clock.now().getTime() - waited).toBeLessThanOrEqual(9000);
  const dead = scriptedReach();
  dead.next(lost("unreachable"));
  await tenant.drain(dead);
  const after = (await api.call("GET", "/v1/apps/shop/status", { token })).body.environments;
  expect(after).toMatchObject([
    { state: "unknown", targets: [{ seenAt: before, problem: { class: "unreachable" }, seen: { at: before } }] },
  ]);
});

covers("getAppStatus", "rate.limited", "whoever asks servers without end waits", async () => {
  const { tenant, token } = await ready();
  await tenant.work(await tenant.deploy("shop"));
  await api.clock.advance(60);
  for (let i = 0; i < 60; i++) await limit(api.world, `inspect#${tenant.id}`, { most: 60, seconds: 60 });
  const answer = await api.call("GET", "/v1/apps/shop/status?fresh=true", { token });
  expect(answer.body).toMatchObject({ status: 429, code: "rate.limited" });
  expect(api.take("jobs").filter(({ message }) => message.tenant === tenant.id)).toEqual([]);
  expect((await api.call("GET", "/v1/apps/shop/status", { token })).status).toBe(200);
});

covers("getAppStatus", "app.not_found", "one that is not there is not found", async () => {
  const { token } = await ready();
  expect((await api.call("GET", "/v1/apps/nothing/status", { token })).body.code).toBe("app.not_found");
});

covers(
  "removeApp",
  "202",
  "it is taken off its servers, its slot is free, its volumes stay, and the name can be used again",
  async () => {
    const { tenant, token } = await ready();
    await tenant.work(await tenant.deploy("shop"));
    const reach = scriptedReach();
    const answer = await api.call("DELETE", "/v1/apps/shop", { token });
    expect(answer.status).toBe(202);
    expect(await tenant.work(answer.body, reach)).toMatchObject({ status: "succeeded" });
    expect(reach.runs[0]).toMatchObject({ op: "remove", values: { volumes: "keep" } });
    expect(await tenant.account()).toMatchObject({ slots: 0 });
    expect((await api.call("GET", "/v1/apps/shop", { token })).status).toBe(404);
    await tenant.app("shop");
    expect(await tenant.work(await tenant.deploy("shop"))).toMatchObject({ status: "succeeded", release: 1 });
  },
);

test("a removal that fails on a server leaves the app where it is, with its slot", async () => {
  const { tenant, token } = await ready();
  await tenant.work(await tenant.deploy("shop"));
  const reach = scriptedReach();
  reach.always(() => failed({ class: "internal", step: "down" }));
  const answer = await api.call("DELETE", "/v1/apps/shop", { token });
  expect(await tenant.work(answer.body, reach)).toMatchObject({ status: "failed" });
  expect((await api.call("GET", "/v1/apps/shop", { token })).body).toMatchObject({ slot: true });
});

covers("removeApp", "204", "one that ran nowhere is gone at once", async () => {
  const { token } = await ready();
  expect((await api.call("DELETE", "/v1/apps/shop", { token })).status).toBe(204);
  expect((await api.call("GET", "/v1/apps/shop", { token })).status).toBe(404);
});

covers("removeApp", "app.not_found", "one that is not there is not found", async () => {
  const { token } = await ready();
  expect((await api.call("DELETE", "/v1/apps/nothing", { token })).body.code).toBe("app.not_found");
});

covers("removeApp", "app.busy", "not while it is being deployed; the job is named", async () => {
  const { tenant } = await ready();
  const job = await tenant.deploy("shop");
  expect((await removeShop(tenant)).body).toMatchObject({ status: 409, code: "app.busy", job: job.id });
});

covers("removeApp", "version.stale", "who is overtaken again and again is told so", async () => {
  const { tenant } = await ready();
  await tenant.work(await tenant.deploy("shop"));
  expect((await overtaken(api, tenant, () => removeShop(tenant))).body).toMatchObject({ status: 409, code: "version.stale" });
});

test("of two removals at once one wins, and to the other the app is gone", async () => {
  const { tenant } = await ready();
  const answers = await Promise.all([removeShop(tenant), removeShop(tenant)]);
  expect(answers.map(({ status }) => status).sort()).toEqual([204, 404]);
});

covers("removeApp", "billing.required", "needs a plan", () => refusedIn(api, "none", removeShop));
covers("removeApp", "billing.grace", "is paused in grace", () => refusedIn(api, "grace", removeShop));
covers("removeApp", "billing.restricted", "is off when the bill stays unpaid", () => refusedIn(api, "restricted", removeShop));
covers("removeApp", "billing.hold", "is off while a payment is disputed", () => refusedIn(api, "hold", removeShop));

covers("removeApp", "deployment.too_many", "not while a hundred deploys wait", async () => {
  const { tenant } = await ready();
  await tenant.work(await tenant.deploy("shop"));
  await tenant.crowd(100);
  expect((await removeShop(tenant)).body).toMatchObject({ status: 429, code: "deployment.too_many" });
});
