import { testTenant } from "../support/tenant.ts";
import { api } from "./added.ts";

/** Secrets and variables of an app, over the API. */
export const CANARY = 'canary-7c1d/$ü"\n second line';
export const path = "/v1/apps/shop/variables";
interface Where {
  readonly kind?: string;
  readonly environment?: string;
  readonly namespace?: string;
}
export const set = (token: string, values: Record<string, unknown>, more: Where = {}) =>
  api.call("PUT", path, { token, body: { kind: "secret", values, ...more } });
export const listed = async (token: string, query = "") => (await api.call("GET", `${path}${query}`, { token })).body.items;
export const reveal = (token: string, name: string, body: object = { reason: "to look at it" }) =>
  api.call("POST", `${path}/${name}/reveal`, { token, body });

export async function ready() {
  const tenant = await testTenant(api);
  await tenant.target();
  await tenant.app();
  return { tenant, token: await tenant.token() };
}
