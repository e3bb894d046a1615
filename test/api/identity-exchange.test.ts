import { createHmac, createPublicKey, generateKeyPairSync } from "node:crypto";
import { createOidc } from "@berth/local/oidc/oidc.ts";
import { afterAll, describe, expect, test } from "vitest";
import { COMPOSE } from "../support/tenant.ts";
import { covers } from "./covers.ts";
import { api, deploying, exchange, identity, main, oidc } from "./identity.ts";
import { between } from "./overtaken.ts";

afterAll(() => api.close());

const deploy = (token: string, app = "shop") =>
  api.call("POST", `/v1/apps/${app}/deployments`, { token, body: { bundle: { compose: COMPOSE } } });

covers(
  "exchangeIdentity",
  "200",
  "a job's identity becomes a token that deploys that one app for a quarter of an hour",
  async () => {
    const { tenant, token, id } = await deploying();
    await tenant.app("other");
    const { status, body } = await exchange(id, identity());
    expect([status, body]).toMatchObject([200, { name: "github me/shop", scopes: ["deploy"], app: "shop", by: id }]);
    expect(Date.parse(body.expiresAt) - api.clock.now().getTime()).toBe(15 * 60_000);
    expect(api.dump()).not.toContain(body.secret);
    const { body: job } = await deploy(body.secret);
    expect(await tenant.work(job)).toMatchObject({ status: "succeeded", by: { kind: "token", name: "github me/shop" } });
    expect((await deploy(body.secret, "other")).body.code).toBe("token.scope");
    for (const [method, path] of [
      ["POST", "/v1/tokens"],
      ["GET", "/v1/tokens"],
      ["GET", "/v1/deployers"],
      ["DELETE", `/v1/deployers/${id}`],
      ["POST", "/v1/targets"],
    ] as const)
      expect(
        (await api.call(method, path, { token: body.secret, ...(method === "POST" && { body: sample[path] }) })).body.code,
      ).toBe("token.scope");
    const { body: tokens } = await api.call("GET", "/v1/tokens", { token });
    expect(
      tokens.items.map(({ name }: { name: string }) => name),
      "it is in no list",
    ).toEqual(["admin billing"]);
    const { body: lines } = await api.call("GET", "/v1/audit", { token });
    expect(lines.items).toContainEqual(
      expect.objectContaining({ action: "deployer.exchange", subject: id, detail: expect.stringContaining(body.id) }),
    );
    await api.clock.advance(15 * 60 + 1);
    expect((await deploy(body.secret)).status).toBe(401);
  },
);
const sample: Record<string, object> = {
  "/v1/tokens": { name: "n", scopes: ["deploy"] },
  "/v1/targets": { name: "web9", host: "127.0.0.1" },
};

describe("a token is refused, and gives nothing away,", () => {
  const now = () => Math.floor(api.clock.now().getTime() / 1000);
  const other = createOidc({ url: () => api.world.github.url, now: () => api.clock.now().getTime() });
  const text = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const claims = () => oidc.claimsOf(main, api.world.origin);
  const [key] = oidc.jwks().keys as { kid: string }[];
  const header = { typ: "JWT", kid: key?.kid };

  /** Signed with our own public key as the secret of an HMAC: what a verifier takes that lets the token choose. */
  const confused = () => {
    const said = `${text({ ...header, alg: "HS256" })}.${text(claims())}`;
    const pem = createPublicKey({ key: key as never, format: "jwk" }).export({ type: "spki", format: "pem" });
    return `${said}.${createHmac("sha256", pem).update(said).digest("base64url")}`;
  };
  const changed = () => {
    const [head, , signature] = identity({ repository: "thief/shop" }).split(".");
    return `${head}.${text(claims())}.${signature}`;
  };
  const swapped = () => {
    const [, body, signature] = other.sign(claims()).split(".");
    return `${text({ ...header, alg: "RS256" })}.${body}.${signature}`;
  };
  const embedded = () => {
    const { publicKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
    const [, body, signature] = other.sign(claims()).split(".");
    return `${text({ alg: "RS256", kid: "none-of-ours", jwk: publicKey.export({ format: "jwk" }) })}.${body}.${signature}`;
  };

  const invalid: [name: string, make: () => string, said: RegExp][] = [
    ["that is none", () => "x", /no signed JSON web token/],
    ["that is three dots", () => "...", /no signed JSON web token/],
    ["whose claims were changed", changed, /signature is not/],
    ["that another signed under the issuer's key id", swapped, /signature is not/],
    ["whose key the issuer does not publish", () => other.sign(claims()), /key that the issuer does not publish/],
    ["that brings its key along", embedded, /key that the issuer does not publish/],
    ["without a key's id", () => `${text({ alg: "RS256" })}.${text(claims())}.x`, /does not name its key/],
    ["that is not signed", () => `${text({ ...header, alg: "none" })}.${text(claims())}.`, /algorithm|no signed/],
    ["that is signed with the public key as a password", confused, /algorithm/],
    ["that has expired", () => identity({}, { exp: now() - 31 }), /expired/],
    ["that is not valid yet", () => identity({}, { nbf: now() + 31 }), /not valid yet/],
    ["from the future", () => identity({}, { iat: now() + 31, exp: now() + 400 }), /not valid yet/],
    ["that is older than an hour", () => identity({}, { iat: now() - 3700, exp: now() + 60 }), /expired|"iat"/],
    ["without an end", () => identity({}, { exp: undefined }), /"exp"/],
    ["without an id", () => identity({}, { jti: undefined }), /jti/],
    ["without the repository's id", () => identity({}, { repository_id: undefined }), /repository_id/],
    ["for another audience", () => identity({}, { aud: "https://github.com/me" }), /audience must be https:\/\/berth\.test/],
    ["for us and others", () => identity({}, { aud: ["https://berth.test", "https://other.test"] }), /audience/],
    ["for our address with a slash", () => identity({}, { aud: "https://berth.test/" }), /audience/],
    ["of another issuer", () => identity({}, { iss: "https://token.actions.githubusercontent.com.evil.test" }), /not issued by/],
  ];
  covers("exchangeIdentity", "deployer.token_invalid", "whatever is wrong with it", async () => {
    const { id } = await deploying();
    for (const [name, make, said] of invalid) {
      const { body } = await exchange(id, make());
      expect(body, name).toMatchObject({ status: 401, code: "deployer.token_invalid", detail: expect.stringMatching(said) });
    }
    expect((await exchange(id, identity())).status, "and the right one is good").toBe(200);
  });

  test("within half a minute that clocks differ it is accepted", async () => {
    const { id } = await deploying();
    expect((await exchange(id, identity({}, { nbf: now() + 29, iat: now() + 29 }))).status).toBe(200);
    expect((await exchange(id, identity({}, { exp: now() - 29 }))).status).toBe(200);
  });

  const foreign: [name: string, job: object, facts?: object][] = [
    ["of another repository", { repository: "me/other" }],
    ["of a repository whose name begins the same", { repository: "me/shop2" }],
    ["of a repository in other letters", { repository: "Me/shop" }],
    ["of another branch", { ref: "refs/heads/dev" }],
    ["of a tag of the branch's name", { ref: "refs/tags/main" }],
    ["of a branch below it", { ref: "refs/heads/main/x" }],
    ["of a pull request", { ref: "refs/pull/7/merge", event: "pull_request" }],
    ["of a fork's pull request that runs on the branch itself", { event: "pull_request_target" }],
    ["of a comment at a pull request", { event: "pull_request_review_comment" }],
    ["without an environment", {}, { ref: undefined, jobEnvironment: "production" }],
    ["of another environment", { environment: "staging" }, { ref: undefined, jobEnvironment: "production" }],
    [
      "of the environment, and another branch",
      { environment: "production", ref: "refs/heads/x" },
      { jobEnvironment: "production" },
    ],
    [
      "of a pull request with the environment",
      { environment: "p", event: "pull_request_target" },
      { ref: undefined, jobEnvironment: "p" },
    ],
    ["of a repository with another id", { repositoryId: "7" }, { repositoryId: "8" }],
  ];
  covers(
    "exchangeIdentity",
    "deployer.refused",
    "of a job that is not the deployer's, in the words of one that is not there",
    async () => {
      for (const [name, job, facts] of foreign) {
        const { id } = await deploying(facts);
        const token = identity(job);
        const { body } = await exchange(id, token);
        expect(body, name).toMatchObject({ status: 403, code: "deployer.refused" });
        const missing = `${id.slice(0, -1)}${id.endsWith("0") ? "1" : "0"}`;
        const { body: none } = await exchange(missing, token);
        const told = ({ detail, request: _, ...rest }: Record<string, string>, of: string) => ({
          ...rest,
          detail: detail?.replaceAll(of, "ID"),
        });
        expect(told(none, missing), name).toEqual(told(body, id));
      }
    },
  );
});

test("a deployer for an environment, for both, and for pull requests accepts their jobs", async () => {
  const both = { jobEnvironment: "production" };
  const only = { ref: undefined, jobEnvironment: "production" };
  for (const [facts, job] of [
    [both, { environment: "production" }],
    [only, { environment: "production", ref: "refs/tags/v1" }],
    [
      { ...only, pullRequests: true },
      { environment: "production", ref: "refs/pull/7/merge", event: "pull_request" },
    ],
    [{ repositoryId: "7" }, { repositoryId: "7" }],
  ] as const) {
    const { id } = await deploying(facts);
    expect((await exchange(id, identity(job))).body).toMatchObject({ app: "shop" });
  }
});

covers(
  "exchangeIdentity",
  "deployer.token_used",
  "each identity token is good once, also for another deployer and of two at once",
  async () => {
    const { id, tenant } = await deploying();
    const token = identity();
    expect((await exchange(id, token)).status).toBe(200);
    expect((await exchange(id, token)).body).toMatchObject({ status: 409, code: "deployer.token_used" });
    await api.clock.advance(329);
    expect((await exchange(id, token)).body.code, "as long as it could be good").toBe("deployer.token_used");
    await tenant.app("second");
    const second = await api.call("POST", "/v1/deployers", {
      token: await tenant.token(),
      body: { provider: "github", app: "second", ...main },
    });
    const another = identity();
    expect((await exchange(second.body.id, another)).status).toBe(200);
    expect((await exchange(id, another)).body.code).toBe("deployer.token_used");
    const third = identity();
    const codes = (await Promise.all([1, 2, 3].map(() => exchange(id, third)))).map(({ status }) => status);
    expect(codes.toSorted()).toEqual([200, 409, 409]);
  },
);

test("the first exchange fixes who the repository is: one that takes its name later is refused", async () => {
  const { id, token } = await deploying();
  expect((await exchange(id, identity({ repositoryId: "7", ownerId: "70" }))).status).toBe(200);
  const { body } = await api.call("GET", "/v1/deployers", { token });
  expect(body.items[0]).toMatchObject({ repositoryId: "7", ownerId: "70", lastUsedAt: expect.any(String) });
  expect((await exchange(id, identity({ repositoryId: "8", ownerId: "70" }))).body.code).toBe("deployer.refused");
  expect((await exchange(id, identity({ repositoryId: "7", ownerId: "71" }))).body.code).toBe("deployer.refused");
  const fresh = await deploying();
  const first = await Promise.all(["7", "8"].map((repositoryId) => exchange(fresh.id, identity({ repositoryId }))));
  expect(first.map(({ status }) => status).toSorted(), "of two at once one is the first").toEqual([200, 403]);
});

test("a repository whose first exchange comes between another's reading and its writing is the one", async () => {
  const { id } = await deploying();
  const first = () => exchange(id, identity({ repositoryId: "7", ownerId: "70" }));
  const late = await between(api, first, () => exchange(id, identity({ repositoryId: "8", ownerId: "70" })));
  expect(late.body).toMatchObject({ status: 403, code: "deployer.refused" });
  expect((await first()).status).toBe(200);
});

test("a deployer leads to its own account, whoever asks and whatever they hold", async () => {
  const ann = await deploying();
  const eve = await deploying({ repository: "eve/shop" });
  const stolen = await exchange(ann.id, identity({ repository: "eve/shop" }));
  expect(stolen.body.code).toBe("deployer.refused");
  const { body } = await exchange(eve.id, identity({ repository: "eve/shop" }));
  const job = await deploy(body.secret);
  expect((await api.call("GET", "/v1/jobs", { token: ann.token })).text).not.toContain(job.body.id);
  const remove = await api.call("DELETE", `/v1/deployers/${ann.id}`, { token: eve.token });
  expect(remove.body.code).toBe("deployer.not_found");
  expect((await exchange(ann.id, identity())).status).toBe(200);
});

covers(
  "exchangeIdentity",
  "rate.limited",
  "so many an address and a deployer, and strangers use up nothing of a deployer's",
  async () => {
    const { id } = await deploying();
    const stranger = identity({ repository: "eve/shop" });
    for (let i = 0; i < 120; i++) expect((await exchange(id, stranger, "203.0.113.9")).status).toBe(403);
    expect((await exchange(id, stranger, "203.0.113.9")).body).toMatchObject({ status: 429, code: "rate.limited" });
    for (let i = 0; i < 60; i++) expect((await exchange(id, identity(), `203.0.113.${100 + (i % 2)}`)).status).toBe(200);
    expect((await exchange(id, identity(), "203.0.113.102")).body.code).toBe("rate.limited");
  },
);

covers("exchangeIdentity", "deployer.unavailable", "while the issuer's keys cannot be read nobody is let in", async () => {
  const { id } = await deploying();
  const { github } = api.world;
  const keys = Object.getOwnPropertyDescriptor(github, "keys");
  Object.assign(github, { keys: () => Promise.reject(new Error("no route")) });
  const answer = await exchange(id, identity());
  Object.defineProperty(github, "keys", keys as PropertyDescriptor);
  expect(answer.body).toMatchObject({ status: 503, code: "deployer.unavailable" });
  expect(answer.text).not.toContain("no route");
});

covers("exchangeIdentity", "account.closing", "an account that is being closed lets no job in", async () => {
  const { id, tenant } = await deploying();
  const { accountKey, getAccount } = await import("@berth/domain/entitlement/account.ts");
  const { putOne } = await import("@berth/domain/table.ts");
  await putOne(tenant.ctx, accountKey(tenant.ctx), {
    ...(await getAccount(tenant.ctx)),
    closingAt: api.clock.now().toISOString(),
  });
  expect((await exchange(id, identity())).body.code).toBe("account.closing");
});
