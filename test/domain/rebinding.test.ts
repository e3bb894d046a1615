import { checkAddress } from "@berth/domain/remote/address.ts";
import { trustTarget } from "@berth/domain/target/target.ts";
import { afterAll, expect, test } from "vitest";
import { scriptedReach } from "../support/reach.ts";
import { testTenant } from "../support/tenant.ts";
import { testWorld } from "../support/world.ts";

const made = testWorld();
afterAll(() => made.close());

test("a name that leads inwards after it was added is judged again at each use, and nothing is sent there", async () => {
  const tenant = await testTenant(made);
  const target = await tenant.target();
  await tenant.app();
  const reach = scriptedReach();
  const rebound = () => Promise.resolve([{ address: "169.254.169.254" }]);
  const looked: string[] = [];
  const inward = {
    ...reach,
    resolve: (host: string, options: { allowPrivate: boolean }) => {
      looked.push(host);
      return checkAddress(host, { ...options, lookup: rebound });
    },
  };
  const deployed = await tenant.work(await tenant.deploy("shop"), inward);
  expect(deployed).toMatchObject({ status: "failed" });
  const { job } = await trustTarget(tenant.ctx, { target: target.id, fingerprint: reach.hostKey.fingerprint });
  expect(await tenant.work(job, inward)).toMatchObject({ status: "failed" });
  expect(looked.length).toBeGreaterThan(1);
  expect(reach.runs).toEqual([]);
});

test("the address that was judged is the one that is connected to, not the name", async () => {
  const tenant = await testTenant(made);
  await tenant.target("web1", "localhost");
  await tenant.app();
  const reach = scriptedReach();
  await tenant.work(await tenant.deploy("shop"), { ...reach, resolve: () => Promise.resolve("192.0.2.7") });
  expect(reach.runs.map(({ at }) => at)).toEqual(["192.0.2.7"]);
});
