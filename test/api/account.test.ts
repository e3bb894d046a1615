import { afterAll, expect, test } from "vitest";
import { testApi } from "../support/api.ts";
import { testTenant } from "../support/tenant.ts";
import { covers } from "./covers.ts";
import { between } from "./overtaken.ts";
import { prove } from "./proved.ts";

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

covers("listPricingPlans", "200", "anybody may see the plans, smallest first, without what only we need", async () => {
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

test("a token and all made with it stop working when it is revoked, however far down, and nothing else does", async () => {
  const tenant = await testTenant(api);
  const make = async (token: string) => {
    const { body } = await api.call("POST", "/v1/tokens", { token, body: { name: "x", scopes: ["admin"] } });
    return { id: String(body.id), secret: String(body.secret) };
  };
  const works = async (token: string) => (await api.call("GET", "/v1/me", { token })).status === 200;
  const parent = await tenant.token(["admin"]);
  const other = await tenant.token(["admin"]);
  const id = (await api.call("GET", "/v1/me", { token: parent })).body.actor.id;
  const child = await make(parent);
  await prove(api, tenant.user.email, { token: child.secret });
  const grandchild = await make(child.secret);
  expect(await works(grandchild.secret)).toBe(true);
  await api.call("DELETE", `/v1/tokens/${id}`, { token: other });
  expect(await Promise.all([parent, child.secret, grandchild.secret, other].map(works))).toEqual([false, false, false, true]);
  expect((await api.call("GET", "/v1/tokens", { token: other })).body.items).toHaveLength(1);
});

test("of two who revoke a token at once one is told that it is gone", async () => {
  const tenant = await testTenant(api);
  const [one, other, token] = [await tenant.token(), await tenant.token(), await tenant.token()];
  const { id } = (await api.call("GET", "/v1/me", { token })).body.actor;
  const revoke = (by: string) => api.call("DELETE", `/v1/tokens/${id}`, { token: by });
  expect(
    (
      await between(
        api,
        () => revoke(one),
        () => revoke(other),
      )
    ).body,
  ).toMatchObject({ code: "token.not_found" });
});

test("a token is revoked with all that it made, though one of them is revoked by somebody else meanwhile", async () => {
  const tenant = await testTenant(api);
  const [owner, token] = [await tenant.token(), await tenant.token(["admin"])];
  const { id } = (await api.call("GET", "/v1/me", { token })).body.actor;
  const made = async () => (await api.call("POST", "/v1/tokens", { token, body: { name: "x", scopes: ["read"] } })).body;
  const [first, second] = [await made(), await made()];
  const revoke = (which: string) => api.call("DELETE", `/v1/tokens/${which}`, { token: owner });
  expect(
    (
      await between(
        api,
        () => revoke(first.id),
        () => revoke(id),
        2,
      )
    ).status,
  ).toBe(204);
  for (const { secret } of [first, second]) expect((await api.call("GET", "/v1/me", { token: secret })).status).toBe(401);
});

test("a token that is revoked at this moment makes no other", async () => {
  const tenant = await testTenant(api);
  const [owners, token] = [await tenant.token(), await tenant.token()];
  const { id } = (await api.call("GET", "/v1/me", { token })).body.actor;
  const answer = await between(
    api,
    () => api.call("DELETE", `/v1/tokens/${id}`, { token: owners }),
    () => api.call("POST", "/v1/tokens", { token, body: { name: "heir", scopes: ["read"] } }),
  );
  expect(answer.body).toMatchObject({ status: 401, code: "auth.required" });
  const { items } = (await api.call("GET", "/v1/tokens", { token: owners })).body;
  expect(items.map(({ name }: { name: string }) => name)).not.toContain("heir");
});

test("a token gives no right away that it has not, whatever the proof", async () => {
  const token = await (await testTenant(api)).token(["admin"]);
  const make = (scopes: string[]) => api.call("POST", "/v1/tokens", { token, body: { name: "x", scopes } });
  expect((await make(["read", "billing"])).body).toMatchObject({ status: 403, code: "token.scope", scope: "billing" });
  expect((await make(["admin"])).status).toBe(201);
});

test("no token outlives the one it was made with", async () => {
  const tenant = await testTenant(api);
  const parent = await tenant.token(["admin"], { days: 2 });
  const { body } = await api.call("POST", "/v1/tokens", { token: parent, body: { name: "x", scopes: ["read"], days: 300 } });
  expect(Date.parse(body.expiresAt) - api.clock.now().getTime()).toBe(2 * 86_400_000);
});

covers("createToken", "auth.proof", "a session or token whose person proved nothing lately makes none", async () => {
  const tenant = await testTenant(api);
  const credentials = [{ session: await api.signIn(tenant.user.email) }, { token: await tenant.token() }];
  await api.clock.advance(901);
  for (const credential of credentials)
    expect((await api.call("POST", "/v1/tokens", { ...credential, body: { name: "x", scopes: ["read"] } })).body.code).toBe(
      "auth.proof",
    );
  expect((await tenant.account()).closingAt).toBeUndefined();
});

test("every token made is told to its owner by mail, with who made it and what it may", async () => {
  const tenant = await testTenant(api);
  const session = await api.signIn(tenant.user.email);
  await api.call("POST", "/v1/tokens", { session, body: { name: "ci \u202e\u0007 runner", scopes: ["read", "read"] } });
  expect(api.mails().filter((each) => each.to === tenant.user.email && each.template === "token-created")).toEqual([
    expect.objectContaining({ data: expect.objectContaining({ name: "ci runner", scopes: "read", by: "you" }) }),
  ]);
});

test("a token's name is one that can be seen: what shows nothing is taken out, and nothing else is no name", async () => {
  const tenant = await testTenant(api);
  const session = await api.signIn(tenant.user.email);
  const named = (name: string) => api.call("POST", "/v1/tokens", { session, body: { name, scopes: ["read"] } });
  for (const name of [
    "\u3164",
    "\u2800 ",
    "\u{e0041}",
    "\ufe0f",
    "\u115f",
    "\u034f",
    "\ud800",
    "\u180e",
    "\u0301",
    "\u200b\u00a0",
  ])
    expect((await named(name)).body, JSON.stringify(name)).toMatchObject({ status: 422, code: "input.invalid" });
  expect((await named("a\u{e0001}b\ud800c \u3164 d")).body.name).toBe("a b c d");
  for (const name of ["deploy ❤️", "клю́ч", "鍵 (CI)", "ناشر", "%"]) expect((await named(name)).body.name).toBe(name);
});

covers("createToken", "token.too_many", "the hundred and first token is refused, and no list hides one", async () => {
  const tenant = await testTenant(api);
  const session = await api.signIn(tenant.user.email);
  const create = () => api.call("POST", "/v1/tokens", { session, body: { name: "n".repeat(80), scopes: ["read"] } });
  for (let i = 0; i < 100; i++) expect((await create()).status).toBe(201);
  expect((await create()).body).toMatchObject({ status: 409, code: "token.too_many" });
  const seen: string[] = [];
  for (let next: string | null = ""; next !== null; ) {
    const { body } = await api.call("GET", `/v1/tokens?limit=30${next && `&cursor=${next}`}`, { session });
    seen.push(...body.items.map(({ id }: { id: string }) => id));
    next = body.next;
  }
  expect(new Set(seen).size).toBe(100);
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
  for (const cursor of ["NaN", "0000-01-01T00:00:00.000Z", "9999-99-99T00:00:00.000Z%23aud_1"])
    expect((await api.call("GET", `/v1/audit?cursor=${cursor}`, { token })).body).toMatchObject({ code: "input.invalid" });
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
