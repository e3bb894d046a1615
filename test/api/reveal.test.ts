import { listAudit } from "@berth/domain/audit/audit.ts";
import { list } from "@berth/domain/query.ts";
import { key, putOne } from "@berth/domain/table.ts";
import { expect, test } from "vitest";
import { type TestTenant, testTenant } from "../support/tenant.ts";
import { api, useApi } from "./added.ts";
import { covers } from "./covers.ts";
import { CANARY, path, ready, reveal, set } from "./setting.ts";

useApi();

covers("revealVariable", "200", "a secret is shown as it was set, once the audit log says who read it and why", async () => {
  const { tenant, token } = await ready();
  await set(token, { A: CANARY, EMPTY: "" });
  expect((await reveal(token, "A")).body).toMatchObject({ name: "A", kind: "secret", version: 1, value: CANARY });
  expect((await reveal(token, "EMPTY")).body.value).toBe("");
  const { items } = await listAudit(tenant.ctx, { limit: 20 });
  expect(items).toContainEqual(
    expect.objectContaining({ action: "secret.reveal", subject: "shop/production", detail: "A, version 1: to look at it" }),
  );
  expect(api.dump()).not.toContain("canary-7c1d");
});

covers(
  "revealVariable",
  "auth.proof",
  "a secret takes a reason and a proof of the last minutes; a variable takes neither",
  async () => {
    const { tenant, token } = await ready();
    await set(token, { A: CANARY });
    await set(token, { LEVEL: "debug" }, { kind: "variable" });
    expect((await reveal(token, "A", {})).body.code).toBe("input.invalid");
    const unproved = await tenant.token(["deploy"], { proved: false });
    const refused = await reveal(unproved, "A");
    expect(refused.body.code).toBe("auth.proof");
    expect(refused.text).not.toContain("canary");
    expect((await reveal(unproved, "LEVEL", {})).body.value).toBe("debug");
    await api.clock.advance(16 * 60);
    expect((await reveal(token, "A")).body.code).toBe("auth.proof");
    expect((await listAudit(tenant.ctx, { limit: 20 })).items.filter(({ action }) => action === "secret.reveal")).toEqual([]);
    expect((await reveal(await tenant.token(["read"]), "LEVEL", {})).body.code).toBe("token.scope");
  },
);

test("what was set as a secret is one, though its name is a variable's by now", async () => {
  const { tenant, token } = await ready();
  await set(token, { A: CANARY });
  await tenant.deploy("shop"); // its release names the version, which is kept
  await api.call("DELETE", `${path}/A`, { token });
  await set(token, { A: "debug" }, { kind: "variable" });
  const unproved = await tenant.token(["deploy"], { proved: false });
  expect((await reveal(unproved, "A", {})).body).toMatchObject({ kind: "variable", value: "debug" });
  expect((await reveal(unproved, "A", { version: 1 })).body.code).toBe("input.invalid");
  const refused = await reveal(unproved, "A", { version: 1, reason: "to look at it" });
  expect([refused.body.code, refused.text.includes("canary")]).toEqual(["auth.proof", false]);
  expect((await reveal(token, "A", { version: 1, reason: "to look at it" })).body).toMatchObject({
    kind: "secret",
    value: CANARY,
  });
});

covers("revealVariable", "variable.not_found", "one that is not set, and a version that is not kept, are not found", async () => {
  const { token } = await ready();
  await set(token, { A: "a" });
  expect((await reveal(token, "B")).body.code).toBe("variable.not_found");
  expect((await reveal(token, "A", { version: 2, reason: "none" })).body.code).toBe("variable.not_found");
});

covers("revealVariable", "app.not_found", "another tenant's is not found", async () => {
  await ready();
  expect((await reveal(await (await testTenant(api)).token(), "A")).body.code).toBe("app.not_found");
});

covers("revealVariable", "rate.limited", "so many a minute", async () => {
  const { token } = await ready();
  await set(token, { LEVEL: "debug" }, { kind: "variable" });
  for (let i = 0; i < 30; i++) expect((await reveal(token, "LEVEL", {})).status).toBe(200);
  expect((await reveal(token, "LEVEL", {})).body.code).toBe("rate.limited");
});

test("a value moved to another name, namespace, environment, app, version or tenant does not open", async () => {
  const { tenant, token } = await ready();
  await set(token, { A: CANARY, B: "b" });
  await set(token, { A: "two" });
  await set(token, { A: "other" }, { namespace: "other" });
  await set(token, { A: "other" }, { environment: "staging" });
  await tenant.app("second");
  await api.call("PUT", "/v1/apps/second/variables", { token, body: { kind: "secret", values: { A: "x" } } });
  const stranger = await ready();
  await set(stranger.token, { A: "x" });
  const rowsOf = async ({ ctx }: TestTenant) =>
    (await list(ctx, { pk: key(ctx, "").pk, prefix: "VALUE#", limit: 99, consistent: true })).rows;
  const own = await rowsOf(tenant);
  const { id } = (await api.call("GET", "/v1/apps/shop", { token })).body;
  const moved = own.find(({ sk }) => sk === `VALUE#${id}#production#default#A#00000001`) ?? {};
  const others = [...own, ...(await rowsOf(stranger.tenant))].filter((row) => row !== moved);
  for (const { pk, sk } of others) await putOne(api.world, { pk: String(pk), sk: String(sk) }, moved);
  const asked = [
    () => reveal(token, "B"),
    () => reveal(token, "A"),
    () => reveal(token, "A", { namespace: "other", reason: "a test" }),
    () => reveal(token, "A", { environment: "staging", reason: "a test" }),
    () => api.call("POST", "/v1/apps/second/variables/A/reveal", { token, body: { reason: "a test" } }),
    () => reveal(stranger.token, "A"),
  ];
  expect(others).toHaveLength(6);
  for (const each of asked) {
    const answer = await each();
    expect([answer.status, answer.text.includes("canary")]).toEqual([500, false]);
  }
  expect((await reveal(token, "A", { version: 1, reason: "its own place" })).body.value).toBe(CANARY);
});
