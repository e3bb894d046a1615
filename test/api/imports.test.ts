import { afterAll, expect, test } from "vitest";
import { testApi } from "../support/api.ts";
import { COMPOSE, type TestTenant, testTenant } from "../support/tenant.ts";
import { covers } from "./covers.ts";
import { refusedIn } from "./entitled.ts";

const api = testApi();
afterAll(() => api.close());

const release = (number: number, app = "shop") => ({
  app,
  number,
  images: [`registry.test/${app}:${number}`],
  createdAt: "2026-01-02T03:04:05Z",
});
const target = (name: string, host = "127.0.0.1", port = 22) => ({ name, host, port, user: "root" });
const app = (name: string, more: object = {}) => ({ name, compose: COMPOSE, ...more });
const exported = (more: object = {}) => ({
  format: "berth-self-hosted",
  version: 1,
  targets: [target("north"), target("south", "127.0.0.2", 2222)],
  apps: [app("store", { targets: ["north"], variables: ["DB_PASSWORD"], environments: ["production", "staging"] }), app("blog")],
  releases: [release(1, "store"), release(2, "store"), release(1, "blog")],
  webhooks: [{ repository: "acme/store", branch: "main", app: "store" }],
  ...more,
});
type Document = ReturnType<typeof exported>;

const ask = async (tenant: TestTenant, body: object, headers: Record<string, string> = {}) =>
  api.call("POST", "/v1/imports", { token: await tenant.token(), body, headers });
const plan = async (tenant: TestTenant, document: object = exported()) => (await ask(tenant, { document })).body;
const apply = async (tenant: TestTenant, document: object = exported(), hash?: string) =>
  ask(tenant, { document, apply: true, plan: hash ?? (await plan(tenant, document)).plan });

/** `kind name action` of each item. */
const actions = (body: { items: { kind: string; name: string; action: string; limit?: string }[] }) =>
  body.items.map(({ kind, name, action, limit }) => [kind, name, action, ...(limit ? [limit] : [])].join(" "));
const everything = (action: string) => [
  `target north ${action}`,
  `target south ${action}`,
  `app store ${action}`,
  `app blog ${action}`,
  `history store ${action}`,
  `history blog ${action}`,
  `webhook acme/store#main -> store ${action}`,
];

/** What an import may change, as a customer sees it. */
const contents = async (tenant: TestTenant) => {
  const token = await tenant.token(["read"]);
  const read = async (path: string) => (await api.call("GET", `/v1${path}`, { token })).body.items;
  return {
    targets: await read("/targets"),
    apps: await read("/apps"),
    imports: await read("/imports"),
    jobs: await read("/jobs"),
  };
};

covers("createImport", "200", "a plan is looked at, applied by its digest, and a second time makes nothing", async () => {
  const tenant = await testTenant(api);
  const planned = await plan(tenant);
  expect(planned).toMatchObject({ applied: false, needs: { slots: 2, targets: 2 }, fits: "solo" });
  expect(actions(planned)).toEqual(everything("create"));
  expect(await contents(tenant)).toEqual({ targets: [], apps: [], imports: [], jobs: [] });

  const first = await apply(tenant, exported(), planned.plan);
  expect([first.status, first.body.applied, first.body.plan]).toEqual([200, true, planned.plan]);
  expect(actions(first.body)).toEqual(everything("created"));
  const after = await contents(tenant);
  expect(after.targets.map((each: { name: string; status: string }) => [each.name, each.status])).toEqual([
    ["north", "untrusted"],
    ["south", "untrusted"],
  ]);
  expect(first.body.items[0].publicKey).toBe(after.targets[0].publicKey);
  expect(new Set(after.targets.map(({ publicKey }: { publicKey: string }) => publicKey)).size).toBe(2);
  expect(after.apps).toMatchObject([
    { name: "blog", slot: false, environments: [] },
    { name: "store", slot: false, environments: [] },
  ]);
  expect(after.jobs.map(({ kind }: { kind: string }) => kind)).toEqual(["check", "check"]);
  expect(await tenant.account()).toMatchObject({ targets: 2, slots: 0 });

  for (const again of [await apply(tenant, exported(), planned.plan), await apply(tenant)])
    expect(actions(again.body)).toEqual(everything("exists"));
  const { jobs: _jobs, ...rest } = after;
  expect(await contents(tenant)).toMatchObject(rest);
  const audit = (await api.call("GET", "/v1/audit", { token: await tenant.token() })).body.items;
  const count = (action: string) => audit.filter((line: { action: string }) => line.action === action).length;
  expect(["target.add", "app.create"].map(count)).toEqual([2, 2]);
});

covers("listImports", "200", "what was brought along is kept with its app and is nobody else's", async () => {
  const tenant = await testTenant(api);
  await apply(tenant);
  const { imports } = await contents(tenant);
  expect(imports).toMatchObject([
    { app: "blog", releases: [{ number: 1 }], webhooks: [] },
    {
      app: "store",
      compose: COMPOSE,
      environments: ["production", "staging"],
      targets: ["north"],
      variables: ["DB_PASSWORD"],
      releases: [{ number: 1, images: ["registry.test/store:1"] }, { number: 2 }],
      webhooks: [{ repository: "acme/store", branch: "main" }],
    },
  ]);
  expect((await contents(await testTenant(api))).imports).toEqual([]);
  const narrow = await tenant.token(["read"], { app: "blog" });
  const seen = await api.call("GET", "/v1/imports", { token: narrow });
  expect(seen.body.items.map((each: { app: string }) => each.app)).toEqual(["blog"]);
  const page = await api.call("GET", "/v1/imports?limit=1", { token: await tenant.token(["read"]) });
  expect(page.body).toMatchObject({ items: [{ app: "blog" }], next: "blog" });
  await api.call("DELETE", "/v1/apps/blog", { token: await tenant.token() });
  expect((await contents(tenant)).imports.map((each: { app: string }) => each.app)).toEqual(["store"]);
});

test("what became of the installation since is added to the notes, and only that", async () => {
  const tenant = await testTenant(api);
  await apply(tenant);
  const before = exported();
  const later: Document = {
    ...before,
    releases: [...before.releases, release(3, "store")],
    webhooks: [...before.webhooks, { repository: "acme/blog", branch: "main", app: "blog" }],
  };
  const { body } = await apply(tenant, later);
  expect(actions(body).filter((each) => !each.endsWith("exists"))).toEqual([
    "history store created",
    "webhook acme/blog#main -> blog created",
  ]);
  const { imports } = await contents(tenant);
  expect(imports[1].releases.map(({ number }: { number: number }) => number)).toEqual([1, 2, 3]);
  expect(imports[0].webhooks).toEqual([{ repository: "acme/blog", branch: "main" }]);
});

test("what does not fit the plan is said, limit by limit, and what fits is made", async () => {
  const tenant = await testTenant(api, { plan: "solo" });
  const hosts = [1, 2, 3].map((n) => target(`web${n}`, `127.0.0.${n}`));
  const apps = [1, 2, 3, 4].map((n) => app(`app${n}`, { targets: ["web3"] }));
  const document = exported({ targets: hosts, apps, releases: [release(1, "app4")], webhooks: [] });
  const wanted = (action: string) => [
    `target web1 ${action}`,
    `target web2 ${action}`,
    "target web3 over_limit targets",
    `app app1 ${action}`,
    `app app2 ${action}`,
    `app app3 ${action}`,
    "app app4 over_limit slots",
    "history app4 skipped",
  ];
  const planned = await plan(tenant, document);
  expect(actions(planned)).toEqual(wanted("create"));
  expect(planned).toMatchObject({ needs: { slots: 4, targets: 3 }, fits: "pro" });
  expect(planned.items[3].reason).toBe("Not here: web3.");
  expect(actions((await apply(tenant, document)).body)).toEqual(wanted("created"));
  expect(actions((await apply(tenant, document)).body)).toEqual(wanted("exists"));
  await tenant.entitle("active", { plan: "pro" });
  const rest = (await apply(tenant, document)).body;
  expect(actions(rest).filter((each) => each.endsWith("created"))).toEqual([
    "target web3 created",
    "app app4 created",
    "history app4 created",
  ]);
});

test("without a plan everything can be looked at and the smallest plan that holds it is named", async () => {
  const planned = await plan(await testTenant(api, { state: "none" }));
  expect(actions(planned).slice(0, 4)).toEqual([
    "target north over_limit targets",
    "target south over_limit targets",
    "app store over_limit slots",
    "app blog over_limit slots",
  ]);
  expect(planned.fits).toBe("solo");
});

test("another thing of the same name, or the same server under another name, is a conflict and is left as it is", async () => {
  const tenant = await testTenant(api);
  await tenant.target("north", "127.0.0.9");
  await tenant.target("other", "127.0.0.3");
  await tenant.app("store");
  const document = exported({ targets: [target("north"), target("south", "127.0.0.3")] });
  const before = await contents(tenant);
  const { body } = await apply(tenant, document);
  expect(actions(body)).toEqual([
    "target north conflict",
    "target south conflict",
    "app store conflict",
    "app blog created",
    "history store skipped",
    "history blog created",
    "webhook acme/store#main -> store skipped",
  ]);
  for (const item of body.items) if (item.action === "conflict") expect(item.reason).toBeTruthy();
  expect((await contents(tenant)).targets).toEqual(before.targets);
  const changed = await plan(tenant, exported({ apps: [app("blog", { compose: `${COMPOSE}# other\n` })] }));
  expect(actions(changed)).toContain("app blog conflict");
});

test("an address that no target may have is skipped, and a Compose file that cannot be deployed is told beforehand", async () => {
  const tenant = await testTenant(api);
  const apps = [app("store", { compose: "services:\n  web:\n    build: .\n" })];
  const document = exported({
    targets: [target("cloud", "169.254.169.254")],
    apps,
    releases: [release(1, "gone")],
    webhooks: [],
  });
  const planned = await plan(tenant, document);
  expect(actions(planned)).toEqual(["target cloud skipped", "app store create", "history gone skipped"]);
  const made = (await apply(tenant, document)).body;
  for (const { items } of [planned, made])
    expect(items[1].reason).toMatch(/^Before it can be deployed: Service "web" is built from source/);
});

test("two at once make everything once, and both are told that it is there", async () => {
  const tenant = await testTenant(api);
  const { plan: hash } = await plan(tenant);
  const answers = await Promise.all([apply(tenant, exported(), hash), apply(tenant, exported(), hash)]);
  for (const { status, body } of answers) {
    expect(status).toBe(200);
    for (const item of body.items) expect(["created", "exists"]).toContain(item.action);
  }
  const made = answers
    .flatMap(({ body }) => actions(body))
    .filter((each) => / created$/.test(each) && !/^(history|webhook)/.test(each));
  expect(made.toSorted()).toEqual(["app blog created", "app store created", "target north created", "target south created"]);
  expect(await tenant.account()).toMatchObject({ targets: 2 });
});

test("an import that was cut short goes on by the plan that was agreed to", async () => {
  const tenant = await testTenant(api);
  const { plan: hash } = await plan(tenant);
  const { client } = api.world.table;
  const send = client.send.bind(client);
  let commits = 0;
  // biome-ignore lint/suspicious/noExplicitAny: the command is passed on as it came
  client.send = (async (command: any) => {
    if (JSON.stringify(command.input).includes("APP#blog") && command.constructor.name === "TransactWriteCommand")
      throw new Error(`cut after ${++commits}`);
    return send(command);
  }) as typeof send;
  const cut = await apply(tenant, exported(), hash);
  client.send = send;
  expect([cut.status, commits]).toEqual([500, 1]);
  expect((await contents(tenant)).apps.map(({ name }: { name: string }) => name)).toEqual(["store"]);
  const { body } = await apply(tenant, exported(), hash);
  const another = exported({ apps: [app("store"), app("other")], releases: [], webhooks: [] });
  expect((await apply(tenant, another, hash)).body.code).toBe("import.plan_changed");
  expect(actions(body)).toEqual(
    everything("exists").map((each) => (/blog/.test(each) ? each.replace("exists", "created") : each)),
  );
});

covers(
  "createImport",
  "import.plan_changed",
  "only the plan that is true, of this tenant and this export, is applied",
  async () => {
    const [tenant, stranger] = [await testTenant(api), await testTenant(api)];
    const { plan: hash } = await plan(tenant);
    const refused = (answer: { body: object }) =>
      expect(answer.body).toMatchObject({
        status: 409,
        code: "import.plan_changed",
        plan: expect.stringMatching(/^[0-9a-f]{64}$/),
      });
    refused(await ask(tenant, { document: exported(), apply: true }));
    refused(await apply(tenant, exported(), "0".repeat(64)));
    refused(await apply(tenant, exported({ apps: [app("other")], releases: [], webhooks: [] }), hash));
    refused(await apply(stranger, exported(), hash));
    await tenant.target("north", "127.0.0.9");
    refused(await apply(tenant, exported(), hash));
    expect((await contents(tenant)).apps).toEqual([]);
    expect(await contents(stranger)).toEqual({ targets: [], apps: [], imports: [], jobs: [] });
  },
);

covers(
  "createImport",
  "import.secret",
  "a secret refuses the file, with its path and never its value, and nothing is kept",
  async () => {
    const tenant = await testTenant(api);
    const value = "hunter2-never-shown";
    const compose = `services:\n  web:\n    image: a\n    environment:\n      DB_PASSWORD: ${value}\n`;
    for (const [document, path] of [
      [exported({ apps: [app("store", { password: value })] }), "apps.0.password"],
      [exported({ apps: [app("store", { compose })] }), "apps.0.compose.services.web.environment.DB_PASSWORD"],
    ] as const)
      for (const more of [{}, { apply: true, plan: "0".repeat(64) }]) {
        const answer = await ask(tenant, { document, ...more });
        expect(answer.body).toMatchObject({ status: 422, code: "import.secret", path, detail: `At ${path}.` });
        expect(answer.text).not.toContain(value);
      }
    expect(api.dump() + JSON.stringify(api.logs)).not.toContain(value);
  },
);

test("fields that are wrong are named, and so are names that are there twice or lead nowhere", async () => {
  const tenant = await testTenant(api);
  for (const [document, field] of [
    [{ format: "other", version: 1 }, "body.document.format"],
    [{ format: "berth-self-hosted", version: 2 }, "body.document.version"],
    [exported({ targets: [target("North")] }), "body.document.targets.0.name"],
    [exported({ targets: [target("north", "h", 0)] }), "body.document.targets.0.port"],
    [exported({ targets: [target("north"), target("north", "h")] }), "body.document.targets.1.name"],
    [exported({ apps: [app("store", { targets: ["west"] })] }), "body.document.apps.0.targets.0"],
    [exported({ apps: [app("store", { variables: ["A=1"] })] }), "body.document.apps.0.variables.0"],
    [exported({ releases: [{ ...release(1), createdAt: "yesterday" }] }), "body.document.releases.0.createdAt"],
  ] as const) {
    const { body } = await ask(tenant, { document });
    expect(body).toMatchObject({ status: 422, code: "input.invalid" });
    expect(body.detail).toContain(field);
  }
});

test("a token of one app, and one that may only deploy, cannot even look at a plan", async () => {
  const tenant = await testTenant(api);
  for (const token of [await tenant.token(["deploy"]), await tenant.token(["admin"], { app: "store" })])
    expect((await api.call("POST", "/v1/imports", { token, body: { document: exported() } })).body.code).toBe("token.scope");
});

const applied = (tenant: TestTenant) => ask(tenant, { document: exported(), apply: true, plan: "0".repeat(64) });
covers("createImport", "billing.required", "needs a plan", () => refusedIn(api, "none", applied));
covers("createImport", "billing.grace", "is paused in grace", () => refusedIn(api, "grace", applied));
covers("createImport", "billing.restricted", "is off when the bill stays unpaid", () => refusedIn(api, "restricted", applied));
covers("createImport", "billing.hold", "is off while a payment is disputed", () => refusedIn(api, "hold", applied));

covers("createImport", "idempotency.mismatch", "a key gives its answer again, and refuses another export", async () => {
  const tenant = await testTenant(api);
  const token = await tenant.token();
  const { plan: hash } = await plan(tenant);
  const send = (body: object) => api.call("POST", "/v1/imports", { token, body, headers: { "idempotency-key": "k" } });
  const first = await send({ document: exported(), apply: true, plan: hash });
  expect(actions(first.body)).toEqual(everything("created"));
  expect((await send({ document: exported(), apply: true, plan: hash })).body).toEqual(first.body);
  expect((await send({ document: exported({ apps: [] }) })).body.code).toBe("idempotency.mismatch");
});

covers("createImport", "idempotency.busy", "of two at once with one key one is answered; the other may ask again", async () => {
  const tenant = await testTenant(api);
  const token = await tenant.token();
  const body = { document: exported(), apply: true, plan: (await plan(tenant)).plan };
  const send = () => api.call("POST", "/v1/imports", { token, body, headers: { "idempotency-key": "k" } });
  const answers = await Promise.all([send(), send()]);
  expect(answers.map(({ body: { code } }) => code ?? "done").toSorted()).toEqual(["done", "idempotency.busy"]);
  expect(actions((await send()).body)).toHaveLength(7);
  expect((await contents(tenant)).targets).toHaveLength(2);
});
