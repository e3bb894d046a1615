import { listAudit } from "@berth/domain/audit/audit.ts";
import { removeApp } from "@berth/domain/deployment/remove.ts";
import { sweep } from "@berth/domain/engine/sweep.ts";
import { get, list } from "@berth/domain/query.ts";
import { releaseKey } from "@berth/domain/release/release.ts";
import { key, putOne } from "@berth/domain/table.ts";
import { expect, test } from "vitest";
import { type TestTenant, testTenant } from "../support/tenant.ts";
import { api, useApi } from "./added.ts";
import { covers } from "./covers.ts";
import { refusedIn } from "./entitled.ts";
import { CANARY, listed, path, ready, reveal, set } from "./setting.ts";

useApi();

const values = async ({ ctx }: TestTenant) =>
  (await list(ctx, { pk: key(ctx, "").pk, prefix: "VALUE#", limit: 1000, consistent: true })).rows.map(({ sk }) =>
    String(sk).split("#").slice(2).join(" "),
  );

covers("setVariables", "200", "a value is sealed: no answer, row or audit line has it, and only its name is told", async () => {
  const { tenant, token } = await ready();
  const answer = await set(token, { DB_PASSWORD: CANARY });
  expect(answer.body.items).toMatchObject([{ name: "DB_PASSWORD", kind: "secret", namespace: "default", version: 1 }]);
  await set(token, { LEVEL: "canary-level" }, { kind: "variable", namespace: "extra" });
  expect(await listed(token)).toMatchObject([
    { name: "DB_PASSWORD", kind: "secret" },
    { name: "LEVEL", kind: "variable", namespace: "extra", version: 2 },
  ]);
  const { items } = await listAudit(tenant.ctx, { limit: 20 });
  expect(items).toContainEqual(
    expect.objectContaining({ action: "secret.set", subject: "shop/production", detail: "DB_PASSWORD, version 1" }),
  );
  expect(items).toContainEqual(expect.objectContaining({ action: "variable.set", detail: "extra: LEVEL, version 2" }));
  for (const text of [api.dump(), answer.text, JSON.stringify(items)]) {
    expect(text).not.toMatch(/canary-(7c1d|level)/);
    expect(text).not.toContain(Buffer.from(CANARY).toString("base64").slice(0, 12));
  }
});

test("the same twice, and two at once, are versions of their own, and the last one counts", async () => {
  const { token } = await ready();
  for (const value of ["first", "first"]) expect((await set(token, { A: value })).status).toBe(200);
  const answers = await Promise.all([1, 2, 3, 4].map((i) => set(token, { A: `value ${i}`, [`B${i}`]: "b" })));
  expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
  expect(await listed(token)).toHaveLength(5);
  const last = answers.findIndex(({ body }) => body.items[0].version === 6);
  expect((await reveal(token, "A")).body).toMatchObject({ version: 6, value: `value ${last + 1}` });
  expect((await reveal(token, "A", { version: 1, reason: "an old one" })).body.value).toBe("first");
});

test("a name is one that Compose knows and not ours, a value has no NUL, and forty are set at once", async () => {
  const { token } = await ready();
  for (const name of ["", "1A", "a-b", "a.b", "A B", "A=B", "ä", "BERTH_APP", "berth_x", "__proto__", "x".repeat(101)])
    expect((await set(token, { [name]: "value" })).body.code, name).toBe("input.invalid");
  for (const name of ["_", "a", "A_1", "constructor", "__proto__x"])
    expect((await set(token, { [name]: "value" })).status).toBe(200);
  for (const value of ["nul\0nul", "x".repeat(32 * 1024 + 1), 1, null])
    expect((await set(token, { A: value })).body.code).toBe("input.invalid");
  expect((await set(token, {})).body.code).toBe("input.invalid");
  const many = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, i) => [`A${i}`, "a"]));
  expect((await set(token, many(41))).body.code).toBe("input.invalid");
  expect((await set(token, many(40))).status).toBe(200);
  expect((await reveal(token, "constructor")).body.value).toBe("value");
});

covers("setVariables", "variable.kind", "a name is a secret or a variable until it is unset, in its namespace", async () => {
  const { token } = await ready();
  await set(token, { A: "value" });
  expect((await set(token, { B: "b", A: "value" }, { kind: "variable" })).body).toMatchObject({
    code: "variable.kind",
    detail: '"A" is a secret.',
  });
  expect(await listed(token)).toHaveLength(1);
  expect((await set(token, { A: "value" }, { kind: "variable", namespace: "other" })).status).toBe(200);
  await api.call("DELETE", `${path}/A`, { token });
  expect((await set(token, { A: "value" }, { kind: "variable" })).status).toBe(200);
});

covers("setVariables", "variable.too_many", "names and bytes have an end, and what is there can still be replaced", async () => {
  const { token } = await ready();
  const some = (from: number) => Object.fromEntries(Array.from({ length: 40 }, (_, i) => [`A${from + i}`, "a"]));
  for (const from of [0, 40, 80, 120, 160]) expect((await set(token, some(from))).status).toBe(200);
  expect((await set(token, { ONE_MORE: "a" })).body.code).toBe("variable.too_many");
  expect((await set(token, { A7: "another" })).status).toBe(200);
  const large = Object.fromEntries(Array.from({ length: 9 }, (_, i) => [`L${i}`, "x".repeat(32 * 1024)]));
  const more = { environment: "staging" };
  expect((await set(token, large, more)).body.code).toBe("variable.too_many");
  const { L0: _, ...fits } = large;
  expect((await set(token, fits, more)).status).toBe(200);
  expect((await set(token, { L1: "small" }, more)).status).toBe(200);
});

covers("setVariables", "environment.too_many", "an app has them in twenty environments", async () => {
  const { token } = await ready();
  for (let i = 0; i < 20; i++) expect((await set(token, { A: "a" }, { environment: `e${i}` })).status).toBe(200);
  expect((await set(token, { A: "a" }, { environment: "one-more" })).body.code).toBe("environment.too_many");
  expect((await set(token, { A: "b" }, { environment: "e7" })).status).toBe(200);
});

covers("setVariables", "app.not_found", "only the tenant's own app has any, and a token of another app sees none", async () => {
  const { tenant, token } = await ready();
  await set(token, { A: "value" });
  const others = await (await testTenant(api)).token();
  expect((await set(others, { A: "value" })).body.code).toBe("app.not_found");
  await tenant.app("other");
  const narrow = await tenant.token(["deploy"], { app: "other" });
  expect((await set(narrow, { A: "value" })).body.code).toBe("token.scope");
  expect((await api.call("GET", path, { token: narrow })).body.code).toBe("app.not_found");
});

const ask = async (tenant: TestTenant) => set(await tenant.token(), { A: "value" });
covers("setVariables", "billing.required", "needs a plan", () => refusedIn(api, "none", ask));
covers("setVariables", "billing.grace", "is paused in grace", () => refusedIn(api, "grace", ask));
covers("setVariables", "billing.restricted", "is off when the bill stays unpaid", () => refusedIn(api, "restricted", ask));
covers("setVariables", "billing.hold", "is off while a payment is disputed", () => refusedIn(api, "hold", ask));
const drop = async (tenant: TestTenant) => api.call("DELETE", `${path}/A`, { token: await tenant.token() });
covers("unsetVariable", "billing.required", "needs a plan", () => refusedIn(api, "none", drop));
covers("unsetVariable", "billing.grace", "is paused in grace", () => refusedIn(api, "grace", drop));
covers("unsetVariable", "billing.restricted", "is off when the bill stays unpaid", () => refusedIn(api, "restricted", drop));
covers("unsetVariable", "billing.hold", "is off while a payment is disputed", () => refusedIn(api, "hold", drop));

covers("listVariables", "200", "lists those of one environment by namespace and name", async () => {
  const { token } = await ready();
  await set(token, { B: "b", A: "a" });
  await set(token, { C: "c" }, { environment: "staging" });
  await set(token, { A: "a" }, { namespace: "eu" });
  const names = (items: { name: string; namespace: string }[]) => items.map(({ name, namespace }) => `${namespace} ${name}`);
  expect(names(await listed(token))).toEqual(["default A", "default B", "eu A"]);
  expect(names(await listed(token, "?environment=staging"))).toEqual(["default C"]);
  expect(names(await listed(token, "?environment=other"))).toEqual([]);
});

covers("listVariables", "app.not_found", "those of another tenant's app are not found", async () => {
  await ready();
  const others = await (await testTenant(api)).token();
  expect((await api.call("GET", path, { token: others })).body.code).toBe("app.not_found");
});

covers("unsetVariable", "204", "its values are erased with it, and its numbers are not used again", async () => {
  const { tenant, token } = await ready();
  await set(token, { A: "one", B: "b" });
  await set(token, { A: "two" });
  expect((await api.call("DELETE", `${path}/A`, { token })).status).toBe(204);
  expect(await values(tenant)).toEqual(["production default B 00000001"]);
  expect((await set(token, { A: "three" })).body.items).toMatchObject([{ version: 4 }]);
  expect((await reveal(token, "A", { version: 2, reason: "is it gone" })).body.code).toBe("variable.not_found");
});

covers("unsetVariable", "variable.not_found", "one that is not set, or no longer, is not found", async () => {
  const { token } = await ready();
  await set(token, { A: "a" });
  const unset = (name: string) => api.call("DELETE", `${path}/${name}`, { token });
  for (const name of ["B", "constructor", "__proto__"]) expect((await unset(name)).body.code, name).toBe("variable.not_found");
  expect((await Promise.all([unset("A"), unset("A")])).map(({ status }) => status).sort()).toEqual([204, 404]);
});

covers("unsetVariable", "app.not_found", "another tenant's is not found", async () => {
  await ready();
  const others = await (await testTenant(api)).token();
  expect((await api.call("DELETE", `${path}/A`, { token: others })).body.code).toBe("app.not_found");
});

test("of a name the last ten versions are kept, and those that a release names to which one can go back", async () => {
  const { tenant, token } = await ready();
  await set(token, { A: "old", B: "b" });
  await tenant.work(await tenant.deploy("shop"));
  const at = releaseKey(tenant.ctx, (await api.call("GET", "/v1/apps/shop", { token })).body.id, "production", 1);
  const release = (await get(tenant.ctx, at)) ?? {};
  expect(release.variables).toMatchObject([
    { name: "A", version: 1 },
    { name: "B", version: 1 },
  ]);
  for (let i = 2; i <= 14; i++) await set(token, { A: `value ${i}` });
  expect(await values(tenant)).toEqual([
    ...[1, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14].map((version) => `production default A ${String(version).padStart(8, "0")}`),
    "production default B 00000001",
  ]);
  await api.call("DELETE", `${path}/A`, { token });
  expect(await values(tenant)).toEqual(["production default A 00000001", "production default B 00000001"]);
  await putOne(tenant.ctx, at, { ...release, variables: [] });
  await set(token, { C: "c" });
  expect(await values(tenant)).toEqual(["production default B 00000001", "production default C 00000016"]);
});

covers("getVariableHistory", "200", "says who changed it when, the newest first", async () => {
  const { token } = await ready();
  await set(token, { A: "one", B: "b" });
  await set(token, { A: "two" });
  const { body } = await api.call("GET", `${path}/A/history`, { token });
  expect(body).toMatchObject({ name: "A", kind: "secret", version: 2 });
  expect(body.versions.map(({ version }: { version: number }) => version)).toEqual([2, 1]);
  expect(body.versions[0].by).toMatchObject({ kind: "token" });
});

covers("getVariableHistory", "variable.not_found", "one that is not set is not found", async () => {
  const { token } = await ready();
  expect((await api.call("GET", `${path}/A/history`, { token })).body.code).toBe("variable.not_found");
});

covers("getVariableHistory", "app.not_found", "another tenant's is not found", async () => {
  await ready();
  const others = await (await testTenant(api)).token();
  expect((await api.call("GET", `${path}/A/history`, { token: others })).body.code).toBe("app.not_found");
});

test("a removal leaves none, and one that is made again starts without", async () => {
  const { tenant, token } = await ready();
  await tenant.work(await tenant.deploy("shop"));
  await tenant.work(await tenant.deploy("shop", { environment: "staging" }));
  for (const environment of ["production", "staging", "never"]) await set(token, { A: "a" }, { environment });
  const gone = await removeApp(tenant.ctx, { app: "shop", environment: "staging", volumes: "keep" });
  await tenant.work(gone ?? { id: "" });
  expect(await values(tenant)).toEqual(["never default A 00000001", "production default A 00000001"]);
  expect(await listed(token, "?environment=staging")).toEqual([]);
  await set(token, { A: "again" }, { environment: "staging" });
  expect((await reveal(token, "A", { environment: "staging", reason: "again" })).body.value).toBe("again");
  await tenant.work((await removeApp(tenant.ctx, { app: "shop", volumes: "keep" })) ?? { id: "" });
  await sweep(api.world);
  const { rows } = await list(tenant.ctx, { pk: key(tenant.ctx, "").pk, prefix: "VA", limit: 99, consistent: true });
  expect(rows).toEqual([]);
});
