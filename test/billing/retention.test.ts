import { changePlan } from "@berth/domain/billing/buying/change.ts";
import { syncCustomer } from "@berth/domain/billing/standing/sync.ts";
import { logDays } from "@berth/domain/entitlement/account.ts";
import { keepEvents } from "@berth/domain/job/event.ts";
import type { PricingPlanName } from "@berth/domain/pricing/plans.ts";
import { get } from "@berth/domain/query.ts";
import { key } from "@berth/domain/table.ts";
import { afterEach, beforeEach, expect, test } from "vitest";
import { testApi } from "../support/api.ts";
import type { Payer } from "./payer.ts";
import { DAY, openStripeStage, type StripeStage } from "./stripe-stage.ts";

let stage: StripeStage;
beforeEach(async () => {
  stage = await openStripeStage();
});
afterEach(() => stage.close());

async function bought(plan: PricingPlanName): Promise<Payer> {
  const payer = await stage.signUp();
  await payer.buy(plan);
  return payer;
}
const kept = async (payer: Payer) => logDays(await payer.account(), stage.test.world.now());
const words = (payer: Payer) => payer.mails().filter((template) => template === "logs-shorter").length;

/** Plans the smaller plan and goes on to where it begins. */
async function shrink(payer: Payer, plan: PricingPlanName): Promise<void> {
  await changePlan(payer.ctx, { plan });
  const [item] = (await payer.subscription()).items.data;
  await stage.advance((item?.current_period_end ?? 0) - stage.test.world.now().getTime() / 1000);
  await stage.advance(1);
  expect((await payer.account()).plan).toBe(plan);
}

test("a smaller plan is told of and keeps logs shorter only seven days later, to the second", async () => {
  const ann = await bought("pro");
  await shrink(ann, "solo");
  expect(words(ann)).toBe(1);
  const mail = stage.test.mails().find(({ to, template }) => to === ann.user.email && template === "logs-shorter");
  const { logs } = await ann.account();
  expect(mail?.data).toEqual({ days: 7, before: 30, at: logs?.until.slice(0, 10) });
  const left = Date.parse(logs?.until ?? "") - stage.test.world.now().getTime();
  expect(left).toBeGreaterThan(7 * DAY * 1000 - 3_700_000);
  expect(left).toBeLessThanOrEqual(7 * DAY * 1000);
  await stage.test.clock.advance(left / 1000 - 1);
  expect(await kept(ann)).toBe(30);
  await stage.test.clock.advance(1);
  expect(await kept(ann)).toBe(7);
});

test("what is logged while the notice runs stays as long as it did before, and what was logged earlier is never cut", async () => {
  const ann = await bought("pro");
  const at = { job: "job_1", target: "tgt_1" };
  const event = (seq: number) => [{ seq, at: "2027-03-01T00:00:00.000Z", type: "log" }];
  const daysLeft = async (seq: number) => {
    const row = await get(ann.ctx, key(ann.ctx, String(seq).padStart(9, "0"), "JOB#job_1#tgt_1"));
    return Math.round((Number(row?.ttl) - stage.test.world.now().getTime() / 1000) / DAY);
  };
  await shrink(ann, "solo");
  await keepEvents(ann.ctx, at, event(1), await kept(ann));
  expect(await daysLeft(1)).toBe(30);
  await stage.advance(8 * DAY);
  await keepEvents(ann.ctx, at, event(2), await kept(ann));
  expect([await daysLeft(1), await daysLeft(2)]).toEqual([22, 7]);
});

test("it is said once, whatever is looked at again", async () => {
  const ann = await bought("pro");
  await shrink(ann, "solo");
  const { logs } = await ann.account();
  await stage.deliver(stage.eventsOf(await ann.customer()));
  await stage.advance(DAY);
  await syncCustomer(stage.test.world, await ann.customer());
  expect([words(ann), (await ann.account()).logs]).toEqual([1, logs]);
});

test("a larger plan takes the word back", async () => {
  const ann = await bought("pro");
  await shrink(ann, "solo");
  await changePlan(ann.ctx, { plan: "studio" });
  await stage.settle();
  expect((await ann.account()).logs).toBeNull();
  expect(await kept(ann)).toBe(90);
  expect(words(ann)).toBe(1);
});

test("a plan that ends gives the same notice, and a plan that keeps as long or longer none", async () => {
  const ann = await bought("studio");
  await stage.stripe.subscriptions.cancel((await ann.subscription()).id);
  await stage.settle();
  expect(await ann.account()).toMatchObject({ kind: "ended", logs: { days: 90 } });
  expect([words(ann), await kept(ann)]).toEqual([1, 90]);
  const bob = await bought("solo");
  await stage.stripe.subscriptions.cancel((await bob.subscription()).id);
  await stage.settle();
  expect([words(bob), await kept(bob)]).toEqual([0, 7]);
});

test("who ended and comes back on a small plan is not told twice, nor later than was said", async () => {
  const ann = await bought("pro");
  await stage.stripe.subscriptions.cancel((await ann.subscription()).id);
  await stage.settle();
  const { logs } = await ann.account();
  await stage.advance(DAY);
  expect(await ann.buy("solo")).toMatchObject({ plan: "solo", logs });
  expect(words(ann)).toBe(1);
});

test("an unpaid bill does not shorten logs", async () => {
  const ann = await bought("pro");
  stage.control.failCards(await ann.customer(), "generic_decline");
  await stage.advance(45 * DAY);
  expect(await ann.state()).toBe("restricted");
  expect([words(ann), await kept(ann)]).toEqual([0, 30]);
});

test("usage says for how long logs are kept now and from when on shorter", async () => {
  const ann = await bought("pro");
  const api = testApi(stage.test);
  const usage = async () => (await api.call("GET", "/v1/usage", { token: await ann.token(["read"]) })).body;
  expect(await usage()).toMatchObject({ logDays: 30, logsShorter: null });
  await shrink(ann, "solo");
  const { logs } = await ann.account();
  expect(await usage()).toMatchObject({ logDays: 30, logsShorter: { days: 7, at: logs?.until } });
  await stage.test.clock.advance(7 * DAY);
  expect(await usage()).toMatchObject({ logDays: 7, logsShorter: null });
});
