import { afterAll } from "vitest";
import { testApi } from "../support/api.ts";
import { testTenant } from "../support/tenant.ts";

export const api = testApi();

export const body = { name: "web1", host: "127.0.0.1", user: "deploy" };
export const added = async () => {
  const tenant = await testTenant(api);
  const token = await tenant.token();
  const answer = await api.call("POST", "/v1/targets", { token, body });
  return { tenant, token, ...answer.body };
};

/** Ends the API after the tests of a file. */
export function useApi(): void {
  afterAll(() => api.close());
}
