import { afterAll, expect, test } from "vitest";
import { testApi } from "../support/api.ts";
import { testTenant } from "../support/tenant.ts";

const api = testApi();
afterAll(() => api.close());

const request = { body: { name: "shop" }, headers: { "idempotency-key": "k" } };

test("what a request was answered is told to nobody who might not have made it", async () => {
  const tenant = await testTenant(api);
  const made = await api.call("POST", "/v1/apps", { token: await tenant.token(), ...request });
  expect(made.status).toBe(201);
  for (const token of [await tenant.token(["read"]), await tenant.token(["admin"], { app: "other" })]) {
    const answer = await api.call("POST", "/v1/apps", { token, ...request });
    expect(answer.status).toBe(422);
    expect(answer.body.code).toBe("idempotency.mismatch");
    expect(answer.text).not.toContain(made.body.id);
  }
});

test("a key of one tenant means nothing to another", async () => {
  const [one, two] = [await testTenant(api), await testTenant(api)];
  const first = await api.call("POST", "/v1/apps", { token: await one.token(), ...request });
  const second = await api.call("POST", "/v1/apps", { token: await two.token(), ...request });
  expect([first.status, second.status]).toEqual([201, 201]);
  expect(second.body.id).not.toBe(first.body.id);
});

test("a repeat gets its answer although a target of that name is there by now", async () => {
  const tenant = await testTenant(api);
  const call = { token: await tenant.token(), body: { name: "web1", host: "127.0.0.1" }, headers: { "idempotency-key": "k" } };
  const [one, two] = await Promise.all([0, 1].map(() => api.call("POST", "/v1/targets", call)));
  expect([one?.status, two?.status].sort()).toEqual([201, 409]);
  expect([one?.body.code, two?.body.code]).toContain("idempotency.busy");
  const again = await api.call("POST", "/v1/targets", call);
  expect(again.body.target.id).toBe((one?.status === 201 ? one : two)?.body.target.id);
});
