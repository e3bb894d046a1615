import { createOidc, type GithubJob } from "@berth/local/oidc/oidc.ts";
import { testApi } from "../support/api.ts";
import { testTenant } from "../support/tenant.ts";

const URL = "https://token.actions.githubusercontent.com";
let now = () => Date.now();
export const oidc = createOidc({ url: () => URL, now: () => now() });

/** Not cached: what is kept of the keys is test/aws/issuer.test.ts's. */
export const api = testApi({
  over: { github: { url: URL, keys: () => Promise.resolve(oidc.jwks().keys as never) } },
});
now = () => api.clock.now().getTime();

export const main: GithubJob = { repository: "me/shop", ref: "refs/heads/main" };

/** An account with an app, a server and a deployer for the main branch of me/shop, unless told otherwise. */
export async function deploying(facts: object = {}, email?: string) {
  const tenant = await testTenant(api, email === undefined ? {} : { email });
  await tenant.target();
  await tenant.app();
  const token = await tenant.token();
  const body = { provider: "github", app: "shop", ...main, ...facts };
  const added = await api.call("POST", "/v1/deployers", { token, body });
  return { tenant, token, added, id: String(added.body.id) };
}

export const exchange = (deployer: string, token: string, ip = "203.0.113.7") =>
  api.call("POST", "/v1/auth/oidc", { body: { deployer, token }, headers: { "x-berth-source-ip": ip } });

export const identity = (job: Partial<GithubJob> = {}, claims: object = {}) =>
  oidc.sign({ ...oidc.claimsOf({ ...main, ...job }, api.world.origin), ...claims });
