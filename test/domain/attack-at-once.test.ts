import { getApp } from "@berth/domain/app/app.ts";
import { createApp } from "@berth/domain/app/create.ts";
import { deploy, rollback } from "@berth/domain/deployment/deploy.ts";
import { removeApp } from "@berth/domain/deployment/remove.ts";
import { cancelJob } from "@berth/domain/engine/cancel.ts";
import { ended } from "@berth/domain/job/status.ts";
import { listTargets, removeTarget } from "@berth/domain/target/target.ts";
import { describe, expect, test } from "vitest";
import { testTenant } from "../support/tenant.ts";
import { bundle, made, outcome, settled, useWorld } from "./settled.ts";

useWorld();

describe("at once", () => {
  test("a target is removed or deployed to, never both", async () => {
    for (const order of [0, 1]) {
      const tenant = await settled();
      const works = [
        () => removeTarget(tenant.ctx, "web1"),
        () => deploy(tenant.ctx, { app: "shop", bundle, targets: ["web1"] }),
      ];
      const [one, two] = await Promise.all((order ? works : works.reverse()).map((work) => outcome(work())));
      expect([one, two].filter((each) => each === "done")).toHaveLength(1);
      const account = await tenant.account();
      const left = await listTargets(tenant.ctx);
      expect(account).toMatchObject({ targets: left.length, slots: left.length, deploys: { length: left.length } });
    }
  });

  test("an app is removed or deployed, and what is left is whole", async () => {
    for (const order of [0, 1]) {
      const tenant = await settled();
      const works = [
        () => removeApp(tenant.ctx, { app: "shop", volumes: "keep" as const }),
        () => deploy(tenant.ctx, { app: "shop", bundle }),
      ];
      await Promise.all((order ? works : works.reverse()).map((work) => outcome(work())));
      const there = (await outcome(getApp(tenant.ctx, "shop"))) === "done";
      expect(await tenant.account()).toMatchObject({ slots: there ? 1 : 0 });
      expect((await tenant.environment("shop")) !== undefined).toBe(there);
    }
  });

  test("two environments of an app that are deployed at once hold one slot", async () => {
    const tenant = await settled();
    const names = ["production", "staging", "preview"];
    const jobs = await Promise.all(names.map((environment) => deploy(tenant.ctx, { app: "shop", environment, bundle })));
    expect(await tenant.account()).toMatchObject({ slots: 1 });
    for (const job of jobs) expect(await tenant.work(job)).toMatchObject({ status: "succeeded" });
    expect((await getApp(tenant.ctx, "shop")).active.sort()).toEqual(names.sort());
    expect(await tenant.account()).toMatchObject({ slots: 1 });
  });

  test("two rollbacks are one", async () => {
    const tenant = await settled();
    for (let i = 0; i < 2; i++) await tenant.work(await tenant.deploy("shop"));
    const all = await Promise.all([0, 1].map(() => outcome(rollback(tenant.ctx, { app: "shop" }))));
    expect(all.sort()).toEqual(["app.busy", "done"]);
  });

  test("a cancellation and the end of the work leave one end", async () => {
    const tenant = await settled();
    const job = await tenant.deploy("shop");
    const [, done] = await Promise.all([outcome(cancelJob(tenant.ctx, job.id)), tenant.work(job)]);
    expect(ended(await tenant.work(done))).toBe(true);
    expect(await outcome(tenant.deploy("shop"))).toBe("done");
  });

  test("of many apps with one name there is one", async () => {
    const tenant = await testTenant(made);
    const all = await Promise.all(
      Array.from({ length: 10 }, () => outcome(createApp(tenant.ctx, { name: "shop", template: "compose" }))),
    );
    expect(all.sort()).toEqual([...Array.from({ length: 9 }, () => "app.exists"), "done"].sort());
  });

  test("the same request of an app, sent twice at once, is not told that its own name is taken", async () => {
    const tenant = await testTenant(made);
    const ask = () => outcome(createApp(tenant.once("k"), { name: "shop", template: "compose" }));
    expect((await Promise.all([ask(), ask()])).sort()).toEqual(["done", "idempotency.busy"]);
  });
});

test.each([
  { name: "gone", anew: false },
  { name: "made anew", anew: true },
])("a deploy that is repeated when its environment is $name is answered with its job and makes none", async ({ anew }) => {
  const tenant = await testTenant(made);
  await tenant.target();
  await tenant.app();
  await tenant.work(await tenant.deploy("shop", { environment: "staging" }));
  const ask = () => deploy(tenant.once("k"), { app: "shop", bundle, targets: ["web1"] });
  const job = await ask();
  await tenant.work(job);
  const removal = await removeApp(tenant.ctx, { app: "shop", volumes: "keep" });
  if (!removal) throw new Error("it was deployed");
  await tenant.work(removal);
  if (anew) await tenant.work(await tenant.deploy("shop", { targets: ["web1"] }));
  const before = await tenant.account();
  expect((await ask()).id).toBe(job.id);
  expect(await tenant.account()).toEqual(before);
  await expect(deploy(tenant.once("k", "another"), { app: "shop", bundle, targets: ["web1"] })).rejects.toMatchObject({
    code: "idempotency.mismatch",
  });
});
