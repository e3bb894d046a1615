import { expect, test } from "vitest";
import { scriptedReach } from "../support/reach.ts";
import { testTenant } from "../support/tenant.ts";
import { covers } from "./covers.ts";
import { api, post, ready, useApi } from "./deploying.ts";
import { refusedIn } from "./entitled.ts";

useApi();

const MEGABYTE = 1024 * 1024;
const one = { hash: "1".repeat(64), bytes: 1000 };
const two = { hash: "2".repeat(64), bytes: 2000 };
const path = "/v1/apps/shop/archives";
const built = { compose: "services:\n  web:\n    build: .\n" };

covers("prepareArchives", "200", "says where what is not kept has to be sent to", async () => {
  const { tenant } = await ready();
  const answer = await post(path, { archives: [one, two] })(tenant);
  expect(answer.status).toBe(200);
  expect(answer.body.items.map(({ hash }: { hash: string }) => hash)).toEqual([one.hash, two.hash]);
});

covers("prepareArchives", "app.not_found", "another tenant's app, and one that is not there, take nothing", async () => {
  await ready();
  const stranger = await testTenant(api);
  expect((await post(path, { archives: [one] })(stranger)).body.code).toBe("app.not_found");
});

covers("prepareArchives", "bundle.too_large", "more than 200 MB in all is refused before anything is sent", async () => {
  const { tenant } = await ready();
  const half = { ...one, bytes: 101 * MEGABYTE };
  const answer = await post(path, { archives: [half, { ...half, hash: two.hash }] })(tenant);
  expect(answer.body).toMatchObject({ status: 413, code: "bundle.too_large", detail: expect.stringContaining("202 MB") });
  const deployed = await post("/v1/apps/shop/deployments", {
    bundle: { ...built, archives: [half, { ...half, hash: two.hash }] },
  })(tenant);
  expect(deployed.body.code).toBe("bundle.too_large");
});

covers(
  "prepareArchives",
  "rate.limited",
  "an account sends so many megabytes a day, and what is refused counts nothing",
  async () => {
    const { tenant } = await ready();
    const large = Array.from({ length: 2 }, (_, i) => ({ hash: String(i).repeat(64), bytes: 100 * MEGABYTE }));
    const codes: number[] = [];
    for (let i = 0; i < 51; i++) codes.push((await post(path, { archives: large })(tenant)).status);
    expect(codes).toEqual([...Array(50).fill(200), 429]);
    const other = await ready();
    expect((await post(path, { archives: [one] })(other.tenant)).status).toBe(200);
  },
);

test("an archive is named by a SHA-256 and has a size, or is refused", async () => {
  const { tenant } = await ready();
  for (const archive of [{ ...one, hash: "../x" }, { ...one, hash: "A".repeat(64) }, { ...one, bytes: 0 }, { hash: one.hash }])
    expect((await post(path, { archives: [archive] })(tenant)).body.code, JSON.stringify(archive)).toBe("input.invalid");
  expect((await post(path, { archives: [] })(tenant)).body.code).toBe("input.invalid");
});

const ask = post(path, { archives: [one] });
covers("prepareArchives", "billing.required", "needs a plan", () => refusedIn(api, "none", ask));
covers("prepareArchives", "billing.grace", "is paused in grace, with the date", () => refusedIn(api, "grace", ask));
covers("prepareArchives", "billing.restricted", "is off when the bill stays unpaid", () => refusedIn(api, "restricted", ask));
covers("prepareArchives", "billing.hold", "is off while a payment is disputed", () => refusedIn(api, "hold", ask));

test("a run is given the archives of its release, and a rollback none", async () => {
  const { tenant } = await ready();
  const reach = scriptedReach();
  const work = async (at: string, body: object) => tenant.work((await post(at, body)(tenant)).body, reach);
  await work("/v1/apps/shop/deployments", { bundle: { ...built, archives: [one, two] } });
  expect(reach.runs.at(-1)?.archives?.list).toEqual([one, two]);
  await work("/v1/apps/shop/deployments", { bundle: { ...built, archives: [two] } });
  await work("/v1/apps/shop/rollback", {});
  expect(reach.runs.at(-1)).toMatchObject({ values: { release: "1", pull: "missing" } });
  expect(reach.runs.at(-1)?.archives).toBeUndefined();
});

test("a server is told what it would be built from also where it only plans, so that a plan of what is built already says so", async () => {
  const { tenant } = await ready();
  const reach = scriptedReach();
  const { body } = await post("/v1/apps/shop/plans", { bundle: { ...built, archives: [one, two] } })(tenant);
  await tenant.work({ id: body.job }, reach);
  expect(reach.runs).toMatchObject([{ op: "plan", values: { archives: `${one.hash}\n${two.hash}\n` } }]);
});

test("the same files with other archives are another bundle, so a plan of the one is none of the other", async () => {
  const { tenant } = await ready();
  const reach = scriptedReach();
  for (const archives of [[one], [two]])
    await tenant.work((await post("/v1/apps/shop/deployments", { bundle: { ...built, archives } })(tenant)).body, reach);
  const { body } = await api.call("GET", "/v1/apps/shop/releases", { token: await tenant.token() });
  expect(new Set(body.items.map(({ hash }: { hash: string }) => hash)).size).toBe(2);
  expect(body.items[0].services).toEqual([{ name: "web", image: "web", built: true }]);
});
