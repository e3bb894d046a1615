import { afterAll } from "vitest";
import { testApi } from "../support/api.ts";
import { COMPOSE, type TestTenant, testTenant } from "../support/tenant.ts";

export const api = testApi();

export const bundle = { compose: COMPOSE };
export const ready = async (plan: "solo" | "pro" = "pro") => {
  const tenant = await testTenant(api, { plan });
  await tenant.target();
  await tenant.app();
  return { tenant, token: await tenant.token() };
};
export const post =
  (path: string, body: object = {}, headers = {}) =>
  async (tenant: TestTenant) =>
    api.call("POST", path, { token: await tenant.token(), body, headers });

/** Ends the API after the tests of a file. */
export function useApi(): void {
  afterAll(() => api.close());
}
