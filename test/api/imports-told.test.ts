import { expect, test } from "vitest";
import { COMPOSE, testTenant } from "../support/tenant.ts";
import { covers } from "./covers.ts";
import { actions, api, app, apply, ask, contents, exported, plan, release, target, useApi } from "./exported.ts";

useApi();

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
  const conflicts = body.items.filter(({ action }: { action: string }) => action === "conflict");
  expect(conflicts.map(({ reason }: { reason: string }) => reason)).toEqual(Array(3).fill(expect.stringMatching(/\w/)));
  expect((await contents(tenant)).targets).toEqual(before.targets);
  const changed = await plan(tenant, exported({ apps: [app("blog", { compose: `${COMPOSE}# other\n` })] }));
  expect(actions(changed)).toContain("app blog conflict");
});

test("an address that no target may have is skipped, and a Compose file that cannot be deployed is told beforehand", async () => {
  const tenant = await testTenant(api);
  const apps = [app("store", { compose: "volumes:\n  data:\n" })];
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
    expect(items[1].reason).toMatch(/^Before it can be deployed: There is no service in it/);
});

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
