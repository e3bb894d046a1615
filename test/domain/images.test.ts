import { rollback } from "@berth/domain/deployment/deploy.ts";
import { imagesOf, readImages } from "@berth/domain/release/images.ts";
import { getRelease } from "@berth/domain/release/view.ts";
import { afterAll, expect, test } from "vitest";
import { failed, scriptedReach, succeeded } from "../support/reach.ts";
import { testTenant } from "../support/tenant.ts";
import { testWorld } from "../support/world.ts";

const t = testWorld();
afterAll(() => t.close());

const id = (digit: string) => `sha256:${digit.repeat(64)}`;
const told = (digit: string) => succeeded({ "image.web": `${id(digit)} registry.test/web@${id(digit)}` });

test("what a server says of its images is kept where it looks like one, and nothing else of it", () => {
  const data = {
    "image.web": `${id("a")} registry.test:5000/team/web@${id("b")}`,
    "image.local": `${id("c")} -`,
    "image.": `${id("d")} -`,
    "image.<b>": `${id("d")} -`,
    "image.short": "sha256:abc -",
    "image.odd": `${id("d")} not a digest`,
    holder: "job_1",
  };
  expect(readImages(succeeded(data))).toEqual({
    web: { id: id("a"), digest: `registry.test:5000/team/web@${id("b")}` },
    local: { id: id("c") },
  });
  const many = Object.fromEntries(Array.from({ length: 5000 }, (_, nth) => [`image.s${nth}`, `${id("a")} -`]));
  expect(Object.keys(readImages(succeeded(many)))).toHaveLength(200);
});

test("a release has the images it was healthy with by target, so that two that took a tag for different ones are told apart", async () => {
  const tenant = await testTenant(t, { plan: "pro" });
  const [one, two] = [await tenant.target("web1"), await tenant.target("web2")];
  await tenant.app();
  const reach = scriptedReach();
  reach.always(({ values }) => told(values.resource === one.id ? "a" : "b"));
  await tenant.work(await tenant.deploy("shop", { targets: ["web1", "web2"] }), reach);
  const { images } = await getRelease(tenant.ctx, { app: "shop", number: 1 });
  expect(new Map(images.map((each) => [each.target, each.images.web?.id]))).toEqual(
    new Map([
      [one.id, id("a")],
      [two.id, id("b")],
    ]),
  );
});

test("a rollback tells each server the images that the release had there, and no deploy does", async () => {
  const tenant = await testTenant(t, { plan: "pro" });
  await tenant.target();
  await tenant.app();
  const reach = scriptedReach();
  for (const digit of ["a", "b"]) {
    reach.next(() => told(digit));
    await tenant.work(await tenant.deploy("shop"), reach);
  }
  expect(reach.runs.map(({ values }) => [values.pull, values.pins])).toEqual([
    ["always", undefined],
    ["always", undefined],
  ]);
  await tenant.work(await rollback(tenant.ctx, { app: "shop" }), reach);
  expect(reach.runs.at(-1)?.values).toMatchObject({
    release: "1",
    pull: "missing",
    pins: `web\t${id("a")}\tregistry.test/web@${id("a")}\n`,
  });
});

test("a server that never had the release is told the digests another had it with, for an id means nothing elsewhere", async () => {
  const tenant = await testTenant(t, { plan: "pro" });
  await tenant.target("web1");
  await tenant.app();
  const reach = scriptedReach();
  reach.always(({ values }) => told(values.release === "1" ? "a" : "b"));
  await tenant.work(await tenant.deploy("shop", { targets: ["web1"] }), reach);
  const two = await tenant.target("web2");
  await tenant.work(await tenant.deploy("shop", { targets: ["web1", "web2"] }), reach);
  await tenant.work(await rollback(tenant.ctx, { app: "shop", release: 1 }), reach);
  const run = reach.runs.findLast(({ values }) => values.resource === two.id);
  expect(run?.values).toMatchObject({ release: "1", pull: "missing", pins: `web\t-\tregistry.test/web@${id("a")}\n` });
});

test("a release that was never healthy has no images", async () => {
  const tenant = await testTenant(t, { plan: "pro" });
  await tenant.target();
  await tenant.app();
  const reach = scriptedReach();
  reach.next(() => failed({ class: "unhealthy", data: told("a").data }));
  await tenant.work(await tenant.deploy("shop"), reach);
  reach.next(() => told("b"));
  const { appId: app = "" } = await tenant.work(await tenant.deploy("shop"), reach);
  const of = (number: number) => imagesOf(tenant.ctx, { app, environment: "production", number });
  expect(await of(1)).toEqual([]);
  expect(await of(2)).toHaveLength(1);
});
