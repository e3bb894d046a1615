import { afterAll, expect, test } from "vitest";
import { serveApi, testApi } from "./api.ts";
import { failed, scriptedReach } from "./reach.ts";
import { testTenant } from "./tenant.ts";

const api = testApi();
afterAll(() => api.close());

test("a person signs in by the code from the mail and makes a token that says who it is", async () => {
  const session = await api.signIn("ann@example.com");
  const made = await api.call("POST", "/v1/tokens", { session, body: { name: "ci", scopes: ["read"] } });
  expect(made.status).toBe(201);
  const me = await api.call("GET", "/v1/me", { token: made.body.secret });
  expect(me.body).toMatchObject({ actor: { kind: "token", scopes: ["read"] } });
});

test("a tenant is minted in any entitlement, with its plan's limits", async () => {
  for (const state of ["none", "active", "grace", "restricted"] as const) {
    const tenant = await testTenant(api, { state });
    const token = await tenant.token(["read"]);
    const usage = await api.call("GET", "/v1/usage", { token });
    expect(usage.body).toMatchObject({ entitlement: state, slots: { used: 0, limit: state === "none" ? 0 : 10 } });
  }
});

test("a minted target is ready and a deploy to it, worked on, is live", async () => {
  const tenant = await testTenant(api);
  const target = await tenant.target();
  expect(target.status).toBe("ready");
  await tenant.app();
  const job = await tenant.deploy("shop");
  expect(await tenant.work(job)).toMatchObject({ status: "succeeded" });
  expect((await tenant.environment("shop")).live).toEqual({ [target.id]: 1 });
});

test("a scripted failure ends the job with its class", async () => {
  const tenant = await testTenant(api);
  await tenant.target();
  await tenant.app();
  const reach = scriptedReach();
  reach.next(() => failed({ class: "unhealthy", step: "health", message: "web is unhealthy" }));
  const job = await tenant.work(await tenant.deploy("shop"), reach);
  expect(job).toMatchObject({ status: "failed", failure: { class: "unhealthy" } });
});

test("targets and apps of a tenant that may not grow are there all the same, and its state is as it was", async () => {
  const tenant = await testTenant(api, { state: "grace" });
  await tenant.target();
  await tenant.app();
  expect(await tenant.account()).toMatchObject({ kind: "delinquent", targets: 1 });
});

test("a standing clock wakes sleepers in the order of their times", async () => {
  const order: string[] = [];
  const { signal } = new AbortController();
  void api.clock.sleep(2000, signal).then(() => order.push("two"));
  void api.clock.sleep(1000, signal).then(() => order.push("one"));
  await api.clock.advance(3);
  expect(order).toEqual(["one", "two"]);
});

test("the API answers over real HTTP and calls itself by that address", async () => {
  const server = await serveApi(api);
  try {
    const answer = await fetch(`${server.url}/health`);
    expect(await answer.json()).toEqual({ ok: true });
    expect(api.world.origin).toBe(server.url);
  } finally {
    await server.close();
  }
});
