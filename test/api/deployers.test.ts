import { DEPLOYERS_MOST } from "@berth/domain/deployer/add.ts";
import { removeApp } from "@berth/domain/deployment/remove.ts";
import { afterAll, expect, test } from "vitest";
import { testTenant } from "../support/tenant.ts";
import { covers } from "./covers.ts";
import { api, deploying, exchange, identity, main } from "./identity.ts";

afterAll(() => api.close());

covers("removeDeployer", "204", "its jobs' tokens stop working at once, and it lets no job in any more", async () => {
  const { id, token } = await deploying();
  const { body } = await exchange(id, identity());
  const me = () => api.call("GET", "/v1/me", { token: body.secret });
  for (let i = 0; i < 2; i++) expect((await me()).status).toBe(200);
  expect((await api.call("DELETE", `/v1/deployers/${id}`, { token })).status).toBe(204);
  expect((await me()).status).toBe(401);
  expect((await exchange(id, identity())).body.code).toBe("deployer.refused");
  const both = await deploying();
  const [given] = await Promise.all([
    exchange(both.id, identity()),
    api.call("DELETE", `/v1/deployers/${both.id}`, { token: both.token }),
  ]);
  if (given.status === 200) expect((await api.call("GET", "/v1/me", { token: given.body.secret })).status).toBe(401);
});

covers("removeDeployer", "deployer.not_found", "one that is not there, or was removed, is not found", async () => {
  const { id, token } = await deploying();
  for (const [at, status] of [
    [id, 204],
    [id, 404],
    ["dpr_none", 404],
  ] as const)
    expect((await api.call("DELETE", `/v1/deployers/${at}`, { token })).status).toBe(status);
});

test("an app that is made again under the same name is not the deployer's", async () => {
  const { id, tenant } = await deploying();
  await removeApp(tenant.ctx, { app: "shop", volumes: "keep" } as never);
  await tenant.drain();
  await tenant.app();
  expect((await exchange(id, identity())).body.code).toBe("deployer.refused");
});

covers("addDeployer", "201", "is told by mail and in the audit log, and each is asked for a ref or an environment", async () => {
  const { added, tenant, token } = await deploying({ jobEnvironment: "production" });
  expect([added.status, added.body]).toMatchObject([
    201,
    {
      id: expect.stringMatching(/^dpr_/),
      app: "shop",
      repository: "me/shop",
      ref: "refs/heads/main",
      jobEnvironment: "production",
    },
  ]);
  const mail = api.mails().find(({ to, template }) => to === tenant.user.email && template === "deployer-added");
  expect(mail?.data).toMatchObject({
    id: added.body.id,
    where: "refs/heads/main, environment production",
    by: 'the token "admin billing"',
  });
  const body = { provider: "github", app: "shop", repository: "me/shop" };
  const refused = [
    {},
    { ref: "main" },
    { ref: "refs/heads/" },
    { ref: "refs/heads/a b" },
    { ref: "refs/heads/main", pullRequests: true },
    { ref: "refs/heads/main", repository: "me" },
    { ref: "refs/heads/main", repository: "me/shop/x" },
    { ref: "refs/heads/main", provider: "evil" },
    { ref: "refs/heads/main", repositoryId: "x" },
  ];
  for (const facts of refused)
    expect(
      (await api.call("POST", "/v1/deployers", { token, body: { ...body, ...facts } })).body.code,
      JSON.stringify(facts),
    ).toBe("input.invalid");
});

covers("addDeployer", "auth.proof", "nobody who proved nothing lately adds one", async () => {
  const { token } = await deploying();
  await api.clock.advance(901);
  const body = { provider: "github", app: "shop", ...main };
  expect((await api.call("POST", "/v1/deployers", { token, body })).body.code).toBe("auth.proof");
});

covers("addDeployer", "app.not_found", "only for an app that is there", async () => {
  expect((await deploying({ app: "none" })).added.body.code).toBe("app.not_found");
});

covers("addDeployer", "deployer.too_many", "the fifty-first is refused, also of many at once", async () => {
  const { token } = await deploying();
  const add = () => api.call("POST", "/v1/deployers", { token, body: { provider: "github", app: "shop", ...main } });
  for (let i = 0; i < DEPLOYERS_MOST - 3; i++) expect((await add()).status).toBe(201);
  const last = await Promise.all([1, 2, 3, 4].map(add));
  expect(last.map(({ status }) => status).toSorted()).toEqual([201, 201, 409, 409]);
  expect((await add()).body).toMatchObject({ status: 409, code: "deployer.too_many" });
});

covers(
  "addDeployer",
  "idempotency.mismatch",
  "a key used for another request is refused, and the same request adds one",
  async () => {
    const tenant = await testTenant(api);
    await tenant.app();
    const token = await tenant.token();
    const add = (repository: string) =>
      api.call("POST", "/v1/deployers", {
        token,
        headers: { "idempotency-key": "k" },
        body: { provider: "github", app: "shop", ...main, repository },
      });
    const [one, again, other] = [await add("me/a"), await add("me/a"), await add("me/b")];
    expect(again.body).toEqual(one.body);
    expect(other.body.code).toBe("idempotency.mismatch");
  },
);

covers("addDeployer", "idempotency.busy", "of two at once with one key one adds it", async () => {
  const { token } = await deploying();
  const body = { provider: "github", app: "shop", ...main };
  const add = () => api.call("POST", "/v1/deployers", { token, body, headers: { "idempotency-key": "once" } });
  const answers = await Promise.all([add(), add()]);
  expect(answers.map(({ status }) => status).toSorted()).toEqual([201, 409]);
  expect(answers.find(({ status }) => status === 409)?.body.code).toBe("idempotency.busy");
});

covers("listDeployers", "200", "lists them newest first, and of no other account", async () => {
  const { token, id } = await deploying();
  await api.clock.advance(1);
  const newer = await api.call("POST", "/v1/deployers", {
    token,
    body: { provider: "github", app: "shop", repository: "me/newer", ref: "refs/tags/v1" },
  });
  await deploying();
  const { body } = await api.call("GET", "/v1/deployers", { token });
  expect(body.items.map((each: { id: string }) => each.id)).toEqual([newer.body.id, id]);
});
