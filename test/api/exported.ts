import { afterAll } from "vitest";
import { testApi } from "../support/api.ts";
import { COMPOSE, type TestTenant } from "../support/tenant.ts";

export const api = testApi();

export const release = (number: number, app = "shop") => ({
  app,
  number,
  images: [`registry.test/${app}:${number}`],
  createdAt: "2026-01-02T03:04:05Z",
});
export const target = (name: string, host = "127.0.0.1", port = 22) => ({ name, host, port, user: "root" });
export const app = (name: string, more: object = {}) => ({ name, compose: COMPOSE, ...more });
export const exported = (more: object = {}) => ({
  format: "berth-self-hosted",
  version: 1,
  targets: [target("north"), target("south", "127.0.0.2", 2222)],
  apps: [app("store", { targets: ["north"], variables: ["DB_PASSWORD"], environments: ["production", "staging"] }), app("blog")],
  releases: [release(1, "store"), release(2, "store"), release(1, "blog")],
  webhooks: [{ repository: "acme/store", branch: "main", app: "store" }],
  ...more,
});

export const ask = async (tenant: TestTenant, body: object, headers: Record<string, string> = {}) =>
  api.call("POST", "/v1/imports", { token: await tenant.token(), body, headers });
export const plan = async (tenant: TestTenant, document: object = exported()) => (await ask(tenant, { document })).body;
export const apply = async (tenant: TestTenant, document: object = exported(), hash?: string) =>
  ask(tenant, { document, apply: true, plan: hash ?? (await plan(tenant, document)).plan });

/** `kind name action` of each item. */
export const actions = (body: { items: { kind: string; name: string; action: string; limit?: string }[] }) =>
  body.items.map(({ kind, name, action, limit }) => [kind, name, action, ...(limit ? [limit] : [])].join(" "));

/** What an import may change, as a customer sees it. */
export const contents = async (tenant: TestTenant) => {
  const token = await tenant.token(["read"]);
  const read = async (path: string) => (await api.call("GET", `/v1${path}`, { token })).body.items;
  return {
    targets: await read("/targets"),
    apps: await read("/apps"),
    imports: await read("/imports"),
    jobs: await read("/jobs"),
  };
};

/** Ends the API after the tests of a file. */
export function useApi(): void {
  afterAll(() => api.close());
}
