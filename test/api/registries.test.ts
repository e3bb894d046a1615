import { listAudit } from "@berth/domain/audit/audit.ts";
import type { Login } from "@berth/domain/remote/remote.ts";
import { expect, test } from "vitest";
import { failed, lost, scriptedReach } from "../support/reach.ts";
import { COMPOSE, type TestTenant, testTenant } from "../support/tenant.ts";
import { api, useApi } from "./added.ts";
import { covers } from "./covers.ts";
import { refusedIn } from "./entitled.ts";
import { between } from "./overtaken.ts";

useApi();

const PASSWORD = "canary-4f1e$\"'\\ü";
const body = { host: "ghcr.io", user: "mona", password: PASSWORD };
const add = (token: string, more = {}) => api.call("POST", "/v1/registries", { token, body: { ...body, ...more } });
const list = async (token: string) => (await api.call("GET", "/v1/registries", { token })).body.items;

async function stored() {
  const tenant = await testTenant(api);
  await tenant.target();
  const token = await tenant.token();
  expect((await add(token)).status).toBe(201);
  return { tenant, token };
}
const check = (token: string, more = {}, headers = {}) =>
  api.call("POST", "/v1/registries/ghcr.io/check", { token, body: more, headers });

covers("addRegistry", "201", "the password is sealed: no answer, row or audit line has it", async () => {
  const { tenant, token } = await stored();
  expect(await list(token)).toEqual([{ host: "ghcr.io", user: "mona", by: expect.anything(), addedAt: expect.any(String) }]);
  const { items } = await listAudit(tenant.ctx, { limit: 20 });
  expect(items).toContainEqual(expect.objectContaining({ action: "registry.add", subject: "ghcr.io", detail: "mona" }));
  expect(api.dump()).not.toContain("canary-4f1e");
  expect(api.dump()).not.toContain(Buffer.from(PASSWORD).toString("base64").slice(0, 12));
});

covers("addRegistry", "201", "another login for the same registry takes the place of the one before", async () => {
  const { tenant, token } = await stored();
  await api.clock.advance(1);
  expect((await add(token, { user: "lisa", password: "another" })).body).toMatchObject({ user: "lisa" });
  expect(await list(token)).toMatchObject([{ host: "ghcr.io", user: "lisa" }]);
  await tenant.app();
  expect((await logins(tenant, "ghcr.io/a/b:1")).map(({ user, password }) => [user, password])).toEqual([["lisa", "another"]]);
});

test("a registry is named as images name it, a user has no colon, and a password can be told from other text", async () => {
  const token = await (await testTenant(api)).token();
  for (const host of ["docker.io", "localhost", "localhost:5000", "r.example:443", "123.dkr.ecr.eu-west-1.amazonaws.com"])
    expect((await add(token, { host })).status, host).toBe(201);
  for (const host of [
    "",
    "ghcr",
    "https://ghcr.io",
    "ghcr.io/mona",
    "GHCR.IO",
    "-a.b",
    "a.b-",
    "a.b:0",
    "a b.c",
    "a.b\n",
    `${"a".repeat(300)}.b`,
  ])
    expect((await add(token, { host })).body.code, host).toBe("input.invalid");
  for (const user of ["", "a:b", "a b", "a\tb", "ü", "x".repeat(256)])
    expect((await add(token, { user })).body.code, user).toBe("input.invalid");
  for (const password of ["", "short", "new\nline", "nul\0nul", "x".repeat(4097)]) {
    const answer = await add(token, { password });
    expect(answer.body.code).toBe("input.invalid");
    if (password.length > 5) expect(answer.text).not.toContain(password);
  }
});

const ask = async (tenant: TestTenant) => add(await tenant.token());
covers("addRegistry", "billing.required", "needs a plan", () => refusedIn(api, "none", ask));
covers("addRegistry", "billing.grace", "is paused in grace, with the date", () => refusedIn(api, "grace", ask));
covers("addRegistry", "billing.restricted", "is off when the bill stays unpaid", () => refusedIn(api, "restricted", ask));
covers("addRegistry", "billing.hold", "is off while a payment is disputed", () => refusedIn(api, "hold", ask));

test("of many at once for one registry one is kept, and its password fits its user", async () => {
  const { tenant, token } = await stored();
  const users = ["a", "b", "c", "d"];
  const answers = await Promise.all(users.map((user) => add(token, { user, password: `password-${user}` })));
  expect(answers.map(({ status }) => status)).toEqual([201, 201, 201, 201]);
  const [kept] = await list(token);
  await tenant.app();
  expect(await logins(tenant, "ghcr.io/a:1")).toMatchObject([{ user: kept.user, password: `password-${kept.user}` }]);
});

covers("listRegistries", "200", "shows nobody another tenant's, and a token of one app which are there", async () => {
  const { token } = await stored();
  expect(await list(await (await testTenant(api)).token())).toEqual([]);
  expect(await list(token)).toHaveLength(1);
});

covers("removeRegistry", "204", "it is forgotten, and deploys no longer have it", async () => {
  const { tenant, token } = await stored();
  expect((await api.call("DELETE", "/v1/registries/ghcr.io", { token })).status).toBe(204);
  expect(await list(token)).toEqual([]);
  await tenant.app();
  expect(await logins(tenant, "ghcr.io/a:1")).toEqual([]);
});

covers("removeRegistry", "registry.not_found", "one that is not there, or no longer, is not found", async () => {
  const { token } = await stored();
  const remove = (host: string) => api.call("DELETE", `/v1/registries/${host}`, { token });
  expect((await remove("quay.io")).body.code).toBe("registry.not_found");
  expect((await Promise.all([remove("ghcr.io"), remove("ghcr.io")])).map(({ status }) => status).sort()).toEqual([204, 404]);
});

covers("checkRegistry", "202", "every confirmed server asks the registry, and how that went stays with the login", async () => {
  const { tenant, token } = await stored();
  await tenant.target("web2");
  const reach = scriptedReach();
  const { body: job } = await check(token);
  expect(await tenant.work(job, reach)).toMatchObject({ kind: "registry.check", status: "succeeded" });
  expect(reach.runs).toMatchObject(
    Array(2).fill({ op: "login", logins: [{ registry: "ghcr.io", user: "mona", password: PASSWORD }] }),
  );
  expect(await list(token)).toMatchObject([{ checkedAt: expect.any(String) }]);
  const { body: again } = await check(token, { targets: ["web2"] });
  reach.next(() =>
    failed({ class: "registry.denied", message: `denied: ${PASSWORD} and ${Buffer.from(PASSWORD).toString("base64")}` }),
  );
  const after = await tenant.work(again, reach);
  expect(after).toMatchObject({
    status: "failed",
    failure: {
      class: "registry.denied",
      message: "ghcr.io refused the login of mona\ndenied: [secret] and [secret]",
      remedy: expect.stringContaining("berth registry add ghcr.io --user mona"),
    },
  });
  expect(await list(token)).toMatchObject([{ problem: { class: "registry.denied", target: "web2" } }]);
  const { items } = await listAudit(tenant.ctx, { limit: 20 });
  expect(items).toContainEqual(expect.objectContaining({ action: "registry.checked", subject: "ghcr.io", result: "failed" }));
  expect(api.dump()).not.toContain("canary-4f1e");
});

test("a check that could not reach the server says that, and one of a login that was replaced says nothing of the new one", async () => {
  const { tenant, token } = await stored();
  const reach = scriptedReach();
  reach.next(lost("unreachable"));
  expect(await tenant.work((await check(token)).body, reach)).toMatchObject({ failure: { class: "unreachable" } });
  const { body: job } = await check(token);
  await api.clock.advance(1);
  await add(token, { user: "lisa" });
  expect(await tenant.work(job, reach)).toMatchObject({ failure: { class: "registry.removed" } });
  expect((await list(token))[0]).not.toHaveProperty("checkedAt");
});

covers("checkRegistry", "registry.not_found", "there is nothing to check without a login", async () => {
  const token = await (await testTenant(api)).token();
  expect((await check(token)).body.code).toBe("registry.not_found");
});

covers("checkRegistry", "registry.no_target", "somebody without a server is told that servers ask", async () => {
  const token = await (await testTenant(api)).token();
  await add(token);
  expect((await check(token)).body).toMatchObject({ status: 409, code: "registry.no_target" });
});

covers("checkRegistry", "target.not_found", "a server that is not there is not found", async () => {
  const { token } = await stored();
  expect((await check(token, { targets: ["nowhere"] })).body.code).toBe("target.not_found");
});

covers("checkRegistry", "target.untrusted", "a server whose host key nobody confirmed is sent no login", async () => {
  const { token } = await stored();
  await api.call("POST", "/v1/targets", { token, body: { name: "new", host: "127.0.0.1" } });
  expect((await check(token, { targets: ["new"] })).body.code).toBe("target.untrusted");
  const { body: job } = await check(token);
  expect(Object.values(job.rollouts).map((rollout) => (rollout as { name: string }).name)).toEqual(["web1"]);
});

covers("checkRegistry", "rate.limited", "nobody tries passwords through the servers", async () => {
  const { token } = await stored();
  const answers = [];
  for (let i = 0; i < 31; i++) answers.push((await check(token)).status);
  expect(answers).toContain(429);
  expect((await check(token)).body.code).toBe("rate.limited");
});

covers("checkRegistry", "idempotency.mismatch", "a key used for another check is refused", async () => {
  const { token } = await stored();
  const headers = { "idempotency-key": "k" };
  const first = await check(token, {}, headers);
  expect((await check(token, {}, headers)).body).toEqual(first.body);
  expect((await check(token, { targets: ["web1"] }, headers)).body.code).toBe("idempotency.mismatch");
});

covers("checkRegistry", "idempotency.busy", "of two at once with one key one checks", async () => {
  const { token } = await stored();
  const answers = await Promise.all([1, 2].map(() => check(token, {}, { "idempotency-key": "k" })));
  expect(answers.map(({ status }) => status).sort()).toEqual([202, 409]);
});

test("a login that is removed while another takes its place leaves the other", async () => {
  const { token } = await stored();
  await between(
    api,
    () => add(token, { user: "lisa" }),
    () => api.call("DELETE", "/v1/registries/quay.io", { token }),
  );
  expect(await list(token)).toMatchObject([{ user: "lisa" }]);
});

test("a release that is built has every login, since only Dockerfiles name what it is built from; a rollback to it, which builds nothing, has not", async () => {
  const { tenant, token } = await stored();
  await add(token, { host: "quay.io" });
  await tenant.app();
  const built = COMPOSE.replace(/image: \S+/, "build: https://git.example/shop.git");
  expect((await loginsOf(tenant, { compose: built })).map(({ registry }) => registry).sort()).toEqual(["ghcr.io", "quay.io"]);
  expect(await logins(tenant, "docker.io/library/page:1")).toEqual([]);
  const reach = scriptedReach();
  await tenant.work((await api.call("POST", "/v1/apps/shop/rollback", { token, body: { release: 1 } })).body, reach);
  expect(reach.runs).toMatchObject([{ op: "deploy", logins: [] }]);
});

/** What a deploy of that image is given. */
const logins = (tenant: TestTenant, image: string) =>
  loginsOf(tenant, { compose: COMPOSE.replace(/image: \S+/, `image: ${image}`) });

async function loginsOf(tenant: TestTenant, bundle: { compose: string }): Promise<readonly Login[]> {
  const reach = scriptedReach();
  await tenant.work(await tenant.deploy("shop", bundle), reach);
  return reach.runs[0]?.logins ?? [];
}
