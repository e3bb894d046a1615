/** What deployments may have that reaches beyond their own containers and folder. */
import { expect, test } from "vitest";
import { packReport } from "../support/report.ts";
import { type TestTenant, testTenant } from "../support/tenant.ts";
import { covers } from "./covers.ts";
import { api, bundle, post, ready, useApi } from "./deploying.ts";
import { ask, deployed, one, reporting } from "./planning.ts";

useApi();

const path = "/v1/policy";
const set = (body: object) => async (tenant: TestTenant) => post(path, body)(tenant);
const get = async (tenant: TestTenant, app?: string) =>
  (await api.call("GET", `${path}${app ? `?app=${app}` : ""}`, { token: await tenant.token() })).body;
const mounts = await packReport({
  web: { image: "a:1", privileged: true, volumes: [{ type: "bind", source: "/etc", target: "/x" }] },
});
const deploymentsPath = "/v1/apps/shop/deployments";

covers("getPolicy", "200", "without a rule every access is told and nothing is refused", async () => {
  const { tenant } = await ready();
  const policy = await get(tenant);
  expect(policy).toMatchObject({ app: null, rules: {} });
  expect(Object.values(policy.effective)).toEqual(Array.from({ length: 6 }, () => "warn"));
  const job = await deployed(tenant, { bundle }, reporting(mounts));
  expect(job.status).toBe("succeeded");
  const { body } = await api.call("GET", `/v1/jobs/${job.id}/events`, { token: await tenant.token() });
  expect(body.items[0].text).toBe("creates web; has access: web privileged and web host-path");
});

covers("setPolicy", "200", "of the account's rule and the app's the stricter holds, and both are audited", async () => {
  const { tenant } = await ready();
  await set({ rules: { privileged: "deny", "host-path": "warn" } })(tenant);
  const answer = await set({
    app: "shop",
    rules: { privileged: "allow", "host-path": "allow", device: "ask", capability: "allow" },
  })(tenant);
  expect([answer.status, answer.body]).toMatchObject([
    200,
    {
      app: "shop",
      effective: { privileged: "deny", "host-path": "warn", device: "ask", capability: "allow", "docker.sock": "warn" },
    },
  ]);
  expect((await get(tenant)).effective).toMatchObject({ privileged: "deny", device: "warn" });
  const { body } = await api.call("GET", "/v1/audit", { token: await tenant.token() });
  const lines = body.items.filter(({ action }: { action: string }) => action === "policy.set");
  expect(lines.map(({ subject, detail }: { subject: string; detail: string }) => `${subject}: ${detail}`).sort()).toEqual([
    "account: privileged deny, host-path warn",
    "shop: privileged allow, host-path allow, device ask, capability allow",
  ]);
});

test("a denied access fails a deployment and a rollback before they do anything, whatever they allow; starting the live release again is not refused", async () => {
  const { tenant } = await ready();
  for (let i = 0; i < 2; i++) expect((await deployed(tenant, { bundle }, reporting(one))).status).toBe("succeeded");
  await set({ rules: { privileged: "deny" } })(tenant);
  for (const [at, body] of [
    [deploymentsPath, { bundle, allow: ["privileged"] }],
    ["/v1/apps/shop/rollback", { allow: ["privileged"] }],
  ] as const)
    expect(await deployed(tenant, body, reporting(mounts), at)).toMatchObject({
      status: "failed",
      failure: {
        class: "policy.denied",
        message: "privileged: web (has all rights on the server), which the policy denies",
        remedy: expect.stringContaining("berth app policy"),
      },
    });
  expect((await deployed(tenant, {}, reporting(mounts), "/v1/apps/shop/start")).status).toBe("succeeded");
});

test("what the policy asks about is deployed only when it is named, which is audited", async () => {
  const { tenant } = await ready();
  await set({ app: "shop", rules: { "host-path": "ask", privileged: "allow" } })(tenant);
  const refused = await deployed(tenant, { bundle }, reporting(mounts));
  expect(refused.failure).toMatchObject({
    class: "policy.denied",
    message: "host-path: web (/etc), which the policy asks about: --allow host-path",
  });
  const other = await deployed(tenant, { bundle, allow: ["device"] }, reporting(mounts));
  expect(other.failure.class).toBe("policy.denied");
  expect((await deployed(tenant, { bundle, allow: ["host-path"] }, reporting(mounts))).status).toBe("succeeded");
  const { body } = await api.call("GET", "/v1/audit", { token: await tenant.token() });
  expect(body.items.map(({ detail = "" }) => detail).join("\n")).toContain("allowed host-path");
});

test("what the policy asks about is named in a rollback, too", async () => {
  const { tenant } = await ready();
  for (let i = 0; i < 2; i++) expect((await deployed(tenant, { bundle }, reporting(one))).status).toBe("succeeded");
  await set({ rules: { "host-path": "ask" } })(tenant);
  const rollback = async (body: object) => deployed(tenant, body, reporting(mounts), "/v1/apps/shop/rollback");
  expect((await rollback({})).failure).toMatchObject({ class: "policy.denied" });
  expect((await rollback({ allow: ["host-path"] })).status).toBe("succeeded");
});

test("what only Compose can tell is asked about like any path of the server", async () => {
  const { tenant } = await ready();
  const compose = "services:\n  web:\n    image: a:1\n    # \u0085    env_file: /etc/shadow\n";
  await set({ rules: { "host-path": "ask" } })(tenant);
  expect((await deployed(tenant, { bundle: { compose } }, reporting(one))).failure).toMatchObject({ class: "policy.denied" });
  await set({ rules: { "host-path": "warn" } })(tenant);
  expect((await deployed(tenant, { bundle: { compose } }, reporting(one))).status).toBe("succeeded");
});

test("the value of a variable is in no path that is told", async () => {
  const { tenant } = await ready();
  const compose = "services:\n  web:\n    image: a:1\n    env_file: /etc/$TOKEN.env\n";
  const deployment = { bundle: { compose, variables: { TOKEN: "hunter2hunter2" } } };
  const job = await deployed(tenant, deployment, reporting(one));
  const { body } = await api.call("GET", `/v1/jobs/${job.id}/events`, { token: await tenant.token() });
  expect(body.items[0].plan.dangers).toMatchObject([{ setting: "host-path", what: expect.stringMatching(/^\/etc\/.*\.env$/) }]);
  expect(JSON.stringify(body)).not.toContain("hunter2");
  await set({ rules: { "host-path": "deny" } })(tenant);
  const { failure } = await deployed(tenant, deployment, reporting(one));
  expect(failure).toMatchObject({ class: "policy.denied", message: expect.stringContaining("host-path: web (/etc/") });
  expect(failure.message).not.toContain("hunter2");
});

test.each([
  ["a service's variables", "services:\n  web:\n    image: a:1\n    env_file: [{ path: /etc/shadow }]\n", "web (/etc/shadow)"],
  [
    "what stands in a comment for all but Compose",
    "services:\n  web:\n    image: a:1\n    # \u0085    env_file: /etc/shadow\n",
    "compose.yaml (only Compose can tell what it reads)",
  ],
  ["its labels", "services:\n  web:\n    image: a:1\n    label_file: ../../../etc/shadow\n", "web (../../../etc/shadow)"],
  [
    "what it extends",
    "services:\n  web:\n    image: a:1\n    extends: { file: /etc/x.yaml, service: web }\n",
    "web (/etc/x.yaml)",
  ],
  ["a repository", "include: [github.com/a/b]\nservices:\n  web:\n    image: a:1\n", "include (https://github.com/a/b)"],
  [
    "a repository for one service",
    "services:\n  web:\n    image: a:1\n    extends: { file: github.com/a/b, service: web }\n",
    "web (https://github.com/a/b)",
  ],
  ["what is included", "include: [/etc/x.yaml]\nservices:\n  web:\n    image: a:1\n", "include (/etc/x.yaml)"],
])("%s from a file of the server is a path of the server", async (_, compose, what) => {
  const { tenant } = await ready();
  await set({ app: "shop", rules: { "host-path": "deny" } })(tenant);
  const { failure } = await deployed(tenant, { bundle: { compose } }, reporting(one));
  expect(failure).toMatchObject({ class: "policy.denied", message: `host-path: ${what}, which the policy denies` });
});

test("a deployment keeps the rules with which it was accepted", async () => {
  const { tenant } = await ready();
  const { body: job } = await post(deploymentsPath, { bundle })(tenant);
  await set({ rules: { privileged: "deny" } })(tenant);
  await tenant.work(job, reporting(mounts));
  expect((await api.call("GET", `/v1/jobs/${job.id}`, { token: await tenant.token() })).body.status).toBe("succeeded");
});

test("a plan says what holds for what it found", async () => {
  const { tenant } = await ready();
  await set({ rules: { privileged: "deny" } })(tenant);
  const plan = await ask(tenant, { bundle }, mounts);
  expect(plan.policy).toMatchObject({ privileged: "deny", "host-path": "warn" });
  expect(plan.targets[0].plan.dangers.map(({ setting }: { setting: string }) => setting)).toEqual(["privileged", "host-path"]);
});

test("only who administers the account, or the app, sets its policy; every token of the app reads it", async () => {
  const { tenant } = await ready();
  const rules = { privileged: "allow" };
  const calls = async (token: string, body: object) => (await api.call("POST", path, { token, body })).body.code;
  expect(await calls(await tenant.token(["deploy"]), { rules })).toBe("token.scope");
  expect((await api.call("GET", `${path}?app=shop`, { token: await tenant.token(["read"]) })).status).toBe(200);
});

test("twice and at once, the rules are those of one of them, whole", async () => {
  const { tenant } = await ready();
  const one = { privileged: "deny" };
  const other = { device: "deny" };
  await Promise.all([one, other, one, other].map((rules) => set({ app: "shop", rules })(tenant)));
  expect([one, other]).toContainEqual((await get(tenant, "shop")).rules);
});

covers("getPolicy", "app.not_found", "an app that is not there, or another tenant's, has no policy", async () => {
  const tenant = await testTenant(api);
  await (await testTenant(api)).app();
  expect(await get(tenant, "shop")).toMatchObject({ status: 404, code: "app.not_found" });
});

covers("setPolicy", "app.not_found", "no policy is set for an app that is not there, or another tenant's", async () => {
  const tenant = await testTenant(api);
  await (await testTenant(api)).app();
  expect((await set({ app: "shop", rules: {} })(tenant)).body).toMatchObject({ status: 404, code: "app.not_found" });
});

test("a rule or an access that is none is refused", async () => {
  const { tenant } = await ready();
  for (const rules of [{ privileged: "never" }, { root: "deny" }])
    expect((await set({ rules })(tenant)).body).toMatchObject({ status: 422, code: "input.invalid" });
});
