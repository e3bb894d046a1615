import { afterAll, expect, test } from "vitest";
import { testApi } from "../support/api.ts";
import { testTenant } from "../support/tenant.ts";
import { covers } from "./covers.ts";

const api = testApi();
afterAll(() => api.close());

covers("getMe", "200", "says which tenant and scopes the credential has", async () => {
  const tenant = await testTenant(api);
  const answer = await api.call("GET", "/v1/me", { token: await tenant.token(["read"], { app: "shop" }) });
  expect(answer.body).toMatchObject({ tenant: tenant.id, actor: { kind: "token", scopes: ["read"], app: "shop" } });
});

covers("getUsage", "200", "says what the plan allows and what is used of it", async () => {
  const tenant = await testTenant(api, { plan: "solo" });
  await tenant.target();
  await tenant.app();
  await tenant.work(await tenant.deploy("shop"));
  const { body } = await api.call("GET", "/v1/usage", { token: await tenant.token() });
  expect(body).toMatchObject({
    plan: "solo",
    entitlement: "active",
    slots: { used: 1, limit: 3 },
    targets: { used: 1, limit: 2 },
  });
});

covers("listPlans", "200", "anybody may see the plans, smallest first, without what only we need", async () => {
  const { body } = await api.call("GET", "/v1/plans");
  expect(body.items.map(({ name, price }: { name: string; price: number }) => [name, price])).toEqual([
    ["solo", 900],
    ["pro", 1900],
    ["studio", 4900],
  ]);
  expect(JSON.stringify(body)).not.toContain("lookupKey");
});

covers("createToken", "201", "the secret works until it expires and is kept nowhere", async () => {
  const tenant = await testTenant(api);
  const { body } = await api.call("POST", "/v1/tokens", {
    token: await tenant.token(),
    body: { name: "ci", scopes: ["deploy"], days: 1 },
  });
  expect((await api.call("GET", "/v1/me", { token: body.secret })).status).toBe(200);
  expect(api.dump()).not.toContain(body.secret);
  await api.clock.advance(86_401);
  expect((await api.call("GET", "/v1/me", { token: body.secret })).status).toBe(401);
});

const keyed = async (key: string, bodies: object[]) => {
  const token = await (await testTenant(api)).token();
  const answers = [];
  for (const body of bodies)
    answers.push(await api.call("POST", "/v1/tokens", { token, body, headers: { "idempotency-key": key } }));
  return { answers, token };
};

covers("createToken", "idempotency.mismatch", "a key used for another request is refused", async () => {
  const { answers } = await keyed("k", [
    { name: "a", scopes: ["read"] },
    { name: "b", scopes: ["read"] },
  ]);
  expect(answers.map(({ status }) => status)).toEqual([201, 422]);
  expect(answers[1]?.body.code).toBe("idempotency.mismatch");
});

test("the same request with the same key makes one token, and a repeat does not show its secret", async () => {
  const body = { name: "a", scopes: ["read"] };
  const { answers, token } = await keyed("k", [body, body]);
  expect(answers[1]?.body).toEqual({ ...answers[0]?.body, secret: null });
  expect(
    (await api.call("GET", "/v1/tokens", { token })).body.items.filter((each: { name: string }) => each.name === "a"),
  ).toHaveLength(1);
});

covers(
  "createToken",
  "idempotency.busy",
  "of two at once with one key one makes it and the other is told to ask again",
  async () => {
    const token = await (await testTenant(api)).token();
    const ask = () =>
      api.call("POST", "/v1/tokens", { token, body: { name: "a", scopes: ["read"] }, headers: { "idempotency-key": "once" } });
    const answers = await Promise.all([ask(), ask()]);
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 409]);
    expect(answers.find(({ status }) => status === 409)?.body.code).toBe("idempotency.busy");
    expect((await ask()).status).toBe(201);
  },
);

covers("listTokens", "200", "lists them newest first with their last use, without their secrets", async () => {
  const tenant = await testTenant(api);
  const secret = await tenant.token(["read"]);
  await api.call("GET", "/v1/me", { token: secret });
  const answer = await api.call("GET", "/v1/tokens", { token: await tenant.token() });
  expect(answer.body.items).toHaveLength(2);
  expect(answer.body.items[1].lastUsedAt).toBeDefined();
  expect(answer.text).not.toContain("hash");
});

covers("revokeToken", "204", "a revoked token stops working at once", async () => {
  const tenant = await testTenant(api);
  const token = await tenant.token();
  const { body } = await api.call("POST", "/v1/tokens", { token, body: { name: "x", scopes: ["read"] } });
  expect((await api.call("DELETE", `/v1/tokens/${body.id}`, { token })).status).toBe(204);
  expect((await api.call("GET", "/v1/me", { token: body.secret })).status).toBe(401);
});

covers("revokeToken", "token.not_found", "one that is not there, or was revoked, is not found", async () => {
  const token = await (await testTenant(api)).token();
  expect((await api.call("DELETE", "/v1/tokens/tok_missing", { token })).body).toMatchObject({
    status: 404,
    code: "token.not_found",
  });
});

covers("listAudit", "200", "every change has exactly one line, newest first, page after page", async () => {
  const tenant = await testTenant(api);
  await api.clock.advance(1);
  await tenant.app("one");
  await tenant.app("two");
  await api.clock.advance(1);
  const token = await tenant.token();
  const all = (await api.call("GET", "/v1/audit", { token })).body.items;
  expect(all.map(({ action }: { action: string }) => action)).toEqual([
    "token.create",
    "app.create",
    "app.create",
    "tenant.create",
  ]);
  const pages: string[] = [];
  for (let next: string | null = ""; next !== null; ) {
    const { body } = await api.call("GET", `/v1/audit?limit=1${next && `&cursor=${encodeURIComponent(next)}`}`, { token });
    pages.push(...body.items.map(({ id }: { id: string }) => id));
    next = body.next;
  }
  expect(pages).toEqual(all.map(({ id }: { id: string }) => id));
});

test("a token limited to one app sees that app and nothing else", async () => {
  const tenant = await testTenant(api);
  await tenant.app("shop");
  await tenant.app("blog");
  const token = await tenant.token(["deploy"], { app: "shop" });
  expect((await api.call("GET", "/v1/apps", { token })).body.items.map(({ name }: { name: string }) => name)).toEqual(["shop"]);
  expect((await api.call("GET", "/v1/apps/blog", { token })).status).toBe(404);
  expect((await api.call("POST", "/v1/apps", { token, body: { name: "third" } })).body.code).toBe("token.scope");
  expect((await api.call("GET", "/v1/audit", { token })).body.code).toBe("token.scope");
});
