import { logReaders, polls, take } from "@berth/domain/held.ts";
import { limit } from "@berth/domain/rate-limit.ts";
import { afterAll, expect, test } from "vitest";
import { testApi } from "../support/api.ts";
import { lost, scriptedReach } from "../support/reach.ts";
import { testTenant } from "../support/tenant.ts";
import { covers } from "./covers.ts";

const api = testApi();
afterAll(() => api.close());

async function deployed() {
  const tenant = await testTenant(api);
  await tenant.target();
  await tenant.app();
  await tenant.work(await tenant.deploy("shop"));
  return { tenant, token: await tenant.token() };
}

/** Opens a reading and lets a worker answer. */
async function opened(body: object = {}, reach = scriptedReach()) {
  const { tenant, token } = await deployed();
  const { body: log } = await api.call("POST", "/v1/apps/shop/logs", { token, body: { follow: false, ...body } });
  if (!("follow" in body)) await tenant.drain(reach);
  return { tenant, token, id: String(log.id), reach, targets: log.targets };
}

const nobody = `log_${"0".repeat(26)}`;

covers("openLogs", "201", "lines come from the servers themselves; the bill has no say in it", async () => {
  const { tenant, token, targets, reach } = await opened({ tail: 5, services: ["web"] });
  expect(targets).toEqual(["web1"]);
  expect(reach.runs.at(-1)).toMatchObject({ op: "logs", values: { tail: "5", services: "web\n", project: "shop-production" } });
  await tenant.entitle("restricted");
  expect((await api.call("POST", "/v1/apps/shop/logs", { token, body: {} })).status).toBe(201);
  api.take("jobs");
});

covers("readLogs", "200", "lines and what is said in their place come in order, and the end is said", async () => {
  const { token, id } = await opened();
  const { body } = await api.call("GET", `/v1/logs/${id}`, { token });
  expect(body).toMatchObject({
    items: [{ type: "log", target: "web1", service: "web", text: "hello from web" }],
    next: 1,
    ended: true,
  });
  expect((await api.call("GET", `/v1/logs/${id}?after=1`, { token })).body.items).toEqual([]);
  const dead = scriptedReach();
  dead.next(lost("unreachable"));
  const other = await opened({}, dead);
  expect((await api.call("GET", `/v1/logs/${other.id}`, { token: other.token })).body).toMatchObject({
    items: [{ type: "unreadable", target: "web1", class: "unreachable" }],
    ended: true,
  });
});

covers("closeLogs", "204", "it is read no more, and once more does nothing", async () => {
  const { token, id } = await opened({ follow: true });
  expect((await api.call("DELETE", `/v1/logs/${id}`, { token })).status).toBe(204);
  expect((await api.call("DELETE", `/v1/logs/${id}`, { token })).status).toBe(204);
});

test("a service that the app does not have is refused with the names of those it has, and no server is asked", async () => {
  const { tenant, token } = await deployed();
  const { body } = await api.call("POST", "/v1/apps/shop/logs", { token, body: { services: ["nosuch"] } });
  expect(body).toMatchObject({ status: 422, code: "input.invalid", detail: expect.stringContaining("It has: web.") });
  expect(api.take("jobs").filter(({ message }) => message.tenant === tenant.id)).toEqual([]);
});

test("after a thousand readings the jobs are still listed, and what was read is kept for hours only", async () => {
  const { tenant, token } = await opened();
  const { body } = await api.call("GET", "/v1/jobs?limit=100", { token });
  expect(body.items.map(({ kind }: { kind: string }) => kind)).toEqual(expect.arrayContaining(["deployment", "target.check"]));
  const rows = JSON.parse(api.dump()).Items.filter(
    ({ pk, sk }: Record<string, { S: string }>) =>
      `${pk?.S} ${sk?.S}`.includes(`${tenant.id}`) && /LOG#/.test(`${pk?.S} ${sk?.S}`),
  );
  expect(rows.length).toBeGreaterThan(1);
  const now = api.clock.now().getTime() / 1000;
  for (const { ttl } of rows) expect(Number(ttl.N)).toBeLessThanOrEqual(now + 2 * 3600);
  expect(JSON.parse(api.dump()).Items.filter(({ sk }: Record<string, { S: string }>) => sk?.S.startsWith("JOB#log_"))).toEqual(
    [],
  );
});

covers("openLogs", "app.not_deployed", "an app that runs nowhere has no logs", async () => {
  const tenant = await testTenant(api);
  await tenant.app();
  const token = await tenant.token();
  const answer = await api.call("POST", "/v1/apps/shop/logs", { token, body: {} });
  expect(answer.body).toMatchObject({ status: 409, code: "app.not_deployed" });
});

covers("openLogs", "rate.limited", "a tenant that asks without end waits, and its servers have rest", async () => {
  const { tenant, token } = await deployed();
  for (let i = 0; i < 60; i++) await limit(api.world, `logs#${tenant.id}`, { most: 60, seconds: 60 });
  const answer = await api.call("POST", "/v1/apps/shop/logs", { token, body: {} });
  expect(answer.body).toMatchObject({ status: 429, code: "rate.limited" });
  expect(Number(answer.headers.get("retry-after"))).toBeGreaterThan(0);
  expect(api.take("jobs").filter(({ message }) => message.tenant === tenant.id)).toEqual([]);
});

covers("openLogs", "log.too_many", "an account reads in so many places at once", async () => {
  const { tenant, token } = await deployed();
  for (let i = 0; i < logReaders.most; i++) await take(tenant.ctx, logReaders);
  const answer = await api.call("POST", "/v1/apps/shop/logs", { token, body: {} });
  expect(answer.body).toMatchObject({ status: 429, code: "log.too_many" });
  expect(Number(answer.headers.get("retry-after"))).toBeGreaterThan(0);
});

covers("readLogs", "log.too_many", "who was away finds its place taken, and gets it when it is free", async () => {
  const { tenant, token, id } = await opened({ follow: true });
  await api.clock.advance(40);
  for (let i = 0; i < logReaders.most; i++) await take(tenant.ctx, logReaders);
  expect((await api.call("GET", `/v1/logs/${id}`, { token })).body).toMatchObject({ status: 429, code: "log.too_many" });
  await api.clock.advance(40);
  expect((await api.call("GET", `/v1/logs/${id}`, { token })).status).toBe(200);
  api.take("jobs");
});

covers("readLogs", "rate.limited", "of questions that wait an account has so many", async () => {
  const { tenant, token, id } = await opened({ follow: true });
  for (let i = 0; i < polls.most; i++) await take(tenant.ctx, polls);
  const answer = await api.call("GET", `/v1/logs/${id}?after=50&wait=5`, { token });
  expect(answer.body).toMatchObject({ status: 429, code: "rate.limited" });
});

covers("openLogs", "idempotency.mismatch", "a key is for one request, and its repeat is the same reading", async () => {
  const { token } = await deployed();
  const ask = (body: object) => api.call("POST", "/v1/apps/shop/logs", { token, body, headers: { "idempotency-key": "k" } });
  const { id } = (await ask({})).body;
  expect((await ask({})).body.id).toBe(id);
  expect((await ask({ tail: 1 })).body.code).toBe("idempotency.mismatch");
  api.take("jobs");
});

covers("openLogs", "idempotency.busy", "of the same request at once one opens a reading", async () => {
  const { token } = await deployed();
  const call = { token, body: {}, headers: { "idempotency-key": "k" } };
  const answers = await Promise.all([0, 1].map(() => api.call("POST", "/v1/apps/shop/logs", call)));
  expect(answers.map(({ status }) => status).sort()).toEqual([201, 409]);
  expect(answers.map(({ body }) => body.code)).toContain("idempotency.busy");
  api.take("jobs");
});

covers("openLogs", "app.not_found", "one that is not there is not found", async () => {
  const { token } = await deployed();
  expect((await api.call("POST", "/v1/apps/nothing/logs", { token, body: {} })).body.code).toBe("app.not_found");
});

covers("readLogs", "log.not_found", "another account's, another app's and none at all are the same", async () => {
  const { tenant, id } = await opened();
  const other = await (await testTenant(api)).token();
  const limited = await tenant.token(["read"], { app: "another" });
  for (const [token, log] of [
    [other, id],
    [limited, id],
    [limited, nobody],
  ] as const)
    expect((await api.call("GET", `/v1/logs/${log}`, { token })).body).toMatchObject({ status: 404, code: "log.not_found" });
});

covers("closeLogs", "log.not_found", "nobody ends another's", async () => {
  const { id } = await opened();
  const other = await (await testTenant(api)).token();
  for (const log of [id, nobody])
    expect((await api.call("DELETE", `/v1/logs/${log}`, { token: other })).body.code).toBe("log.not_found");
});
