import { expect } from "vitest";
import { testApi } from "../support/api.ts";
import { HOST_KEY } from "../support/reach.ts";
import { testTenant } from "../support/tenant.ts";
import { added, api, body, useApi } from "./added.ts";
import { covers } from "./covers.ts";
import { refusedIn } from "./entitled.ts";

useApi();

covers("listTargets", "200", "lists the tenant's servers without anything of their keys but the public one", async () => {
  const { token } = await added();
  const answer = await api.call("GET", "/v1/targets", { token });
  expect(answer.body.items).toHaveLength(1);
  expect(answer.text).not.toMatch(/privateKey|fence|lease/);
});

covers("addTarget", "201", "gives a key made for this server alone and looks at the server's own", async () => {
  const { tenant, token, target, job } = await added();
  expect(target).toMatchObject({ name: "web1", user: "deploy", port: 22, status: "untrusted" });
  expect(target.publicKey).toMatch(/^ssh-ed25519 /);
  await tenant.work(job);
  expect((await api.call("GET", "/v1/targets/web1", { token })).body).toMatchObject({ status: "untrusted", shownKey: HOST_KEY });
  expect(api.dump()).not.toContain("OPENSSH PRIVATE KEY");
});

covers("addTarget", "201", "takes every user name that useradd takes, and no other", async () => {
  const token = await (await testTenant(api, { plan: "studio" })).token();
  const ask = (user: string, index: number) =>
    api.call("POST", "/v1/targets", { token, body: { ...body, name: `u${index}`, user } });
  for (const [index, user] of ["first.last", "MACHINE-7$", "_apt", "A1", "x".repeat(32)].entries())
    expect((await ask(user, index)).body.target?.user).toBe(user);
  for (const user of ["", "-o", ".a", "1000", "a b", "a;b", "a$b", "$(id)", "x".repeat(33)])
    expect((await ask(user, 99)).status).toBe(422);
});

covers("addTarget", "target.exists", "a name can be given once, and what was refused left nothing behind", async () => {
  const { tenant, token } = await added();
  expect((await api.call("POST", "/v1/targets", { token, body })).body).toMatchObject({ status: 409, code: "target.exists" });
  expect(await tenant.account()).toMatchObject({ targets: 1 });
});

covers("addTarget", "target.address", "a name that leads nowhere, or where it may not, is refused", async () => {
  const strict = testApi({ over: { privateTargets: false } });
  const token = await (await testTenant(strict)).token();
  for (const host of ["127.0.0.1", "169.254.169.254", "0x7f.1", "2852039166", "[::1]", "10.0.0.8"])
    expect((await strict.call("POST", "/v1/targets", { token, body: { ...body, host } })).body.code).toBe("target.address");
  strict.close();
});

covers(
  "addTarget",
  "billing.targets_full",
  "of many at once the plan's number is added, and the others are told the limit",
  async () => {
    const tenant = await testTenant(api, { plan: "solo" });
    const token = await tenant.token();
    const ask = (name: string) => api.call("POST", "/v1/targets", { token, body: { ...body, name } });
    const answers = await Promise.all(["a", "b", "c", "d"].map(ask));
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 201, 402, 402]);
    expect(answers.find(({ status }) => status === 402)?.body).toMatchObject({ code: "billing.targets_full", plan: "solo" });
  },
);

const ask = (tenant: { token(): Promise<string> }) => async () =>
  api.call("POST", "/v1/targets", { token: await tenant.token(), body: { ...body, name: "other" } });
covers("addTarget", "billing.required", "needs a plan", () => refusedIn(api, "none", (tenant) => ask(tenant)()));
covers("addTarget", "billing.grace", "is paused in grace, with the date", () =>
  refusedIn(api, "grace", (tenant) => ask(tenant)()),
);
covers("addTarget", "billing.restricted", "is off when the bill stays unpaid", () =>
  refusedIn(api, "restricted", (tenant) => ask(tenant)()),
);
covers("addTarget", "billing.hold", "is off while a payment is disputed", () =>
  refusedIn(api, "hold", (tenant) => ask(tenant)()),
);

covers("addTarget", "idempotency.mismatch", "a key used for another server is refused", async () => {
  const token = await (await testTenant(api)).token();
  const headers = { "idempotency-key": "k" };
  const first = await api.call("POST", "/v1/targets", { token, body, headers });
  expect((await api.call("POST", "/v1/targets", { token, body, headers })).body).toEqual(first.body);
  expect((await api.call("POST", "/v1/targets", { token, body: { ...body, name: "x" }, headers })).body.code).toBe(
    "idempotency.mismatch",
  );
});

covers("addTarget", "idempotency.busy", "of two at once with one key one adds it", async () => {
  const token = await (await testTenant(api)).token();
  const once = () => api.call("POST", "/v1/targets", { token, body, headers: { "idempotency-key": "k" } });
  const answers = await Promise.all([once(), once()]);
  const refused = answers.find(({ status }) => status !== 201)?.body.code;
  expect(["idempotency.busy", "target.exists"]).toContain(refused);
  expect((await api.call("GET", "/v1/targets", { token })).body.items).toHaveLength(1);
});

covers("getTarget", "200", "is found by name and by id", async () => {
  const { token, target } = await added();
  const byName = await api.call("GET", "/v1/targets/web1", { token });
  expect((await api.call("GET", `/v1/targets/${target.id}`, { token })).body).toEqual(byName.body);
});

covers("getTarget", "target.not_found", "one that is not there is not found, by name and by id", async () => {
  const { token } = await added();
  for (const name of ["nowhere", "tgt_01JAAAAAAAAAAAAAAAAAAAAAAA"])
    expect((await api.call("GET", `/v1/targets/${name}`, { token })).body.code).toBe("target.not_found");
});

covers("addTarget", "rate.limited", "nobody searches a network by adding one address after the other", async () => {
  const token = await (await testTenant(api)).token();
  const add = (host: string) => api.call("POST", "/v1/targets", { token, body: { ...body, host } });
  for (let i = 0; i < 30; i++) expect((await add(`no-such-host-${i}.invalid`)).body.code).toBe("target.address");
  expect((await add("127.0.0.1")).body).toMatchObject({ status: 429, code: "rate.limited" });
});

covers("removeTarget", "204", "a server nothing is placed on is forgotten and its place in the plan is free", async () => {
  const { tenant, token } = await added();
  expect((await api.call("DELETE", "/v1/targets/web1", { token })).status).toBe(204);
  expect(await tenant.account()).toMatchObject({ targets: 0 });
});

covers("removeTarget", "target.in_use", "a server with an app on it stays, and the apps are named", async () => {
  const tenant = await testTenant(api);
  await tenant.target();
  await tenant.app();
  await tenant.deploy("shop");
  const answer = await api.call("DELETE", "/v1/targets/web1", { token: await tenant.token() });
  expect(answer.body).toMatchObject({ status: 409, code: "target.in_use", detail: expect.stringContaining("shop/production") });
});

covers("removeTarget", "target.not_found", "one that is not there is not found", async () => {
  const { token } = await added();
  expect((await api.call("DELETE", "/v1/targets/other", { token })).body.code).toBe("target.not_found");
});

const drop = async (tenant: { token(): Promise<string>; target(name: string): Promise<unknown> }) =>
  api.call("DELETE", "/v1/targets/web1", { token: await tenant.token() });
covers("removeTarget", "billing.required", "needs a plan", () => refusedIn(api, "none", drop));
covers("removeTarget", "billing.grace", "is paused in grace", () => refusedIn(api, "grace", drop));
covers("removeTarget", "billing.restricted", "is off when the bill stays unpaid", () => refusedIn(api, "restricted", drop));
covers("removeTarget", "billing.hold", "is off while a payment is disputed", () => refusedIn(api, "hold", drop));
