import { accountKey, type Claim, entitled, getAccount, giveBack, limitsOf } from "@berth/domain/entitlement/account.ts";
import { pricingPlanNames, pricingPlanOf, pricingPlans } from "@berth/domain/pricing/plans.ts";
import { commit, putOne } from "@berth/domain/table.ts";
import { afterAll, expect, test } from "vitest";
import { type TestTenant, testTenant } from "../support/tenant.ts";
import { testWorld } from "../support/world.ts";
import { refused } from "./refused.ts";

const bench = testWorld();
afterAll(() => bench.close());

const claim = (tenant: TestTenant, by: Claim) => commit(tenant.ctx, entitled(tenant.ctx, "grow", by));
const won = (outcomes: readonly PromiseSettledResult<unknown>[]) =>
  outcomes.filter(({ status }) => status === "fulfilled").length;
const using = async (tenant: TestTenant, use: object) =>
  putOne(tenant.ctx, accountKey(tenant.ctx), { ...(await getAccount(tenant.ctx)), ...use });

test.each(pricingPlanNames)(
  "of a hundred claims at once exactly as many are won as the plan %s has slots and targets",
  async (plan) => {
    const tenant = await testTenant(bench, { plan });
    const { slotLimit, targetLimit } = limitsOf(plan);
    const slots = await Promise.allSettled(Array.from({ length: 100 }, () => claim(tenant, { slots: 1 })));
    const targets = await Promise.allSettled(Array.from({ length: 100 }, () => claim(tenant, { targets: 1 })));
    expect([won(slots), won(targets)]).toEqual([slotLimit, targetLimit]);
    expect(await tenant.account()).toMatchObject({ slots: slotLimit, targets: targetLimit });
  },
);

test("of two that race for the last slot exactly one wins, and the other is told which limit it was", async () => {
  const tenant = await testTenant(bench, { plan: "solo" });
  await using(tenant, { slots: 2 });
  const outcomes = await Promise.all(
    [0, 1].map(() =>
      claim(tenant, { slots: 1 }).then(
        () => "won",
        (error: { code: string; facts: { plan: string } }) => `${error.code} ${error.facts.plan}`,
      ),
    ),
  );
  expect(outcomes.toSorted()).toEqual(["billing.slots_full solo", "won"]);
  await commit(tenant.ctx, giveBack(tenant.ctx, "slots"));
  await claim(tenant, { slots: 1 });
});

test("limits are those of the row at the moment of the claim, whatever was seen before", async () => {
  const tenant = await testTenant(bench, { plan: "pro" });
  const prepared = entitled(tenant.ctx, "grow", { slots: 1 });
  await tenant.entitle("active", { plan: "solo" });
  await using(tenant, { slots: 3 });
  expect(await refused(commit(tenant.ctx, prepared))).toMatchObject({ code: "billing.slots_full", facts: { plan: "solo" } });
});

test("nothing is given back twice", async () => {
  const tenant = await testTenant(bench, { plan: "solo" });
  await using(tenant, { slots: 1 });
  const outcomes = await Promise.allSettled([0, 1, 2].map(() => commit(tenant.ctx, giveBack(tenant.ctx, "slots"))));
  expect(won(outcomes)).toBe(1);
  expect((await tenant.account()).slots).toBe(0);
});

test("giving back is possible in every state", async () => {
  for (const state of ["grace", "restricted"] as const) {
    const tenant = await testTenant(bench, { plan: "solo", state });
    await using(tenant, { slots: 1, targets: 1 });
    await commit(tenant.ctx, giveBack(tenant.ctx, "slots"));
    await commit(tenant.ctx, giveBack(tenant.ctx, "targets"));
    expect(await tenant.account()).toMatchObject({ slots: 0, targets: 0 });
  }
});

test("each plan is larger than the one before in everything, and found by a lookup key of its own", () => {
  for (const [at, plan] of pricingPlans.entries()) {
    expect(pricingPlanOf(plan.name)).toBe(plan);
    const before = pricingPlans[at - 1];
    if (!before) continue;
    for (const what of ["price", "slots", "targets", "logDays", "concurrent"] as const)
      expect(plan[what]).toBeGreaterThan(before[what]);
  }
  expect(new Set(pricingPlans.map(({ lookupKey }) => lookupKey)).size).toBe(pricingPlans.length);
});
