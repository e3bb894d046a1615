import { createLocalJWKSet, jwtVerify } from "jose";
import { afterAll, beforeAll, expect, test } from "vitest";
import { enginesServer } from "../../packages/local/src/cloud/engines.ts";
import { createOidc } from "../../packages/local/src/oidc/oidc.ts";
import { oidcService } from "../../packages/local/src/oidc/wire.ts";
import { close, listen } from "../../packages/local/src/state/server.ts";

let url = "";
const oidc = createOidc({ url: () => url, now: Date.now });
const server = enginesServer([oidcService(oidc)], () => new Response(), String);
beforeAll(async () => {
  url = `http://127.0.0.1:${(await listen(server, 0)).port}/oidc`;
});
afterAll(() => close(server));

const ask = (at: string, bearer: string) => fetch(at, { headers: { authorization: `Bearer ${bearer}` } });
const keys = async () => createLocalJWKSet(await (await fetch(`${url}/.well-known/jwks`)).json());

test("a job's identity token says what GitHub's says, for the audience that was asked for, and another program verifies it", async () => {
  const given = oidc.begin({ repository: "me/shop", ref: "refs/heads/main", environment: "production" });
  const at = given.ACTIONS_ID_TOKEN_REQUEST_URL;
  const answer = await ask(`${at}&audience=https://berth.test`, given.ACTIONS_ID_TOKEN_REQUEST_TOKEN);
  const { value } = (await answer.json()) as { value: string };
  const { payload } = await jwtVerify(value, await keys(), {
    issuer: url,
    audience: "https://berth.test",
    algorithms: ["RS256"],
  });
  expect(payload).toMatchObject({
    sub: "repo:me/shop:environment:production",
    repository: "me/shop",
    repository_owner: "me",
    ref: "refs/heads/main",
    environment: "production",
    event_name: "push",
    repository_id: expect.stringMatching(/^\d+$/),
    jti: expect.any(String),
  });
  const again = (await (await ask(at, given.ACTIONS_ID_TOKEN_REQUEST_TOKEN)).json()) as { value: string };
  const other = await jwtVerify(again.value, await keys());
  expect(other.payload.jti).not.toBe(payload.jti);
  expect(other.payload.aud).toBe("https://github.com/me");
});

test("nobody gets a token without the job's own request token", async () => {
  const one = oidc.begin({ repository: "me/shop", ref: "refs/heads/main" });
  const two = oidc.begin({ repository: "me/other", ref: "refs/heads/main" });
  for (const bearer of ["", "none", two.ACTIONS_ID_TOKEN_REQUEST_TOKEN])
    expect((await ask(one.ACTIONS_ID_TOKEN_REQUEST_URL, bearer)).status).toBe(401);
  oidc.clear();
  expect((await ask(one.ACTIONS_ID_TOKEN_REQUEST_URL, one.ACTIONS_ID_TOKEN_REQUEST_TOKEN)).status).toBe(401);
});

test("after a change of keys tokens of the one before are still verified", async () => {
  const before = oidc.sign(oidc.claimsOf({ repository: "me/shop", ref: "refs/heads/main" }));
  oidc.rotate();
  const after = oidc.sign(oidc.claimsOf({ repository: "me/shop", ref: "refs/heads/main" }));
  const kid = (token: string) => JSON.parse(Buffer.from(token.split(".")[0] ?? "", "base64url").toString()).kid;
  expect(kid(after)).not.toBe(kid(before));
  for (const token of [before, after]) await jwtVerify(token, await keys(), { issuer: url });
});
