import { ADDONS_MOST } from "@berth/domain/addon/add.ts";
import { APPS_MOST } from "@berth/domain/app/create.ts";
import { SESSIONS_MOST } from "@berth/domain/auth/session.ts";
import { REGISTRIES_MOST } from "@berth/domain/registry/add.ts";
import { afterAll, expect, test } from "vitest";
import { testApi } from "../support/api.ts";
import { COMPOSE, type TestTenant, testTenant } from "../support/tenant.ts";
import { covers } from "./covers.ts";
import { routes } from "./worst/routes.ts";

const api = testApi();
afterAll(() => api.close());

/** What each verb leaves behind, and what bounds it. */
const bounded: Record<string, string> = {
  requestCode: "auth.test.ts: one code for an address in a browser, so many an hour",
  verifyCode: "sessions, here",
  logout: "nothing",
  requestProof: "auth.test.ts: one code for a credential, so many a day",
  giveProof: "nothing",
  startDevice: "device logins, here",
  finishDevice: "tokens, here",
  answerDevice: "nothing",
  createToken: "tokens, here",
  addDeployer: "deployers.test.ts: fifty",
  exchangeIdentity: "identity-exchange.test.ts: so many a deployer in 15 minutes, and what it makes ends by itself",
  startCheckout: "Stripe's, with one customer for a tenant",
  changePlan: "Stripe's, with one customer for a tenant",
  openPortal: "Stripe's, with one customer for a tenant",
  refreshBilling: "nothing",
  addTarget: "targets, here",
  checkTarget: "target-checks.test.ts: one job for a target, so many a minute",
  trustTarget: "target-checks.test.ts: one job for a target, so many a minute",
  useTarget: "nothing",
  labelTarget: "labels.test.ts: ten of a target",
  prepareTarget: "prepare.test.ts: so many a minute",
  bootstrapTarget: "bootstrap.test.ts: one job for a target, so many in ten minutes",
  addRegistry: "logins of registries, here",
  checkRegistry: "registries.test.ts: so many a minute",
  createApp: "apps, here",
  prepareArchives: "archives.test.ts: so many megabytes a day, kept for some days",
  createPlan: "plans.test.ts: so many a minute, each kept for a day",
  createDeployment: "environments, here; deployments.test.ts: a hundred waiting deploys",
  rollback: "rollback.test.ts: a hundred waiting deploys",
  startApp: "deployments.test.ts: a hundred waiting deploys",
  addAddon: "add-ons, here",
  setPolicy: "nothing",
  upgradeAddon: "addon-upgrade.test.ts: a hundred waiting deploys",
  applyVariables: "apply.test.ts: a hundred waiting deploys",
  revealVariable: "variables.test.ts: a line of the audit log, so many a minute",
  openLogs: "logs.test.ts: log.too_many at a time, so many a minute",
  cancelJob: "nothing",
  createImport: "apps and targets, here",
};

test("every verb that makes something has its ceiling named", () => {
  expect(
    routes
      .filter(({ method }) => method === "POST")
      .map(({ id }) => id)
      .sort(),
  ).toEqual(Object.keys(bounded).sort());
});

/** Asks for so many, one after the other, and answers the codes of those that were refused. */
async function refusals(
  count: number,
  ask: (i: number) => Promise<{ status: number; body: { code?: string } }>,
): Promise<string[]> {
  const refused: string[] = [];
  for (let i = 0; i < count; i++) {
    const { status, body } = await ask(i);
    if (status >= 400) refused.push(body.code ?? "");
  }
  return refused;
}

async function withApps(): Promise<{ tenant: TestTenant; token: string; refused: string[] }> {
  const tenant = await testTenant(api, { plan: "studio" });
  const token = await tenant.token();
  const refused = await refusals(APPS_MOST + 2, (i) => api.call("POST", "/v1/apps", { token, body: { name: `app${i}` } }));
  return { tenant, token, refused };
}

covers("createApp", "app.too_many", "apps that are not deployed have an end too", async () => {
  const { token, refused } = await withApps();
  expect(refused).toEqual(["app.too_many", "app.too_many"]);
  await api.call("DELETE", "/v1/apps/app7", { token });
  expect((await api.call("POST", "/v1/apps", { token, body: { name: "another" } })).status).toBe(201);
});

covers("createImport", "app.too_many", "an import makes no more than may be made by hand", async () => {
  const { token } = await withApps();
  const document = { format: "berth-self-hosted", version: 1, apps: [{ name: "imported", compose: COMPOSE }] };
  const { body } = await api.call("POST", "/v1/imports", { token, body: { document } });
  const applied = await api.call("POST", "/v1/imports", { token, body: { document, apply: true, plan: body.plan } });
  expect(applied.body).toMatchObject({ status: 409, code: "app.too_many" });
});

covers("createDeployment", "environment.too_many", "an app has twenty environments at most", async () => {
  const tenant = await testTenant(api, { plan: "studio" });
  await tenant.target();
  await tenant.app();
  const token = await tenant.token();
  const deploy = (environment: string) =>
    api.call("POST", "/v1/apps/shop/deployments", { token, body: { environment, bundle: { compose: COMPOSE } } });
  expect(await refusals(22, (i) => deploy(`e${i}`))).toEqual(["environment.too_many", "environment.too_many"]);
  // One that is there is deployed again as ever.
  await tenant.drain();
  expect((await deploy("e3")).status).toBe(202);
});

test("targets: as many as the plan has", async () => {
  const tenant = await testTenant(api, { plan: "solo" });
  const token = await tenant.token();
  const { targetLimit } = await tenant.account();
  const add = (i: number) => api.call("POST", "/v1/targets", { token, body: { name: `web${i}`, host: `127.0.0.${i + 1}` } });
  expect(await refusals(targetLimit + 2, add)).toEqual(["billing.targets_full", "billing.targets_full"]);
});

covers("addRegistry", "registry.too_many", "logins have an end, and one that is there can still be replaced", async () => {
  const token = await (await testTenant(api)).token();
  const add = (i: number) =>
    api.call("POST", "/v1/registries", { token, body: { host: `r${i}.example`, user: "mona", password: "secret" } });
  expect(await refusals(REGISTRIES_MOST + 2, add)).toEqual(["registry.too_many", "registry.too_many"]);
  expect((await add(0)).status).toBe(201);
});

covers(
  "addAddon",
  "addon.too_many",
  "an environment has ten add-ons, and twenty names with those whose data is kept",
  async () => {
    const tenant = await testTenant(api);
    await tenant.target();
    await tenant.app();
    const token = await tenant.token();
    const add = (i: number) => api.call("POST", "/v1/apps/shop/addons", { token, body: { kind: "redis", name: `r${i}` } });
    expect(await refusals(ADDONS_MOST + 2, add)).toEqual(["addon.too_many", "addon.too_many"]);
    await tenant.work(await tenant.deploy("shop"));
    for (let i = 0; i < ADDONS_MOST; i++) await api.call("DELETE", `/v1/apps/shop/addons/r${i}`, { token });
    expect(await refusals(ADDONS_MOST, (i) => add(100 + i))).toEqual([]);
    await tenant.work(await tenant.deploy("shop"));
    await api.call("DELETE", "/v1/apps/shop/addons/r100", { token });
    expect((await add(200)).body.code).toBe("addon.too_many");
    expect((await add(0)).status).toBe(201);
  },
);

test("tokens: a hundred, those of device logins with them", async () => {
  const tenant = await testTenant(api);
  const token = await tenant.token();
  const make = (i: number) => api.call("POST", "/v1/tokens", { token, body: { name: `t${i}`, scopes: ["read"] } });
  expect(await refusals(101, make)).toEqual(["token.too_many", "token.too_many"]);
});

test("sessions: past so many the oldest ends, and the newest is never refused", async () => {
  const email = "many@example.com";
  const first = await api.signIn(email);
  let last = first;
  for (let i = 0; i < SESSIONS_MOST + 1; i++) {
    await api.clock.advance(3600);
    last = await api.signIn(email);
  }
  expect((await api.call("GET", "/v1/me", { session: first })).status).toBe(401);
  const { body } = await api.call("GET", "/v1/sessions", { session: last });
  expect(body.items).toHaveLength(SESSIONS_MOST);
});

test("device logins: from one place so many at a time, and each is gone after its ten minutes", async () => {
  const start = () =>
    api.call("POST", "/v1/auth/device", { body: { client: "a program" }, headers: { "x-berth-source-ip": "198.51.100.9" } });
  expect(await refusals(25, start)).toHaveLength(5);
  const { body } = await start();
  expect(body.code).toBe("rate.limited");
  await api.clock.advance(900);
  expect((await start()).status).toBe(200);
});
