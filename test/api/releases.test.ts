import { listAll } from "@berth/domain/query.ts";
import { commit, remove } from "@berth/domain/table.ts";
import { afterAll, expect, test } from "vitest";
import { testApi } from "../support/api.ts";
import { failed, scriptedReach, succeeded } from "../support/reach.ts";
import { type TestTenant, testTenant } from "../support/tenant.ts";
import { covers } from "./covers.ts";

const api = testApi();
afterAll(() => api.close());

const ready = async () => {
  const tenant = await testTenant(api);
  await tenant.target();
  await tenant.app();
  return { tenant, token: await tenant.token() };
};
const sick = () =>
  scriptedReach(() => failed({ class: "unhealthy", message: "web is ill", service: "web", changed: true, rolledBack: true }));

interface Listed {
  readonly number: number;
  readonly outcome: string;
  readonly job?: string;
  readonly liveOn: string[];
  readonly failure?: { class: string };
  readonly rollback: { possible: boolean; code?: string; reason?: string };
}
const listed = async (token: string): Promise<Listed[]> =>
  (await api.call("GET", "/v1/apps/shop/releases?limit=100", { token })).body.items;
const short = (releases: readonly Listed[]) =>
  releases.map(({ number, outcome, rollback }) => `${number} ${outcome}${rollback.possible ? ", offered" : ""}`);
const rollBack = (token: string, release: number) => api.call("POST", "/v1/apps/shop/rollback", { token, body: { release } });
const cancel = async (tenant: TestTenant, token: string) =>
  api.call("POST", `/v1/jobs/${(await tenant.deploy("shop")).id}/cancel`, { token });

covers("listReleases", "200", "newest first, page after page, without the bundles", async () => {
  const { tenant, token } = await ready();
  for (let i = 0; i < 3; i++) await tenant.work(await tenant.deploy("shop"));
  const numbers: number[] = [];
  for (let next: string | null = ""; next !== null; ) {
    const { body } = await api.call("GET", `/v1/apps/shop/releases?limit=2${next && `&cursor=${next}`}`, { token });
    numbers.push(...body.items.map(({ number }: { number: number }) => number));
    expect(JSON.stringify(body)).not.toContain("data");
    next = body.next;
  }
  expect(numbers).toEqual([3, 2, 1]);
});

test("each release says how it came out, with the deployment that made it and why that failed", async () => {
  const { tenant, token } = await ready();
  const first = await tenant.deploy("shop");
  expect(await listed(token)).toMatchObject([{ number: 1, outcome: "deploying", liveOn: [], job: first.id }]);
  await tenant.work(first);
  const bad = await tenant.work(await tenant.deploy("shop"), sick());
  await cancel(tenant, token);
  await tenant.work(await tenant.deploy("shop"));
  expect(await listed(token)).toMatchObject([
    { number: 4, outcome: "live", liveOn: ["web1"] },
    { number: 3, outcome: "canceled", liveOn: [] },
    { number: 2, outcome: "failed", job: bad.id, failure: { class: "unhealthy", message: "web is ill", service: "web" } },
    { number: 1, outcome: "was_live", liveOn: [] },
  ]);
  const one = (await api.call("GET", "/v1/apps/shop/releases/2", { token })).body;
  expect(one).toEqual({ ...(await listed(token))[2], images: [] }); // never healthy: no images are kept
});

test("what is offered for a rollback is exactly what a rollback accepts", async () => {
  const { tenant, token } = await ready();
  for (let i = 0; i < 4; i++) await tenant.work(await tenant.deploy("shop"));
  await tenant.work(await tenant.deploy("shop"), sick());
  await cancel(tenant, token);
  await tenant.work((await rollBack(token, 3)).body);
  const all = await listed(token);
  // A healthy release that was rolled back from is as good as any; what failed or was canceled never is.
  expect(short(all)).toEqual([
    "6 canceled",
    "5 failed",
    "4 was_live, offered",
    "3 live",
    "2 was_live, offered",
    "1 was_live, offered",
  ]);
  for (const { number, rollback } of all) {
    const answer = await rollBack(token, number);
    expect(answer.body.code ?? "accepted").toBe(rollback.possible ? "accepted" : rollback.code);
    if (answer.status === 202) await api.call("POST", `/v1/jobs/${answer.body.id}/cancel`, { token });
  }
});

test("a release that went live on some targets says where and why not elsewhere, and cannot be gone back to", async () => {
  const { tenant, token } = await ready();
  await tenant.target("web2", "127.0.0.2");
  const both = { targets: ["web1", "web2"] };
  await tenant.work(await tenant.deploy("shop", both));
  const reach = scriptedReach();
  reach.always(({ values }) => {
    const bad = values.resource === Object.values(job.rollouts).find(({ name }) => name === "web2")?.target;
    return bad ? failed({ class: "unhealthy", changed: true, rolledBack: true }) : succeeded();
  });
  const job = await tenant.deploy("shop", both);
  await tenant.work(job, reach);
  const [second, first] = await listed(token);
  expect(second).toMatchObject({
    outcome: "live",
    liveOn: ["web1"],
    failure: { class: "unhealthy" },
    rollback: { possible: false },
  });
  expect(first).toMatchObject({ outcome: "live", liveOn: ["web2"], rollback: { possible: true } });
  expect((await rollBack(token, 2)).body.code).toBe("release.never_healthy");
  expect((await rollBack(token, 1)).status).toBe(202);
});

test("where the deployment that made a release is no longer kept, its outcome is said to be unknown", async () => {
  const { tenant, token } = await ready();
  await tenant.work(await tenant.deploy("shop"), sick());
  await tenant.work(await tenant.deploy("shop"));
  const rows = await listAll(tenant.ctx, { pk: `TENANT#${tenant.id}`, prefix: "JOB#" });
  await commit(tenant.ctx, ...rows.map(({ pk, sk }) => remove(tenant.ctx, { pk: String(pk), sk: String(sk) })));
  expect(short(await listed(token))).toEqual(["2 live", "1 unknown"]);
});

test("a long list costs no more round trips than a short one", async () => {
  const { tenant, token } = await ready();
  const { client } = api.world.table;
  const send = client.send.bind(client);
  let sent = 0;
  client.send = ((...given: Parameters<typeof send>) => {
    sent++;
    return send(...given);
  }) as typeof send; // of its overloads only the one without a callback is ever called
  const cost = async () => {
    const before = sent;
    await listed(token);
    return sent - before;
  };
  await tenant.work(await tenant.deploy("shop"));
  await cost(); // the first use of a token is noted
  const short = await cost();
  for (let i = 0; i < 12; i++) await tenant.work(await tenant.deploy("shop"));
  expect(await cost()).toBe(short);
});

test("starting again and again leaves the releases one can go back to as they are", async () => {
  const { tenant, token } = await ready();
  for (let i = 0; i < 2; i++) await tenant.work(await tenant.deploy("shop"));
  for (let i = 0; i < 22; i++) await tenant.work((await api.call("POST", "/v1/apps/shop/start", { token, body: {} })).body);
  expect(short(await listed(token))).toEqual(["2 live", "1 was_live, offered"]);
  expect((await api.call("POST", "/v1/apps/shop/rollback", { token, body: {} })).body.release).toBe(1);
});

covers(
  "listReleases",
  "app.not_found",
  "an app that is not there, another tenant's or one the token is not for is not found",
  async () => {
    const { tenant, token } = await ready();
    expect((await api.call("GET", "/v1/apps/other/releases", { token })).body.code).toBe("app.not_found");
    const other = await tenant.token(["read"], { app: "blog" });
    expect((await api.call("GET", "/v1/apps/shop/releases", { token: other })).body.code).toBe("app.not_found");
    const stranger = await (await testTenant(api)).token();
    expect((await api.call("GET", "/v1/apps/shop/releases", { token: stranger })).body.code).toBe("app.not_found");
  },
);

covers("getRelease", "200", "one release with its services", async () => {
  const { tenant, token } = await ready();
  await tenant.deploy("shop");
  const { body } = await api.call("GET", "/v1/apps/shop/releases/1", { token });
  expect(body).toMatchObject({ number: 1, services: [{ name: "web", image: "registry.test/web:1" }] });
});

covers("getRelease", "release.not_found", "one that is not there is not found", async () => {
  const { token } = await ready();
  expect((await api.call("GET", "/v1/apps/shop/releases/7", { token })).body).toMatchObject({
    status: 404,
    code: "release.not_found",
  });
});

covers("getRelease", "app.not_found", "nor one of an app that is not there", async () => {
  const { token } = await ready();
  expect((await api.call("GET", "/v1/apps/other/releases/1", { token })).body.code).toBe("app.not_found");
});
