import { globSync, readFileSync } from "node:fs";
import { addAddon } from "@berth/domain/addon/add.ts";
import { removeAddon } from "@berth/domain/addon/remove.ts";
import { setAddon } from "@berth/domain/addon/set.ts";
import { getAddon, listAddons } from "@berth/domain/addon/view.ts";
import { getApp, getAppIn, listApps, listEnvironments } from "@berth/domain/app/app.ts";
import { createApp } from "@berth/domain/app/create.ts";
import { getPolicy, setPolicy } from "@berth/domain/app/policy.ts";
import { appStatus, viewApp, viewApps } from "@berth/domain/app/status.ts";
import { listAudit } from "@berth/domain/audit/audit.ts";
import { changePlan } from "@berth/domain/billing/buying/change.ts";
import { startCheckout } from "@berth/domain/billing/buying/checkout.ts";
import { listInvoices } from "@berth/domain/billing/buying/invoices.ts";
import { openPortal } from "@berth/domain/billing/buying/portal.ts";
import { refreshBilling } from "@berth/domain/billing/standing/refresh.ts";
import { billingState } from "@berth/domain/billing/standing/state.ts";
import { closeAccount } from "@berth/domain/closing/close.ts";
import type { Actor, Context } from "@berth/domain/context.ts";
import { addDeployer } from "@berth/domain/deployer/add.ts";
import { listDeployers, removeDeployer } from "@berth/domain/deployer/deployer.ts";
import { applyVariables } from "@berth/domain/deployment/apply.ts";
import { deploy, rollback, startApp } from "@berth/domain/deployment/deploy.ts";
import { getDeployment, listDeployments } from "@berth/domain/deployment/deployment.ts";
import { removeApp } from "@berth/domain/deployment/remove.ts";
import { upgradeAddon } from "@berth/domain/deployment/upgrade.ts";
import { cancelJob } from "@berth/domain/engine/cancel.ts";
import { getUsage } from "@berth/domain/entitlement/usage.ts";
import { importSelfHosted } from "@berth/domain/import/apply.ts";
import { listImports } from "@berth/domain/import/imported.ts";
import { getActivity } from "@berth/domain/job/activity.ts";
import { listEvents } from "@berth/domain/job/event.ts";
import { followJob } from "@berth/domain/job/follow.ts";
import { getJob, listJobs } from "@berth/domain/job/job.ts";
import { closeLogs, openLogs } from "@berth/domain/log/open.ts";
import { readLogs } from "@berth/domain/log/read.ts";
import { makePlan } from "@berth/domain/plan/make.ts";
import { getPlan } from "@berth/domain/plan/view.ts";
import { addRegistry } from "@berth/domain/registry/add.ts";
import { checkRegistry } from "@berth/domain/registry/check.ts";
import { listRegistries, removeRegistry } from "@berth/domain/registry/registry.ts";
import { prepareArchives } from "@berth/domain/release/archives.ts";
import { getRelease, listReleases } from "@berth/domain/release/view.ts";
import type { Scope } from "@berth/domain/scope.ts";
import { addTarget } from "@berth/domain/target/add.ts";
import { bootstrapTarget } from "@berth/domain/target/bootstrap.ts";
import { labelTarget } from "@berth/domain/target/label.ts";
import { prepareTarget } from "@berth/domain/target/prepare.ts";
import { checkTarget, getTarget, listTargets, removeTarget, trustTarget } from "@berth/domain/target/target.ts";
import { useTarget } from "@berth/domain/target/use.ts";
import { answerDevice, showDevice } from "@berth/domain/token/device.ts";
import { issueToken } from "@berth/domain/token/issue.ts";
import { listTokens, revokeToken } from "@berth/domain/token/token.ts";
import { revealVariable } from "@berth/domain/variable/reveal.ts";
import { setVariables, unsetVariable } from "@berth/domain/variable/set.ts";
import { listVariables, variableHistory } from "@berth/domain/variable/variable.ts";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { scriptedReach } from "../support/reach.ts";
import { COMPOSE, type TestTenant, testTenant } from "../support/tenant.ts";
import { testWorld } from "../support/world.ts";

const bundle = { compose: COMPOSE, files: [], variables: {} };
const fingerprint = `SHA256:${"f".repeat(43)}`;
const ids = { job: "job_none", token: "tok_none", deployer: "dpr_none", log: "log_none" };
const github = { provider: "github", app: "shop", repository: "me/shop", ref: "refs/heads/main" } as const;

interface Verb {
  readonly name: string;
  readonly scope: Scope;
  /** Of what a credential limited to another app sees nothing; `all` shows it only what it may see. */
  readonly about: "app" | "tenant" | "all";
  readonly call: (ctx: Context) => Promise<unknown>;
}
const verb = (name: string, scope: Scope, about: Verb["about"], call: Verb["call"]): Verb => ({ name, scope, about, call });

const page = { limit: 10 };
const verbs: Verb[] = [
  verb("getApp", "read", "app", (ctx) => getApp(ctx, "shop")),
  verb("getAppIn", "read", "app", (ctx) => getAppIn(ctx, "shop", "production")),
  verb("listApps", "read", "all", (ctx) => listApps(ctx, page)),
  verb("listEnvironments", "read", "app", (ctx) => listEnvironments(ctx, "shop")),
  verb("viewApps", "read", "all", (ctx) => viewApps(ctx, page)),
  verb("viewApp", "read", "app", (ctx) => viewApp(ctx, "shop")),
  verb("appStatus", "read", "app", (ctx) => appStatus(ctx, "shop")),
  verb("openLogs", "read", "app", (ctx) => openLogs(ctx, { app: "shop", tail: 1, follow: false })),
  verb("readLogs", "read", "app", (ctx) => readLogs(ctx, { log: ids.log, after: 0, waitSeconds: 0 })),
  verb("closeLogs", "read", "app", (ctx) => closeLogs(ctx, ids.log)),
  verb("createApp", "deploy", "app", (ctx) => createApp(ctx, { name: "shop", template: "compose" })),
  verb("removeApp", "admin", "app", (ctx) => removeApp(ctx, { app: "shop", volumes: "keep" })),
  verb("deploy", "deploy", "app", (ctx) => deploy(ctx, { app: "shop", bundle })),
  verb("makePlan", "plan", "app", (ctx) => makePlan(ctx, { app: "shop", bundle })),
  verb("getPlan", "read", "app", (ctx) => getPlan(ctx, { app: "shop", plan: "pln_1" })),
  verb("prepareArchives", "deploy", "app", (ctx) => prepareArchives(ctx, { app: "shop", archives: [] })),
  verb("rollback", "deploy", "app", (ctx) => rollback(ctx, { app: "shop" })),
  verb("startApp", "deploy", "app", (ctx) => startApp(ctx, { app: "shop" })),
  verb("listDeployments", "read", "app", (ctx) => listDeployments(ctx, { app: "shop", ...page })),
  verb("getDeployment", "read", "app", (ctx) => getDeployment(ctx, { app: "shop", deployment: ids.job })),
  verb("getRelease", "read", "app", (ctx) => getRelease(ctx, { app: "shop", number: 1 })),
  verb("listReleases", "read", "app", (ctx) => listReleases(ctx, { app: "shop", ...page })),
  verb("listJobs", "read", "all", (ctx) => listJobs(ctx, page)),
  verb("getActivity", "read", "all", (ctx) => getActivity(ctx)),
  verb("getJob", "read", "app", (ctx) => getJob(ctx, ids.job)),
  verb("listEvents", "read", "app", (ctx) => listEvents(ctx, { job: ids.job, waitSeconds: 0 })),
  verb("followJob", "read", "app", (ctx) => followJob(ctx, { job: ids.job })),
  verb("cancelJob", "deploy", "app", (ctx) => cancelJob(ctx, ids.job)),
  verb("getPolicy", "read", "app", (ctx) => getPolicy(ctx, { app: "shop" })),
  verb("setPolicy", "admin", "app", (ctx) => setPolicy(ctx, { app: "shop", rules: {} })),
  verb("listAddons", "read", "app", (ctx) => listAddons(ctx, { app: "shop" })),
  verb("getAddon", "read", "app", (ctx) => getAddon(ctx, { app: "shop", addon: "redis" })),
  verb("addAddon", "deploy", "app", (ctx) => addAddon(ctx, { app: "shop", kind: "redis" })),
  verb("setAddon", "deploy", "app", (ctx) => setAddon(ctx, { app: "shop", addon: "redis", choices: { memory: "1g" } })),
  verb("upgradeAddon", "deploy", "app", (ctx) => upgradeAddon(ctx, { app: "shop", addon: "redis" })),
  verb("removeAddon", "deploy", "app", (ctx) => removeAddon(ctx, { app: "shop", addon: "redis" })),
  verb("listTargets", "read", "all", (ctx) => listTargets(ctx)),
  verb("getTarget", "read", "all", (ctx) => getTarget(ctx, "web1")),
  verb("addTarget", "admin", "tenant", (ctx) => addTarget(ctx, { name: "web9", host: "127.0.0.1", port: 22, user: "root" })),
  verb("checkTarget", "deploy", "tenant", (ctx) => checkTarget(ctx, "web1")),
  verb("bootstrapTarget", "admin", "tenant", (ctx) => bootstrapTarget(ctx, { target: "web1", password: "secret" })),
  verb("useTarget", "admin", "tenant", (ctx) => useTarget(ctx, { target: "web1" })),
  verb("labelTarget", "admin", "tenant", (ctx) => labelTarget(ctx, { target: "web1", add: ["eu"], remove: [] })),
  verb("prepareTarget", "admin", "tenant", (ctx) => prepareTarget(ctx, { target: "web1", what: "docker" })),
  verb("trustTarget", "admin", "tenant", (ctx) => trustTarget(ctx, { target: "web1", fingerprint })),
  verb("removeTarget", "admin", "tenant", (ctx) => removeTarget(ctx, "web1")),
  verb("listRegistries", "read", "all", (ctx) => listRegistries(ctx)),
  verb("addRegistry", "admin", "tenant", (ctx) => addRegistry(ctx, { host: "ghcr.io", user: "mona", password: "secret" })),
  verb("checkRegistry", "deploy", "tenant", (ctx) => checkRegistry(ctx, { host: "ghcr.io" })),
  verb("removeRegistry", "admin", "tenant", (ctx) => removeRegistry(ctx, "ghcr.io")),
  verb("listVariables", "read", "app", (ctx) => listVariables(ctx, { app: "shop" })),
  verb("setVariables", "deploy", "app", (ctx) => setVariables(ctx, { app: "shop", kind: "secret", values: { A: "b" } })),
  verb("applyVariables", "deploy", "app", (ctx) => applyVariables(ctx, { app: "shop" })),
  verb("unsetVariable", "deploy", "app", (ctx) => unsetVariable(ctx, { app: "shop", name: "A" })),
  verb("variableHistory", "read", "app", (ctx) => variableHistory(ctx, { app: "shop", name: "A" })),
  verb("revealVariable", "deploy", "app", (ctx) => revealVariable(ctx, { app: "shop", name: "A", reason: "a test" })),
  verb("issueToken", "admin", "tenant", (ctx) => issueToken(ctx, { name: "x", scopes: ["read"] })),
  verb("addDeployer", "admin", "tenant", (ctx) => addDeployer(ctx, github)),
  verb("listDeployers", "admin", "tenant", (ctx) => listDeployers(ctx, page)),
  verb("removeDeployer", "admin", "tenant", (ctx) => removeDeployer(ctx, ids.deployer)),
  verb("listTokens", "admin", "tenant", (ctx) => listTokens(ctx, page)),
  verb("revokeToken", "admin", "tenant", (ctx) => revokeToken(ctx, ids.token)),
  verb("showDevice", "admin", "tenant", (ctx) => showDevice(ctx, "BCDF-GHJK")),
  verb("answerDevice", "admin", "tenant", (ctx) => answerDevice(ctx, { userCode: "BCDF-GHJK", approve: true })),
  verb("listAudit", "read", "tenant", (ctx) => listAudit(ctx, page)),
  verb("getUsage", "read", "all", (ctx) => getUsage(ctx)),
  verb("billingState", "read", "all", (ctx) => billingState(ctx)),
  verb("changePlan", "billing", "tenant", (ctx) => changePlan(ctx, { plan: "solo" })),
  verb("startCheckout", "billing", "tenant", (ctx) => startCheckout(ctx, "solo")),
  verb("listInvoices", "billing", "tenant", (ctx) => listInvoices(ctx, page)),
  verb("openPortal", "billing", "tenant", (ctx) => openPortal(ctx)),
  verb("closeAccount", "admin", "tenant", (ctx) => closeAccount(ctx, { apps: "leave" })),
  verb("refreshBilling", "billing", "tenant", (ctx) => refreshBilling(ctx, {})),
  verb("listImports", "read", "all", (ctx) => listImports(ctx, page)),
  verb("importSelfHosted", "admin", "tenant", (ctx) => importSelfHosted(ctx, { document: {} as never, apply: false })),
];

/** What routes call that asks for no scope: ending or proving one's own credential; a memory that is bound to rights. */
const open = ["take", "signOut", "listSessions", "endSession", "endOtherSessions", "recall", "requestProof", "giveProof"];

const holds: Record<Scope, readonly Scope[]> = {
  read: ["read"],
  plan: ["read", "plan"],
  deploy: ["read", "plan", "deploy"],
  admin: ["read", "plan", "deploy", "admin"],
  billing: ["read", "billing"],
};

let touched = 0;
const made = testWorld();
const { client } = made.world.table;
const send = client.send.bind(client);
client.send = ((...given: Parameters<typeof send>) => {
  touched++;
  return send(...given);
}) as typeof send; // of its overloads only the one without a callback is ever called
let owner: TestTenant;
const as = (actor: Actor): Context => ({ ...owner.ctx, actor });
const token = (scopes: readonly Scope[], app?: string): Context => as({ kind: "token", id: "tok_test", scopes, app });

beforeAll(async () => {
  owner = await testTenant(made, { reach: scriptedReach() });
  await owner.target();
  await owner.app();
  ids.job = (await owner.work(await owner.deploy("shop"))).id;
  ids.log = (await openLogs(owner.ctx, { app: "shop", tail: 1, follow: false })).id;
  ids.deployer = (await addDeployer(owner.ctx, github)).id;
  ids.token = (await issueToken(owner.ctx, { name: "x", scopes: ["read"] })).id;
});
afterAll(() => made.close());

test("every verb that a route calls with a context is in this file's table", () => {
  const takers = new Set(
    globSync("packages/domain/src/**/*.ts").flatMap((path) =>
      [
        ...readFileSync(path, "utf8").matchAll(/export (?:(?:async )?function|const) (\w+)(?: = (?:async )?)?\(\s*ctx: Context/g),
      ].map(([, name]) => name),
    ),
  );
  const words = globSync("functions/api/**/*.ts").flatMap(
    (path) => readFileSync(path, "utf8").match(/(?<!\.)\b\w+(?=\()/g) ?? [],
  );
  const called = [...new Set(words)].filter((word) => takers.has(word) && !open.includes(word));
  expect(called.length).toBeGreaterThan(25);
  expect(called.filter((name) => !verbs.some((each) => each.name === name))).toEqual([]);
});

describe("a credential without a scope is refused by every verb before anything is read", () => {
  test.each(verbs)("$name", async ({ call }) => {
    const before = touched;
    await expect(call(token([]))).rejects.toMatchObject({ code: "token.scope" });
    await expect(call(as({ kind: "user", id: "usr_test", scopes: [] }))).rejects.toMatchObject({ code: "token.scope" });
    expect(touched).toBe(before);
  });
});

describe("a scope that does not hold the one a verb needs does not do", () => {
  const short = verbs.flatMap((each) =>
    (Object.keys(holds) as Scope[])
      .filter((scope) => !holds[scope].includes(each.scope))
      .map((scope) => ({ ...each, held: scope })),
  );
  test.each(short)("$name with $held", async ({ call, held }) => {
    await expect(call(token([held]))).rejects.toMatchObject({ code: "token.scope" });
  });
});

describe("a token limited to one app gets nothing of another, whatever its scopes", () => {
  const limited = () => token(["admin", "billing"], "other");
  test.each(verbs.filter(({ about }) => about !== "all"))("$name", async ({ call, about }) => {
    const refusals = about === "tenant" ? ["token.scope"] : ["token.scope", "app.not_found", "job.not_found", "log.not_found"];
    const code = await call(limited()).then(
      () => "done",
      (error) => error.code,
    );
    expect(refusals).toContain(code);
  });
  test.each(verbs.filter(({ about }) => about === "all"))("$name shows nothing of it", async ({ call }) => {
    expect(JSON.stringify(await call(limited()))).not.toContain("shop");
  });
});

test("nobody gives away a scope they do not hold", async () => {
  const { id } = await issueToken(owner.ctx, { name: "admin", scopes: ["admin"] });
  const admin = as({ kind: "token", id, scopes: ["admin"] });
  await expect(issueToken(admin, { name: "x", scopes: ["billing"] })).rejects.toMatchObject({ code: "token.scope" });
  const { scopes } = await issueToken(admin, { name: "x", scopes: ["read", "deploy", "admin"] });
  expect(scopes).toEqual(["read", "deploy", "admin"]);
});
