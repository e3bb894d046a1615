import { readFileSync } from "node:fs";
import { addAddon } from "@berth/domain/addon/add.ts";
import { accountKey, getAccount } from "@berth/domain/entitlement/account.ts";
import { type Entitlement, permits } from "@berth/domain/entitlement/permission.ts";
import { openLogs } from "@berth/domain/log/open.ts";
import { makePlan } from "@berth/domain/plan/make.ts";
import { addRegistry } from "@berth/domain/registry/add.ts";
import { putOne } from "@berth/domain/table.ts";
import { setVariables } from "@berth/domain/variable/set.ts";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { document, matrix } from "../../functions/api/document.ts";
import { permissionsPage } from "../../scripts/permissions.ts";
import type { Payer } from "../billing/payer.ts";
import { openStripeStage, type StripeStage } from "../billing/stripe-stage.ts";
import { type Answer, type TestApi, testApi } from "../support/api.ts";
import { COMPOSE } from "../support/tenant.ts";
import { prove } from "./proved.ts";

let stage: StripeStage;
let api: TestApi;
beforeAll(async () => {
  stage = await openStripeStage({ chaos: "calm" });
  api = testApi(stage.test);
});
afterAll(() => stage.close());

/** Where a bill can stand, with the seconds on both sides of each boundary. `left` is the seconds until grace ends. */
const stands = [
  { name: "none", state: "none" },
  { name: "active", state: "active" },
  { name: "grace, just begun", state: "grace", left: 7 * 86_400 },
  { name: "grace, in its last second", state: "grace", left: 1 },
  { name: "restricted, at the second grace ends", state: "restricted", left: 0 },
  { name: "restricted, a second later", state: "restricted", left: -1 },
  { name: "paused", state: "restricted", kind: "paused" },
  { name: "ended", state: "restricted", kind: "ended" },
] as const satisfies readonly { name: string; state: Entitlement; left?: number; kind?: string }[];
interface Stand {
  readonly name: string;
  readonly state: Entitlement;
  readonly left?: number;
  readonly kind?: string;
}

/** Puts an account there, as a sync would. */
async function put(payer: Payer, { state, left, kind }: Stand): Promise<void> {
  const graceUntil = new Date(stage.test.world.now().getTime() + (left ?? 0) * 1000).toISOString();
  await payer.entitle(state, left === undefined ? {} : { graceUntil });
  if (kind !== undefined)
    await putOne(payer.ctx, accountKey(payer.ctx), { ...(await getAccount(payer.ctx)), kind, graceUntil: null });
}

/** Somebody with a customer at Stripe, a target, an app that was deployed twice and one that never was, and what was made meanwhile. */
async function settled(): Promise<{ payer: Payer; token: string } & Ids> {
  const payer = await stage.signUp();
  await payer.checkout();
  await payer.entitle("active", { plan: "pro" });
  await payer.target();
  const free = await payer.target("web2");
  await payer.app();
  await payer.app("idle");
  await addAddon(payer.ctx, { app: "shop", kind: "redis" });
  await payer.work(await payer.deploy("shop", { targets: ["web1"] }));
  const job = await payer.work(await payer.deploy("shop"));
  const token = await payer.token();
  await prove(api, payer.user.email, { token });
  const spare = await api.call("POST", "/v1/tokens", { token, body: { name: "spare", scopes: ["read"] } });
  await addRegistry(payer.ctx, { host: "r.example", user: "mona", password: "secret" });
  await setVariables(payer.ctx, { app: "shop", kind: "secret", values: { TOKEN: "a secret", OLD: "another" } });
  const { id: log } = await openLogs(payer.ctx, { app: "shop", tail: 1, follow: false });
  const body = { provider: "github", app: "shop", repository: "me/other", ref: "refs/heads/main" };
  const deployer = await api.call("POST", "/v1/deployers", { token, body });
  const bundle = { compose: COMPOSE, files: [], variables: {} };
  const { id: plan } = await makePlan(payer.ctx, { app: "shop", bundle });
  return { payer, job: job.id, plan, log, token, spare: spare.body.id, free: free.id, deployer: deployer.body.id };
}

interface Ids {
  readonly job: string;
  readonly plan: string;
  readonly log: string;
  readonly spare: string;
  readonly free: string;
  readonly deployer: string;
}

/** A request of each operation that is fine but for the entitlement. */
const requests: Record<string, (ids: Ids) => [method: string, path: string, body?: object]> = {
  getUsage: () => ["GET", "/usage"],
  listPricingPlans: () => ["GET", "/plans"],
  getBilling: () => ["GET", "/billing"],
  listInvoices: () => ["GET", "/billing/invoices"],
  listTargets: () => ["GET", "/targets"],
  getTarget: () => ["GET", "/targets/web1"],
  listApps: () => ["GET", "/apps"],
  getApp: () => ["GET", "/apps/shop"],
  getAppStatus: () => ["GET", "/apps/shop/status"],
  openLogs: () => ["POST", "/apps/shop/logs", {}],
  readLogs: ({ log }) => ["GET", `/logs/${log}`],
  closeLogs: ({ log }) => ["DELETE", `/logs/${log}`],
  listReleases: () => ["GET", "/apps/shop/releases"],
  getRelease: () => ["GET", "/apps/shop/releases/1"],
  listDeployments: () => ["GET", "/apps/shop/deployments"],
  getDeployment: ({ job }) => ["GET", `/apps/shop/deployments/${job}`],
  listJobs: () => ["GET", "/jobs"],
  getActivity: () => ["GET", "/activity"],
  getJob: ({ job }) => ["GET", `/jobs/${job}`],
  listJobEvents: ({ job }) => ["GET", `/jobs/${job}/events`],
  listAudit: () => ["GET", "/audit"],
  startCheckout: () => ["POST", "/billing/checkout", { plan: "pro" }],
  refreshBilling: () => ["POST", "/billing/refresh", {}],
  openPortal: () => ["POST", "/billing/portal"],
  changePlan: () => ["POST", "/billing/plan", { plan: "studio", preview: true }],
  rollback: () => ["POST", "/apps/shop/rollback", {}],
  startApp: () => ["POST", "/apps/shop/start", {}],
  createPlan: () => ["POST", "/apps/shop/plans", { bundle: { compose: COMPOSE } }],
  prepareArchives: () => ["POST", "/apps/shop/archives", { archives: [{ hash: "a".repeat(64), bytes: 1 }] }],
  getPlan: ({ plan }) => ["GET", `/apps/shop/plans/${plan}`],
  createDeployment: () => ["POST", "/apps/shop/deployments", { bundle: { compose: COMPOSE } }],
  createApp: () => ["POST", "/apps", { name: "another" }],
  createImport: () => ["POST", "/imports", { document: { format: "berth-self-hosted", version: 1 }, apply: true }],
  listImports: () => ["GET", "/imports"],
  removeApp: () => ["DELETE", "/apps/idle"],
  addTarget: () => ["POST", "/targets", { name: "web9", host: "127.0.0.1" }],
  removeTarget: ({ free }) => ["DELETE", `/targets/${free}`],
  listRegistries: () => ["GET", "/registries"],
  addRegistry: () => ["POST", "/registries", { host: "ghcr.io", user: "mona", password: "secret" }],
  checkRegistry: () => ["POST", "/registries/r.example/check", {}],
  removeRegistry: () => ["DELETE", "/registries/r.example"],
  listAddons: () => ["GET", "/apps/shop/addons"],
  addAddon: () => ["POST", "/apps/shop/addons", { kind: "nats" }],
  getAddon: () => ["GET", "/apps/shop/addons/redis"],
  setAddon: () => ["PATCH", "/apps/shop/addons/redis", { memory: "1g" }],
  upgradeAddon: () => ["POST", "/apps/shop/addons/redis/upgrade", {}],
  removeAddon: () => ["DELETE", "/apps/shop/addons/redis"],
  listVariables: () => ["GET", "/apps/shop/variables"],
  setVariables: () => ["PUT", "/apps/shop/variables", { kind: "secret", values: { A: "b" } }],
  applyVariables: () => ["POST", "/apps/shop/variables/apply", {}],
  unsetVariable: () => ["DELETE", "/apps/shop/variables/OLD"],
  getVariableHistory: () => ["GET", "/apps/shop/variables/TOKEN/history"],
  revealVariable: () => ["POST", "/apps/shop/variables/TOKEN/reveal", { reason: "a test" }],
  getPolicy: () => ["GET", "/policy?app=shop"],
  setPolicy: () => ["POST", "/policy", { app: "shop", rules: { device: "deny" } }],
  checkTarget: () => ["POST", "/targets/web1/check"],
  bootstrapTarget: () => ["POST", "/targets/web1/bootstrap", { password: "secret" }],
  useTarget: () => ["POST", "/targets/web1/default"],
  labelTarget: () => ["POST", "/targets/web1/labels", { add: ["eu"] }],
  prepareTarget: () => ["POST", "/targets/web1/prepare", { what: "docker" }],
  trustTarget: () => ["POST", "/targets/web1/trust", { fingerprint: `SHA256:${"f".repeat(43)}` }],
  cancelJob: ({ job }) => ["POST", `/jobs/${job}/cancel`],
  listTokens: () => ["GET", "/tokens"],
  createToken: () => ["POST", "/tokens", { name: "n", scopes: ["read"] }],
  closeAccount: () => ["DELETE", "/account?apps=leave"],
  listDeployers: () => ["GET", "/deployers"],
  addDeployer: () => ["POST", "/deployers", { provider: "github", app: "shop", repository: "me/shop", ref: "refs/heads/main" }],
  removeDeployer: ({ deployer }) => ["DELETE", `/deployers/${deployer}`],
  revokeToken: ({ spare }) => ["DELETE", `/tokens/${spare}`],
};

/** Operations that no tenant asks yet, or only a person in a browser: none of them looks at an account. */
const withoutAccount = [
  "getMe",
  "requestCode",
  "verifyCode",
  "requestProof",
  "giveProof",
  "logout",
  "listSessions",
  "endSession",
  "endOtherSessions",
  "startDevice",
  "finishDevice",
  "showDevice",
  "answerDevice",
  "exchangeIdentity",
];

const refusals = new Set(["billing.required", "billing.grace", "billing.restricted", "billing.hold", "billing.no_customer"]);
const refusedBy = ({ body }: Answer) => (refusals.has(body?.code) ? String(body.code) : undefined);
const codeOf = {
  none: "billing.required",
  active: "billing.hold",
  grace: "billing.grace",
  restricted: "billing.restricted",
} as const;

test("the table names every operation of the API once, and every permission is of some operation", () => {
  const operations = Object.values(document().paths).flatMap((methods) =>
    Object.values(methods as Record<string, { operationId: string }>).map(({ operationId }) => operationId),
  );
  const named = matrix().flatMap(({ operations: of }) => of);
  expect(named.toSorted()).toEqual(operations.toSorted());
  expect(matrix().filter(({ operations: of }) => of.length === 0)).toEqual([]);
  expect(Object.keys(requests).concat(withoutAccount).toSorted()).toEqual(operations.toSorted());
});

test("docs/permissions.md is what the table says (made by scripts/permissions.ts)", () => {
  expect(readFileSync(new URL("../../docs/permissions.md", import.meta.url), "utf8")).toBe(permissionsPage());
});

describe.each<Stand>(stands)("$name", (stand) => {
  const asked = matrix().flatMap(({ action, operations }) =>
    operations.filter((name) => requests[name]).map((operation) => ({ operation, action })),
  );

  // For what changes nothing one account serves.
  let shared: Awaited<ReturnType<typeof settled>>;
  beforeAll(async () => {
    shared = await settled();
    await put(shared.payer, stand);
  });
  const ownAccount = async () => {
    const made = await settled();
    await put(made.payer, stand);
    return made;
  };

  test.each(asked.filter(({ action }) => permits(action, stand.state)))("$operation works", async ({ operation }) => {
    const reads = /^(get|list|read)/.test(operation);
    const { token, ...ids } = reads ? shared : await ownAccount();
    const [method, path, body] = requests[operation]?.(ids) ?? ["", ""];
    const answer = await api.call(method, `/v1${path}`, { token, ...(body && { body }) });
    expect(refusedBy(answer)).toBeUndefined();
    // No subscription at Stripe, a job that has ended: no plan that was looked at: all are told, and none is about the bill.
    const others: Record<string, string> = {
      changePlan: "billing.no_subscription",
      cancelJob: "job.ended",
      createImport: "import.plan_changed",
    };
    if (others[operation]) expect(answer.body.code).toBe(others[operation]);
    else expect(answer.status).toBeLessThan(300);
  });

  const refused = asked.filter(({ action }) => !permits(action, stand.state));
  if (refused.length > 0)
    test.each(refused)("$operation is refused, says how to fix it, and changes nothing", async ({ operation }) => {
      const { payer, token, ...ids } = shared;
      const before = await payer.account();
      const [method, path, body] = requests[operation]?.(ids) ?? ["", ""];
      const answer = await api.call(method, `/v1${path}`, { token, ...(body && { body }) });
      const code = operation === "openPortal" ? "billing.no_customer" : codeOf[stand.state];
      expect(answer.body).toMatchObject({ code, fix_url: expect.stringMatching(/^https:\/\/berth\.test\/(billing|plans)$/) });
      if (code === "billing.grace") expect(answer.body.until).toBe(before.graceUntil);
      if (stand.state !== "active") expect(answer.headers.get("berth-entitlement")).toContain(stand.state);
      if (stand.state === "restricted")
        expect(answer.headers.get("berth-entitlement")).toBe(`restricted; because=${"kind" in stand ? stand.kind : "unpaid"}`);
      expect(await payer.account()).toEqual(before);
    });
});

describe("a payment that is disputed", () => {
  test.each(["createDeployment", "createApp", "addTarget", "changePlan"])("%s is refused", async (operation) => {
    const { payer, token, ...ids } = await settled();
    await payer.hold();
    const [method, path, body] = requests[operation]?.(ids) ?? ["", ""];
    expect(refusedBy(await api.call(method, `/v1${path}`, { token, ...(body && { body }) }))).toBe("billing.hold");
  });
  test("reads, rollback and billing go on", async () => {
    const { payer, token } = await settled();
    await payer.hold();
    for (const [method, path] of [
      ["GET", "/apps"],
      ["POST", "/apps/shop/rollback"],
      ["POST", "/billing/portal"],
    ] as const)
      expect((await api.call(method, `/v1${path}`, { token, ...(method === "POST" && { body: {} }) })).status).toBeLessThan(300);
  });
});

describe("what was accepted is looked at again when it starts", () => {
  const [, , , lastSecond, restricted] = stands;

  test.each([
    ["grace", lastSecond, "billing.grace"],
    ["restricted", restricted, "billing.restricted"],
  ] as const)("a deploy queued while active that starts in %s fails and touches no server", async (_, stand, code) => {
    const { payer } = await settled();
    const job = await payer.deploy("shop");
    await put(payer, stand);
    const done = await payer.work(job);
    expect(done).toMatchObject({ status: "failed", failure: { class: code } });
  });

  test.each([
    ["in that second succeeds", lastSecond, { status: "succeeded" }],
    ["in the next fails", restricted, { status: "failed", failure: { class: "billing.restricted" } }],
  ] as const)("a rollback queued in grace's last second that starts %s", async (_, stand, end) => {
    const { payer, token } = await settled();
    await put(payer, lastSecond);
    const { body } = await api.call("POST", "/v1/apps/shop/rollback", { token, body: {} });
    await put(payer, stand);
    expect(await payer.work(body)).toMatchObject(end);
  });
});
