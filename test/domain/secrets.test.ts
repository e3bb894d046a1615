import { randomBytes } from "node:crypto";
import { createApp } from "@berth/domain/app/create.ts";
import { deploy } from "@berth/domain/deployment/deploy.ts";
import { eraseReleases, erasureOf, promiseErasure } from "@berth/domain/deployment/erase.ts";
import { removeApp } from "@berth/domain/deployment/remove.ts";
import { sweep } from "@berth/domain/engine/sweep.ts";
import { makePlan } from "@berth/domain/plan/make.ts";
import { type Bundle, openBundle, pack, sealBundle } from "@berth/domain/release/release.ts";
import { type Exit, RemoteError } from "@berth/domain/remote/remote.ts";
import { commit } from "@berth/domain/table.ts";
import { afterAll, expect, test } from "vitest";
import { testApi } from "../support/api.ts";
import { containersOf, failed, scriptedReach, succeeded } from "../support/reach.ts";
import { type TestTenant, testTenant } from "../support/tenant.ts";

const api = testApi();
afterAll(() => api.close());

const NAMES =
  "DB_PASSWORD MYSQL_ROOT_PW DB_CONN SMTP_CREDS STRIPE_SK PIN LICENSE ENCRYPTION GH_PAT SESSION SIGNING JWT AWS_ACCESS OTP_SEED HMAC CERT ADMIN_LOGIN COLOR REGION NODE_ENV URL A HOST LEVEL".split(
    " ",
  );
let made = 0;

/** 24 variables, a file and a value in the Compose file itself, each with a value that is nowhere else. */
function secretBundle(): { bundle: Bundle; canaries: string[] } {
  const canary = (name: string) => `Canary${++made}/${name.toLowerCase()}+x`;
  const variables = Object.fromEntries(NAMES.map((name) => [name, canary(name)]));
  const [inFile, inline] = [canary("file"), canary("inline")];
  return {
    canaries: [...Object.values(variables), inFile, inline],
    bundle: {
      compose: `services:\n  web:\n    image: registry.test/web:1\n    environment:\n      INLINE: "${inline}"\n    env_file: app.env\n`,
      files: [{ path: "app.env", content: Buffer.from(`IN_FILE="${inFile}"\n`).toString("base64") }],
      variables,
    },
  };
}

const formsOf = (value: string) => [
  value,
  encodeURIComponent(value),
  Buffer.from(value).toString("base64"),
  Buffer.from(value).toString("base64url"),
  Buffer.from(`{"a":"${value}"}`).toString("base64"),
  Buffer.from(value).toString("hex"),
  Buffer.from(value).toString("hex").toUpperCase(),
];

/** A server that tells all of it, in every field and encoding. */
function gossip(canaries: readonly string[], exit: (all: string) => Exit) {
  return scriptedReach((_, tell) => {
    for (const canary of canaries) {
      for (const text of formsOf(canary)) tell({ type: "log", service: "web", step: "start", text: `it says ${text}.` });
      tell({ type: "log", service: canary, step: canary, text: `first ${canary.slice(0, 9)}` });
      tell({ type: "health", service: "web", text: `${canary.slice(9)} second` });
    }
    return exit(canaries.flatMap(formsOf).join(" | "));
  });
}

const loud = (all: string): Partial<Exit> => ({
  step: all.slice(0, 200),
  service: all.slice(0, 200),
  log: all.split(" | "),
  data: { user: all.slice(0, 60), [all.slice(0, 30)]: all },
  containers: {
    ...containersOf({ service: "web", name: all.slice(0, 100), image: all.slice(0, 100), state: all.slice(0, 20) }),
    expected: [all.slice(0, 50)],
  },
});

/** What of them is told in a text, in any form, or by its two halves. */
const toldIn = (text: string, canaries: readonly string[]) =>
  canaries.filter((canary) => [...formsOf(canary), canary.slice(0, 16)].some((form) => text.includes(form)));

/** The rows of a tenant that hold a bundle, of a release or of a plan. */
function bundlesOf({ id }: TestTenant): string[] {
  const { Items } = JSON.parse(api.dump()) as { Items: Record<string, { readonly S?: string } | undefined>[] };
  const names = Items.flatMap(({ pk, sk, data }) => (data && sk?.S && pk?.S === `TENANT#${id}` ? [sk.S] : []));
  return names.filter((name) => /^(REL|BUNDLE|PLANBUNDLE)#/.test(name)).sort();
}
const nouns = (names: readonly string[]) => names.map((name) => name.split("#")[0]);

/** Every answer of the API's that may be read, of an app and its jobs. */
async function answers(tenant: TestTenant, jobs: readonly string[]): Promise<string> {
  const token = await tenant.token(["read"]);
  const paths = [
    ...["jobs", "audit", "apps", "targets", "apps/shop", "apps/shop/status", "apps/shop/deployments", "apps/shop/releases"],
    ...["apps/shop/releases/1", "apps/shop/releases/2", "environments"],
    ...jobs.flatMap((id) => [`jobs/${id}`, `jobs/${id}/events`]),
  ];
  const all = await Promise.all(paths.map((path) => api.call("GET", `/v1/${path}`, { token })));
  expect(all.filter(({ status }) => status === 200).length).toBeGreaterThan(jobs.length * 2 + 4);
  return all.map(({ text }) => text).join("\n");
}

async function ready() {
  const tenant = await testTenant(api);
  await tenant.target();
  await createApp(tenant.ctx, { name: "shop", template: "compose" });
  return tenant;
}

test("what a server tells of a release's values is in no row and no answer, whatever their names, in no field and no encoding", async () => {
  const tenant = await ready();
  const { bundle, canaries } = secretBundle();
  const good = await tenant.work(
    await deploy(tenant.ctx, { app: "shop", bundle }),
    gossip(canaries, (all) => ({ ...succeeded(), ...loud(all) })),
  );
  expect(good.status).toBe("succeeded");
  const bad = await tenant.work(
    await deploy(tenant.ctx, { app: "shop", bundle }),
    gossip(canaries, (all) => failed({ class: "unhealthy", message: all.slice(0, 3000), ...loud(all) })),
  );
  expect(bad).toMatchObject({ status: "failed", failure: { class: "unhealthy", message: expect.stringContaining("[secret]") } });
  expect(toldIn(api.dump(), canaries)).toEqual([]);
  expect(toldIn(await answers(tenant, [good.id, bad.id]), canaries)).toEqual([]);
  expect(toldIn(JSON.stringify(api.logs), canaries)).toEqual([]);
});

test("nor is what it tells of the release before, when it is asked for containers, when it is removed, or when the line breaks", async () => {
  const tenant = await ready();
  const { bundle, canaries } = secretBundle();
  await tenant.work(await deploy(tenant.ctx, { app: "shop", bundle }));
  const other = { ...bundle, variables: {}, files: [], compose: "services:\n  web:\n    image: registry.test/web:2\n" };
  const after = gossip(canaries, (all) => failed({ class: "start.failed", message: all.slice(0, 3000), ...loud(all) }));
  const jobs = [await tenant.work(await deploy(tenant.ctx, { app: "shop", bundle: other }), after)];
  const broken = scriptedReach(() => {
    throw new RemoteError("dropped", `lost: ${canaries.join(" ")}`);
  });
  broken.refuse(new RemoteError("unreachable", `no ${canaries.join(" ")}`));
  jobs.push(await tenant.work(await deploy(tenant.ctx, { app: "shop", bundle: other }), broken));
  expect(JSON.stringify(jobs.at(-1))).toContain("[secret]");
  const waiting = answers(tenant, []);
  const fresh = api.call("GET", "/v1/apps/shop/status?fresh=true", { token: await tenant.token(["read"]) });
  await tenant.drain(
    gossip(canaries, (all) => ({ ...failed({ class: "docker.down", message: all.slice(0, 3000) }), ...loud(all) })),
  );
  await api.clock.advance(60);
  await Promise.all([waiting, fresh]);
  expect(toldIn(api.dump(), canaries)).toEqual([]);
  expect(
    toldIn(
      await answers(
        tenant,
        jobs.map(({ id }) => id),
      ),
      canaries,
    ),
  ).toEqual([]);
});

test("a removal leaves nothing of a release's values anywhere in the table", async () => {
  const tenant = await ready();
  const large = Buffer.from(Array.from({ length: 3000 }, (_, i) => `line ${(i * 7919) % 3001} of it`).join("\n")).toString(
    "base64",
  );
  const all: string[] = [];
  for (const files of [[], [{ path: "large.txt", content: large }]]) {
    const { bundle, canaries } = secretBundle();
    all.push(...canaries);
    await tenant.work(await deploy(tenant.ctx, { app: "shop", bundle: { ...bundle, files: [...bundle.files, ...files] } }));
  }
  expect(nouns(bundlesOf(tenant))).toEqual(["BUNDLE", "REL"]);
  const removal = await removeApp(tenant.ctx, { app: "shop", volumes: "keep" });
  expect(removal && (await tenant.work(removal))).toMatchObject({ status: "succeeded" });
  expect(bundlesOf(tenant)).toEqual([]);
  expect(toldIn(api.dump(), all)).toEqual([]);
  expect(api.dump()).not.toContain("REMOVED#");
});

test("whoever has the table has no value of a release or of a plan: nothing in it, unpacked or decoded, tells one", async () => {
  const tenant = await ready();
  const { bundle, canaries } = secretBundle();
  const large = { path: "large.bin", content: randomBytes(6000).toString("base64") };
  await tenant.work(await deploy(tenant.ctx, { app: "shop", bundle }));
  await tenant.work(await deploy(tenant.ctx, { app: "shop", bundle: { ...bundle, files: [...bundle.files, large] } }));
  await makePlan(tenant.ctx, { app: "shop", bundle });
  expect(nouns(bundlesOf(tenant))).toEqual(["BUNDLE", "PLANBUNDLE", "REL"]);
  expect(toldIn(api.dump(), canaries)).toEqual([]);
});

test("a sealed bundle opens for the release, environment, app and tenant that it is of, and for no other", async () => {
  const tenant = await ready();
  const { bundle } = secretBundle();
  const of = { app: "app_1", environment: "production", release: "1" };
  const sealed = await sealBundle(tenant.ctx, of, pack(bundle));
  expect(await openBundle(tenant.system, of, sealed)).toEqual(bundle);
  const other = await testTenant(api);
  await expect(openBundle(other.system, of, sealed)).rejects.toThrow();
  for (const moved of [
    { ...of, app: "app_2" },
    { ...of, environment: "staging" },
    { ...of, release: "2" },
    { app: of.app, environment: of.environment, plan: "1" },
  ])
    await expect(openBundle(tenant.system, moved, sealed), JSON.stringify(moved)).rejects.toThrow();
  for (const cut of [sealed.subarray(0, 1), sealed.subarray(0, -1), sealed.subarray(0, 40)])
    await expect(openBundle(tenant.system, of, cut)).rejects.toThrow();
});

test("a worker that dies as the removal ends leaves it to the sweep, and an environment that is made again keeps its own and is numbered on", async () => {
  const tenant = await ready();
  const { bundle } = secretBundle();
  const stage = (input: Bundle) => deploy(tenant.ctx, { app: "shop", environment: "staging", bundle: input });
  await tenant.work(
    await deploy(tenant.ctx, {
      app: "shop",
      bundle: { ...bundle, variables: {}, files: [], compose: "services: {web: {image: a}}" },
    }),
  );
  await tenant.work(await stage(bundle));
  const removal = await removeApp(tenant.ctx, { app: "shop", environment: "staging", volumes: "keep" });
  const { client } = api.world.table;
  let dead = false;
  const dying = {
    send: (command: { input: { TransactItems?: { Update?: { Key: { sk: string } } }[] } }) => {
      if (command.input.TransactItems?.some(({ Update }) => Update?.Key.sk.startsWith("REL#"))) dead = true;
      return dead ? Promise.reject(new Error("killed")) : client.send(command as never);
    },
  };
  Object.assign(tenant.system, { table: { ...api.world.table, client: dying } });
  await expect(tenant.work(removal ?? { id: "" })).rejects.toThrow("killed");
  Object.assign(tenant.system, { table: api.world.table });
  expect(bundlesOf(tenant).filter((name) => name.includes("#staging#"))).toHaveLength(1);
  const second = secretBundle();
  const job = await tenant.work(await stage(second.bundle));
  expect(job).toMatchObject({ status: "succeeded", release: 2 });
  await sweep(api.world);
  const left = bundlesOf(tenant).filter((name) => name.includes("#staging#"));
  expect(left).toEqual([expect.stringMatching(/#000002$/)]);
  expect(await tenant.work(await stage(second.bundle))).toMatchObject({ status: "succeeded", release: 3 });
});

test("what is removed again while the first removal is erased is left to the sweep", async () => {
  const tenant = await ready();
  const removed = (upTo: number) =>
    promiseErasure(tenant.ctx, { id: "app_gone" }, { environment: "staging", upTo, variables: 0, last: false });
  await commit(tenant.ctx, ...removed(1));
  const { client } = api.world.table;
  let again = false;
  const overtaking = {
    send: async (command: { input: { TransactItems?: { Delete?: { Key: { sk: string } } }[] } }) => {
      if (command.input.TransactItems?.some(({ Delete }) => Delete?.Key.sk.startsWith("REMOVED#"))) {
        again = true;
        await commit(tenant.ctx, ...removed(2));
      }
      return client.send(command as never);
    },
  };
  const worker = { ...tenant.system, table: { ...api.world.table, client: overtaking } } as typeof tenant.system;
  await eraseReleases(worker, erasureOf({ app: "app_gone", environment: "staging" }));
  expect([again, api.dump().includes("REMOVED#")]).toEqual([true, true]);
  await sweep(api.world);
  expect(api.dump()).not.toContain("REMOVED#");
});
