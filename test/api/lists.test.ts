import { readFileSync } from "node:fs";
import { addAddon } from "@berth/domain/addon/add.ts";
import type { Context } from "@berth/domain/context.ts";
import { importedKey } from "@berth/domain/import/imported.ts";
import { jobKey } from "@berth/domain/job/job.ts";
import { addRegistry } from "@berth/domain/registry/add.ts";
import { key, putOne, type Row } from "@berth/domain/table.ts";
import { setVariables } from "@berth/domain/variable/set.ts";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { testApi } from "../support/api.ts";
import { type TestTenant, testTenant } from "../support/tenant.ts";

const api = testApi();
afterAll(() => api.close());

/** The table ends a page after a megabyte, however many rows were asked for: here after two, of which one was read before, so that short lists have many pages. */
const ROWS = 2;
const { client } = api.world.table;
const send = client.send.bind(client);
client.send = ((command: { input: { KeyConditionExpression?: string; Limit?: number } }) => {
  const { input } = command;
  if (input.KeyConditionExpression !== undefined) input.Limit = Math.min(input.Limit ?? ROWS, ROWS);
  return send(command as never);
}) as typeof client.send;

interface Scene {
  readonly tenant: TestTenant;
  readonly whole: string;
  /** A token for the one app that is last by name and whose jobs are the oldest. */
  readonly narrow: string;
  /** Lines of the audit that are not past their time. */
  readonly lines: number;
}
let scene: Scene;
const MANY = 12;

beforeAll(async () => {
  const tenant = await testTenant(api, { plan: "studio" });
  const { ctx } = tenant;
  const whole = await tenant.token();
  await tenant.target();
  for (const host of ["docker.io", "b.example", "a.example"]) await addRegistry(ctx, { host, user: "mona", password: "secret" });
  for (const app of ["zulu", ...many((i) => `app${i}`)]) await tenant.app(app);
  for (const kind of ["redis", "nats"] as const) await addAddon(ctx, { app: "zulu", kind });
  await setVariables(ctx, { app: "zulu", kind: "variable", values: { C: "c", A: "a", B: "b" } });
  api.clock.advance(1);
  const narrow = await tenant.token(["read"], { app: "zulu" });
  for (let i = 0; i < 4; i++) await tenant.work(await tenant.deploy("zulu"));
  const [newest] = await all("/v1/jobs?app=zulu&kind=deployment", whole);
  for (const [i, app] of many((n) => `app${n}`).entries()) {
    api.clock.advance(1);
    const job = { ...newest, id: `job_7ZZZZZZZZZZZZZZZZZZZZZZZ${String(i).padStart(2, "0")}`, app };
    await putOne(ctx, jobKey(ctx, job.id), job);
    await keepImport(ctx, app, "of another app");
  }
  const { body } = await api.call("GET", "/v1/apps/zulu", { token: whole });
  await keepImport(ctx, "zulu", body.id);
  const deployer = { provider: "github", app: "zulu", repository: "me/zulu", ref: "refs/heads/main" };
  await api.call("POST", "/v1/deployers", { token: whole, body: deployer });
  // What is past its time and not swept yet, before everything else that is read.
  const [token] = await all("/v1/tokens", whole);
  const [line] = await all("/v1/audit", whole);
  for (const i of many((n) => n)) {
    const id = `7ZZZZZZZZZZZZZZZZZZZZZZZ${String(i).padStart(2, "0")}`;
    await putOne(ctx, key(ctx, `TOKEN#tok_${id}`), { ...token, id: `tok_${id}`, ttl: 1 });
    const month = line.at.slice(0, 7).replace("-", "");
    await putOne(ctx, key(ctx, `${line.at.slice(0, 8)}99#aud_${id}`, `AUDIT#${month}`), { ...line, id: `aud_${id}`, ttl: 1 });
  }
  const lines = api.dump().split('"action":').length - 1 - MANY;
  scene = { tenant, whole, narrow, lines };
});

const many = <T>(make: (i: number) => T) => Array.from({ length: MANY }, (_, i) => make(i));
const keepImport = (ctx: Context, app: string, appId: string) => {
  const notes = { environments: [], compose: "", targets: [], variables: [], releases: [], webhooks: [] };
  return putOne(ctx, importedKey(ctx, app), {
    ...notes,
    app,
    appId,
    digest: "",
    version: 1,
    importedAt: "2027-01-01T00:00:00.000Z",
  });
};

/** Given whole, however many it may be. */
const unpaged = ["/v1/targets", "/v1/registries", "/v1/apps/zulu/addons", "/v1/apps/zulu/variables"];

/** Follows the cursor to the end. A page that says that more follows must hold something. */
// biome-ignore lint/suspicious/noExplicitAny: items of every list
async function all(path: string, token: string, limit?: number): Promise<any[]> {
  // biome-ignore lint/suspicious/noExplicitAny: items of every list
  const items: any[] = [];
  for (let next: string | null = null; ; ) {
    const url = new URL(path, "http://any");
    if (limit) url.searchParams.set("limit", String(limit));
    if (next) url.searchParams.set("cursor", next);
    const { status, body } = await api.call("GET", `${url.pathname}${url.search}`, { token });
    expect(status, JSON.stringify(body)).toBe(200);
    if (body.next) expect(body.items.length, `${url.search} is empty and has a cursor`).toBeGreaterThan(0);
    if (limit && !unpaged.includes(path)) expect(body.items.length).toBeLessThanOrEqual(limit);
    items.push(...body.items);
    next = body.next ?? null;
    if (next === null) return items;
  }
}

interface List {
  readonly path: string;
  readonly by: "whole" | "narrow";
  readonly holds: (item: Row) => unknown;
  /** What the list is, or how many different it has. */
  readonly is: readonly unknown[] | (() => number);
}
const app = (item: Row) => item.app;
const name = (item: Row) => item.name;
const apps = ["zulu", ...many((i) => `app${i}`)].sort();

const lists: Readonly<Record<string, readonly List[]>> = {
  listApps: [
    { path: "/v1/apps", by: "whole", holds: name, is: apps },
    { path: "/v1/apps", by: "narrow", holds: name, is: ["zulu"] },
  ],
  listJobs: [
    { path: "/v1/jobs", by: "narrow", holds: app, is: Array(4).fill("zulu") },
    { path: "/v1/jobs?app=zulu", by: "whole", holds: app, is: Array(4).fill("zulu") },
    { path: "/v1/jobs?kind=target.check", by: "whole", holds: ({ kind }) => kind, is: ["target.check", "target.check"] },
    { path: "/v1/jobs?app=none", by: "whole", holds: app, is: [] },
    { path: "/v1/jobs", by: "whole", holds: ({ id }) => id, is: () => MANY + 4 + 2 },
  ],
  listDeployments: [{ path: "/v1/apps/zulu/deployments", by: "narrow", holds: app, is: Array(4).fill("zulu") }],
  listReleases: [{ path: "/v1/apps/zulu/releases", by: "narrow", holds: ({ number }) => number, is: [4, 3, 2, 1] }],
  listImports: [
    { path: "/v1/imports", by: "whole", holds: app, is: ["zulu"] },
    { path: "/v1/imports", by: "narrow", holds: app, is: ["zulu"] },
  ],
  listDeployers: [{ path: "/v1/deployers", by: "whole", holds: ({ repository }) => repository, is: ["me/zulu"] }],
  listTokens: [{ path: "/v1/tokens", by: "whole", holds: name, is: ["read", "admin billing"] }],
  listAudit: [{ path: "/v1/audit", by: "whole", holds: ({ id }) => id, is: () => scene.lines }],
  listRegistries: [
    { path: "/v1/registries", by: "whole", holds: ({ host }) => host, is: ["a.example", "b.example", "docker.io"] },
  ],
  listAddons: [
    { path: "/v1/apps/zulu/addons", by: "whole", holds: name, is: ["nats", "redis"] },
    { path: "/v1/apps/zulu/addons", by: "narrow", holds: name, is: ["nats", "redis"] },
  ],
  listVariables: [{ path: "/v1/apps/zulu/variables", by: "narrow", holds: name, is: ["A", "B", "C"] }],
  listTargets: [{ path: "/v1/targets", by: "whole", holds: name, is: ["web1"] }],
};

/** Lists whose rows are not the table's, or which only people have, and where they are held. */
const elsewhere: Readonly<Record<string, string>> = {
  getActivity: "what is under way, by what holds it: test/api/jobs.test.ts",
  listInvoices: "Stripe's: test/api/billing.test.ts",
  listPricingPlans: "a constant",
  listSessions: "a person's: test/api/sessions.test.ts",
  listJobEvents: "read as they come: test/domain/event.test.ts",
  readLogs: "read as they come: test/domain/log.test.ts",
};

interface Contract {
  readonly operationId: string;
  readonly responses: Readonly<
    Record<string, { content?: { "application/json"?: { schema?: { properties?: Record<string, unknown> } } } }>
  >;
}
const { paths } = JSON.parse(readFileSync("docs/openapi.json", "utf8")) as {
  paths: Readonly<Record<string, Readonly<Record<string, Contract>>>>;
};

test("every list of the API is here", () => {
  const found = Object.values(paths).flatMap(({ get }) =>
    get?.responses["200"]?.content?.["application/json"]?.schema?.properties?.items ? [get.operationId] : [],
  );
  expect([...Object.keys(lists), ...Object.keys(elsewhere)].sort()).toEqual(found.sort());
});

describe.each(Object.entries(lists))("%s is complete, and no page of it is empty while more follows", (_, cases) => {
  test.each(cases.flatMap((each) => [undefined, 1, 2, 100].map((limit) => ({ ...each, limit }))))(
    "$path by $by, $limit a page",
    async ({ path, by, holds, is, limit }) => {
      const found = (await all(path, scene[by], limit)).map(holds);
      if (typeof is !== "function") return expect(found).toEqual(is);
      expect(new Set(found).size).toBe(is());
      expect(found).toHaveLength(is());
    },
  );
});
