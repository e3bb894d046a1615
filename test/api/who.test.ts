import { afterAll, expect, test } from "vitest";
import { testApi } from "../support/api.ts";
import { COMPOSE, testTenant } from "../support/tenant.ts";
import { prove } from "./proved.ts";

const api = testApi();
afterAll(() => api.close());

test("people are shown by their address and tokens by their name, in jobs, releases and the audit, also after the token is gone", async () => {
  const tenant = await testTenant(api, { email: "ada@example.com" });
  await tenant.target();
  await tenant.app();
  const session = await api.signIn("ada@example.com");
  const made = await api.call("POST", "/v1/tokens", { session, body: { name: "berth on vm", scopes: ["admin"] } });
  const { secret: token, id } = made.body;
  expect(made.body).toMatchObject({ name: "berth on vm", email: "ada@example.com" });
  const by = { kind: "token", id, name: "berth on vm" };
  expect((await api.call("GET", "/v1/me", { token })).body).toMatchObject({ actor: by, email: "ada@example.com" });
  expect((await api.call("GET", "/v1/me", { session })).body).toMatchObject({
    actor: { kind: "user", id: tenant.user.id, name: "ada@example.com" },
    email: "ada@example.com",
  });

  const { body: job } = await api.call("POST", "/v1/apps/shop/deployments", { token, body: { bundle: { compose: COMPOSE } } });
  await tenant.work(job);
  await api.call("POST", "/v1/targets/web1/check", { token });
  expect((await api.call("DELETE", `/v1/tokens/${id}`, { session })).status).toBe(204);

  const get = async (path: string) => (await api.call("GET", `/v1${path}`, { session })).body;
  expect((await get(`/jobs/${job.id}`)).by).toEqual(by);
  expect((await get("/apps/shop/releases/1")).by).toEqual(by);
  const { items } = await get("/audit?limit=100");
  const line = (action: string) => items.find((each: { action: string }) => each.action === action);
  expect(line("deployment.create").actor).toEqual(by);
  expect(line("target.check")).toMatchObject({ actor: by, subjectName: "web1" });
  expect(line("token.create")).toMatchObject({ subject: id, subjectName: "berth on vm", actor: { name: "ada@example.com" } });
  expect(line("token.revoke")).toMatchObject({ subject: id, subjectName: "berth on vm" });
  expect(line("session.create")).toMatchObject({ subject: tenant.user.id, subjectName: "ada@example.com" });
  const unnamed = items.filter(
    ({ actor, subject, subjectName }: { actor: { kind: string; name?: string }; subject: string; subjectName?: string }) =>
      (actor.kind !== "system" && !actor.name) || (/^(usr|tok|tgt|ten)_/.test(subject) && !subjectName),
  );
  expect(unnamed).toEqual([]);
});

test("a token of a token, and one of a login on the command line, lead back to the person", async () => {
  const tenant = await testTenant(api, { email: "bob@example.com" });
  const first = (
    await api.call("POST", "/v1/tokens", {
      session: await api.signIn("bob@example.com"),
      body: { name: "one", scopes: ["admin"] },
    })
  ).body.secret;
  await prove(api, "bob@example.com", { token: first });
  const second = (await api.call("POST", "/v1/tokens", { token: first, body: { name: "two", scopes: ["read"] } })).body.secret;
  expect((await api.call("GET", "/v1/me", { token: second })).body).toMatchObject({
    actor: { name: "two" },
    email: "bob@example.com",
  });
  const device = (await api.call("POST", "/v1/auth/device", { body: { client: "berth on vm" } })).body;
  const session = await api.signIn("bob@example.com");
  await api.call("POST", `/v1/auth/device/${device.userCode}`, { session, body: { approve: true } });
  const { secret } = (await api.call("POST", "/v1/auth/device/token", { body: { deviceCode: device.deviceCode } })).body;
  expect((await api.call("GET", "/v1/me", { token: secret })).body).toMatchObject({
    tenant: tenant.id,
    actor: { kind: "token", name: "berth on vm" },
    email: "bob@example.com",
  });
});
