import { expect, test } from "vitest";
import { COMPOSE, type TestTenant, testTenant } from "../support/tenant.ts";
import { covers } from "./covers.ts";
import { refusedIn } from "./entitled.ts";
import { actions, api, app, apply, ask, contents, exported, plan, release, useApi } from "./exported.ts";

useApi();

type Document = ReturnType<typeof exported>;
const everything = (action: string) => [
  `target north ${action}`,
  `target south ${action}`,
  `app store ${action}`,
  `app blog ${action}`,
  `history store ${action}`,
  `history blog ${action}`,
  `webhook acme/store#main -> store ${action}`,
];

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
  expect(after.jobs.map(({ kind }: { kind: string }) => kind)).toEqual(["target.check", "target.check"]);
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
