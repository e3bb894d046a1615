// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are texts of Compose
import { addAddon } from "@berth/domain/addon/add.ts";
import { createApp } from "@berth/domain/app/create.ts";
import { listAudit } from "@berth/domain/audit/audit.ts";
import { deploy, rollback, startApp } from "@berth/domain/deployment/deploy.ts";
import { makePlan } from "@berth/domain/plan/make.ts";
import { getRelease } from "@berth/domain/release/view.ts";
import type { RunInput } from "@berth/domain/remote/remote.ts";
import { setVariables, unsetVariable } from "@berth/domain/variable/set.ts";
import { afterAll, expect, test } from "vitest";
import { testApi } from "../support/api.ts";
import { failed, scriptedReach, succeeded } from "../support/reach.ts";
import { type TestTenant, testTenant } from "../support/tenant.ts";

const api = testApi();
afterAll(() => api.close());

const APP = "shop";
const compose = (environment: string, image = "registry.test/web:1") =>
  `services:\n  web:\n    image: ${image}\n    environment:\n${environment}`;
const bundle = (environment = "      PASSWORD: ${DB_PASSWORD}\n", variables: Record<string, string> = {}) => ({
  compose: compose(environment),
  files: [],
  variables,
});

async function ready() {
  const tenant = await testTenant(api);
  await tenant.target();
  await createApp(tenant.ctx, { name: APP, template: "compose" });
  return tenant;
}
const set = ({ ctx }: TestTenant, values: Record<string, string>, more: { kind?: "variable"; namespace?: string } = {}) =>
  setVariables(ctx, { app: APP, kind: "secret", values, ...more });

/** The variables that a run was sent. */
function sentTo(run: RunInput | undefined): Record<string, string> {
  const text = String(run?.files.find(({ path }) => path === ".env")?.content ?? "");
  return Object.fromEntries([...text.matchAll(/^(\w+)='(.*)'$/gm)].map(([, name = "", value = ""]) => [name, value]));
}

async function deployed(
  tenant: TestTenant,
  given: Parameters<typeof deploy>[1]["bundle"] = bundle(),
  more: { namespaces?: string[] } = {},
) {
  const reach = scriptedReach();
  const job = await tenant.work(await deploy(tenant.ctx, { app: APP, bundle: given, ...more }), reach);
  return { job, sent: sentTo(reach.runs.at(-1)) };
}

test("a run has the values that its release names, before those of .env, and the release tells names and versions", async () => {
  const tenant = await ready();
  await set(tenant, { DB_PASSWORD: "from the store", UNUSED: "unused" });
  await set(tenant, { LEVEL: "info" }, { kind: "variable" });
  const { job, sent } = await deployed(tenant, bundle(undefined, { DB_PASSWORD: "from .env", OTHER: "other" }));
  expect(job.status).toBe("succeeded");
  expect(sent).toEqual({ DB_PASSWORD: "from the store", UNUSED: "unused", LEVEL: "info", OTHER: "other" });
  expect((await getRelease(tenant.ctx, { app: APP, number: 1 })).variables).toEqual([
    { name: "DB_PASSWORD", kind: "secret", namespace: "default", version: 1 },
    { name: "LEVEL", kind: "variable", namespace: "default", version: 2 },
    { name: "UNUSED", kind: "secret", namespace: "default", version: 1 },
  ]);
});

test("what needs a value to be read is accepted: a variable that is demanded, a port, an image", async () => {
  const tenant = await ready();
  await set(tenant, { DB_PASSWORD: "secret", PORT: "8080", TAG: "2" });
  const text = `${compose("      PASSWORD: ${DB_PASSWORD:?has to be set}\n", "registry.test/web:${TAG}")}    ports: ["\${PORT}:80"]\n`;
  const { job } = await deployed(tenant, { compose: text, files: [], variables: {} });
  expect(job.status).toBe("succeeded");
});

test("namespaces go before default in their order, and hold for the next deployment until others are named", async () => {
  const tenant = await ready();
  await set(tenant, { A: "default", B: "default", C: "default" });
  await set(tenant, { B: "eu", C: "eu" }, { namespace: "eu" });
  await set(tenant, { C: "night" }, { namespace: "night" });
  expect((await deployed(tenant)).sent).toMatchObject({ A: "default", B: "default", C: "default" });
  expect((await deployed(tenant, bundle(), { namespaces: ["eu", "night"] })).sent).toMatchObject({
    A: "default",
    B: "eu",
    C: "night",
  });
  expect((await deployed(tenant)).sent).toMatchObject({ B: "eu", C: "night" });
  expect((await deployed(tenant, bundle(), { namespaces: ["night", "eu"] })).sent).toMatchObject({ C: "eu" });
  expect((await deployed(tenant, bundle(), { namespaces: [] })).sent).toMatchObject({ A: "default", B: "default", C: "default" });
  await expect(deploy(tenant.ctx, { app: APP, bundle: bundle(), namespaces: ["none"] })).rejects.toMatchObject({
    code: "variable.no_namespace",
  });
});

test("a rollback and a start have the versions of their release, also of what was changed or unset since", async () => {
  const tenant = await ready();
  await set(tenant, { DB_PASSWORD: "first", OLD: "old" });
  await deployed(tenant);
  for (let i = 0; i < 12; i++) await set(tenant, { DB_PASSWORD: `later ${i}` });
  await unsetVariable(tenant.ctx, { app: APP, name: "OLD" });
  expect((await deployed(tenant)).sent).toEqual({ DB_PASSWORD: "later 11" });
  await set(tenant, { DB_PASSWORD: "newest" });
  const reach = scriptedReach();
  await tenant.work(await startApp(tenant.ctx, { app: APP }), reach);
  expect(sentTo(reach.runs.at(-1))).toEqual({ DB_PASSWORD: "later 11" });
  await tenant.work(await rollback(tenant.ctx, { app: APP }), reach);
  expect(sentTo(reach.runs.at(-1))).toEqual({ DB_PASSWORD: "first", OLD: "old" });
});

test("what a server tells of a value is in no event, job, failure or audit line, also of the release before", async () => {
  const tenant = await ready();
  const values = { DB_PASSWORD: "Canary-of-a-secret", LEVEL: "canary-of-a-variable" };
  await set(tenant, { DB_PASSWORD: values.DB_PASSWORD });
  await set(tenant, { LEVEL: values.LEVEL }, { kind: "variable" });
  await deployed(tenant);
  await unsetVariable(tenant.ctx, { app: APP, name: "DB_PASSWORD" });
  await unsetVariable(tenant.ctx, { app: APP, name: "LEVEL" });
  const all = Object.values(values).join(" | ");
  const gossip = scriptedReach((_, tell) => {
    tell({ type: "log", service: "web", step: "start", text: `it says ${all} and ${Buffer.from(all).toString("base64")}` });
    return failed({ class: "unhealthy", message: all });
  });
  const job = await tenant.work(await deploy(tenant.ctx, { app: APP, bundle: bundle("      A: b\n") }), gossip);
  expect(job.failure?.message).toContain("[secret]");
  const { items } = await listAudit(tenant.ctx, { limit: 50 });
  for (const text of [JSON.stringify(job), JSON.stringify(items), api.dump()])
    expect(text.toLowerCase()).not.toContain("canary-of-a");
});

test("a plan has the values, and tells names and versions", async () => {
  const tenant = await ready();
  await set(tenant, { DB_PASSWORD: "first secret" });
  const reach = scriptedReach();
  const plan = await makePlan(tenant.ctx, { app: APP, bundle: bundle() });
  expect(plan.variables).toEqual([{ name: "DB_PASSWORD", kind: "secret", namespace: "default", version: 1 }]);
  await tenant.work({ id: plan.job }, reach);
  expect(sentTo(reach.runs.at(-1))).toEqual({ DB_PASSWORD: "first secret" });
});

test("who may only plan has no registry told a secret by the name of an image", async () => {
  const tenant = await ready();
  await set(tenant, { DB_PASSWORD: "a secret" });
  await set(tenant, { TAG: "2" }, { kind: "variable" });
  const planner = { ...tenant.ctx, actor: { kind: "token" as const, id: "tok_1", scopes: ["plan" as const] } };
  const asked = (image: string) => ({
    app: APP,
    bundle: { compose: compose("      A: ${DB_PASSWORD}\n", image), files: [], variables: {} },
  });
  for (const image of ["registry.evil/a:${DB_PASSWORD}", "registry.evil/$DB_PASSWORD", "${NONE:-registry.evil/${DB_PASSWORD}}"]) {
    await expect(makePlan(planner, asked(image)), image).rejects.toMatchObject({
      code: "token.scope",
      detail: expect.stringContaining("DB_PASSWORD"),
    });
    expect((await makePlan(tenant.ctx, asked(image))).id).toMatch(/^pln_/);
  }
  expect((await makePlan(planner, asked("registry.test/web:${TAG}"))).variables).toHaveLength(2);
});

test("nor by a variable of what is included, nor an add-on's password", async () => {
  const tenant = await ready();
  await set(tenant, { DB_PASSWORD: "a secret" });
  await addAddon(tenant.ctx, { app: APP, kind: "postgres" });
  const planner = { ...tenant.ctx, actor: { kind: "token" as const, id: "tok_1", scopes: ["plan" as const] } };
  const planned = (image: string, env = "") => {
    const files = [
      ["compose.yaml", "include: [{path: a/compose.yaml, env_file: [a/more.env]}]\n"],
      ["a/compose.yaml", `services: {web: {image: "${image}"}}\n`],
      ["a/more.env", env],
    ].map(([path = "", content = ""]) => ({ path, content: Buffer.from(content).toString("base64") }));
    return makePlan(planner, { app: APP, bundle: { composeFiles: ["compose.yaml"], files, variables: {} } });
  };
  const refused = [
    ["${IMAGE}", "IMAGE=registry.evil/a:${DB_PASSWORD}\n"],
    ["registry.evil/a:${PGPASSWORD}"],
    ["${DATABASE_URL}"],
    ["registry.evil/a:${BERTH_ADDON_POSTGRES_PASSWORD}"],
  ] as const;
  for (const [image, env] of refused)
    await expect(planned(image, env), image).rejects.toMatchObject({
      code: "token.scope",
      detail: expect.stringContaining("names the secret"),
    });
  expect((await planned("${IMAGE}", "IMAGE=registry.test/web:${PGUSER}\n")).id).toMatch(/^pln_/);
});

test("names of ours are given where a Compose file names them, and refused in .env", async () => {
  const tenant = await ready();
  const named = bundle(
    "      APP: ${BERTH_APP}-${BERTH_ENVIRONMENT}\n      RELEASE: ${BERTH_RELEASE:?}\n      ON: ${BERTH_TARGET}\n",
  );
  expect((await deployed(tenant, named)).sent).toEqual({
    BERTH_APP: "shop",
    BERTH_ENVIRONMENT: "production",
    BERTH_RELEASE: "1",
    BERTH_TARGET: "web1",
  });
  expect((await deployed(tenant)).sent).toEqual({});
  await expect(deploy(tenant.ctx, { app: APP, bundle: bundle(undefined, { BERTH_APP: "mine" }) })).rejects.toMatchObject({
    code: "input.invalid",
    detail: expect.stringContaining("BERTH_APP"),
  });
});

test("a change of a value while a deployment is accepted is in its release, or comes after it", async () => {
  const tenant = await ready();
  await set(tenant, { DB_PASSWORD: "value 0" });
  const accepted = deploy(tenant.ctx, { app: APP, bundle: bundle() });
  await Promise.all([accepted, ...[1, 2, 3].map((i) => set(tenant, { DB_PASSWORD: `value ${i}` }))]);
  const reach = scriptedReach(() => succeeded());
  await tenant.work(await accepted, reach);
  const { variables = [] } = await getRelease(tenant.ctx, { app: APP, number: 1 });
  expect(sentTo(reach.runs.at(-1)).DB_PASSWORD).toMatch(/^value \d$/);
  expect(variables).toHaveLength(1);
});
