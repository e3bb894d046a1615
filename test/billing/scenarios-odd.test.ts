import { syncCustomer } from "@berth/domain/billing/standing/sync.ts";
import { entitled } from "@berth/domain/entitlement/account.ts";
import { commit } from "@berth/domain/table.ts";
import type Stripe from "stripe";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { Payer } from "./payer.ts";
import { refused } from "./refused.ts";
import { DAY, HOUR, openStripeStage, type StripeStage } from "./stripe-stage.ts";

let stage: StripeStage;
beforeEach(async () => {
  stage = await openStripeStage();
});
afterEach(() => stage.close());

async function bought(plan: "solo" | "pro" | "studio" = "pro"): Promise<Payer> {
  const payer = await stage.signUp();
  await payer.buy(plan);
  return payer;
}
const grow = (payer: Payer) => commit(payer.ctx, entitled(payer.ctx, "grow"));
const pagesOf = (payer: Payer) =>
  stage.test.logs
    .filter(({ message, facts }) => message === "billing needs a person" && facts.tenant === payer.id)
    .map(({ facts }) => facts.anomalies);

async function priceOf(amount: number, currency = "usd"): Promise<Stripe.Price> {
  const product = await stage.stripe.products.create({ name: "Something else" });
  return stage.stripe.prices.create({ product: product.id, currency, unit_amount: amount, recurring: { interval: "month" } });
}

/** Puts another price or quantity in the place of the one that is sold, as by hand in the dashboard. */
async function handChange(payer: Payer, to: { price?: string; quantity?: number }): Promise<void> {
  const subscription = await payer.subscription();
  const item = subscription.items.data[0]?.id ?? "";
  await stage.stripe.subscriptions.update(subscription.id, { items: [{ id: item, ...to }], proration_behavior: "none" });
  await stage.settle();
}

test("a quantity of five set by hand is one plan's limits, flagged once", async () => {
  const ann = await bought();
  await handChange(ann, { quantity: 5 });
  expect(await ann.account()).toMatchObject({ kind: "good", slotLimit: 10, anomalies: ["several_items"] });
  expect(pagesOf(ann)).toEqual(["several_items"]);
});

test("a price nobody knows keeps the last plan and sets off an alarm; without a plan before it gives none", async () => {
  const ann = await bought("studio");
  await handChange(ann, { price: (await priceOf(100)).id });
  expect(await ann.account()).toMatchObject({ kind: "good", plan: "studio", slotLimit: 30, anomalies: ["unknown_price"] });
  expect(pagesOf(ann)).toEqual(["unknown_price"]);

  const bob = await stage.signUp();
  await bob.checkout();
  const customer = await bob.customer();
  const method = await stage.stripe.paymentMethods.attach("pm_card_visa", { customer });
  await stage.stripe.subscriptions.create({
    customer,
    items: [{ price: (await priceOf(100)).id }],
    default_payment_method: method.id,
  });
  await stage.settle();
  expect(await bob.account()).toMatchObject({ kind: "none", plan: null, anomalies: ["unknown_price"] });
  expect(await bob.state()).toBe("none");
});

test("a price that is new in the catalogue is known at once, although the catalogue is kept", async () => {
  const ann = await bought("solo");
  const sold = await stage.stripe.prices.list({ lookup_keys: ["berth_pro_monthly"] });
  const fresh = await stage.stripe.prices.create({
    product: String(sold.data[0]?.product),
    currency: "usd",
    unit_amount: 2100,
    recurring: { interval: "month" },
    lookup_key: "berth_pro_monthly",
    transfer_lookup_key: true,
  });
  await handChange(ann, { price: fresh.id });
  expect(await ann.account()).toMatchObject({ plan: "pro", anomalies: [] });
});

test("who pays the old price of a plan keeps the plan when its price changes", async () => {
  const ann = await bought("pro");
  const sold = await stage.stripe.prices.list({ lookup_keys: ["berth_pro_monthly"] });
  await stage.stripe.prices.create({
    product: String(sold.data[0]?.product),
    currency: "usd",
    unit_amount: 2100,
    recurring: { interval: "month" },
    lookup_key: "berth_pro_monthly",
    transfer_lookup_key: true,
  });
  await stage.advance(HOUR);
  await syncCustomer(stage.test.world, await ann.customer());
  expect(await ann.account()).toMatchObject({ kind: "good", plan: "pro", anomalies: [] });
  expect(await (await bought("pro")).account()).toMatchObject({ plan: "pro", anomalies: [] });
});

test("two live subscriptions are the better one, never added up, and set off an alarm", async () => {
  const ann = await bought("solo");
  const customer = await ann.customer();
  const { default_payment_method: method } = await ann.subscription();
  const sold = await stage.stripe.prices.list({ lookup_keys: ["berth_studio_monthly"] });
  const second = await stage.stripe.subscriptions.create({
    customer,
    items: [{ price: sold.data[0]?.id ?? "" }],
    ...(method && { default_payment_method: String(method) }),
  });
  await stage.settle();
  expect(await ann.account()).toMatchObject({ plan: "studio", slotLimit: 30, anomalies: ["several_subscriptions"] });
  await stage.stripe.subscriptions.cancel(second.id, { prorate: true, invoice_now: true });
  await stage.settle();
  expect(await ann.account()).toMatchObject({ kind: "good", plan: "solo", anomalies: [] });
  expect(pagesOf(ann)).toEqual(["several_subscriptions"]);
});

test("paused is restricted and resumed is active", async () => {
  const ann = await bought();
  const { id } = await ann.subscription();
  await stage.stripe.subscriptions.pause(id, { type: "subscription" });
  await stage.settle();
  expect(await ann.account()).toMatchObject({ kind: "paused", reason: "paused" });
  expect(await ann.state()).toBe("restricted");
  expect(await refused(grow(ann))).toMatchObject({ code: "billing.restricted" });
  await stage.stripe.subscriptions.resume(id);
  await stage.settle();
  expect(await ann.account()).toMatchObject({ kind: "good", reason: null });
  await grow(ann);
});

test("paused collection is active, flagged", async () => {
  const ann = await bought();
  await stage.stripe.subscriptions.update((await ann.subscription()).id, { pause_collection: { behavior: "void" } });
  await stage.settle();
  expect(await ann.account()).toMatchObject({ kind: "good", anomalies: ["collection_paused"] });
});

test("a dispute holds growth and nothing else; won, it lets go", async () => {
  const ann = await bought();
  const [charge] = (await stage.stripe.charges.list({ customer: await ann.customer() })).data;
  const dispute = stage.control.dispute(charge?.id ?? "");
  await stage.settle();
  expect(await ann.account()).toMatchObject({ kind: "good", hold: true, anomalies: ["dispute"] });
  expect(await ann.state()).toBe("active");
  expect(await refused(grow(ann))).toMatchObject({ code: "billing.hold" });
  await commit(ann.ctx, entitled(ann.ctx, "rollback"));
  stage.control.closeDispute(dispute, "won");
  await stage.settle();
  expect(await ann.account()).toMatchObject({ kind: "good", hold: false, anomalies: [] });
  await grow(ann);
});

test("a dispute that is lost holds until somebody cancels; a subscription bought after it is free of it", async () => {
  const ann = await bought();
  const [charge] = (await stage.stripe.charges.list({ customer: await ann.customer() })).data;
  const dispute = stage.control.dispute(charge?.id ?? "");
  stage.control.closeDispute(dispute, "lost");
  await stage.settle();
  expect(await ann.account()).toMatchObject({ hold: true, anomalies: ["dispute_lost"] });
  await stage.stripe.subscriptions.cancel((await ann.subscription()).id);
  await stage.settle();
  expect(await ann.account()).toMatchObject({ kind: "ended", hold: false });
  await stage.advance(HOUR);
  expect(await ann.buy("solo")).toMatchObject({ kind: "good", hold: false, anomalies: [] });
});

test("a refund alone changes nothing a customer may do", async () => {
  const ann = await bought();
  const [charge] = (await stage.stripe.charges.list({ customer: await ann.customer() })).data;
  await stage.stripe.refunds.create({ charge: charge?.id ?? "" });
  await stage.settle();
  expect(await ann.account()).toMatchObject({ kind: "good", plan: "pro", hold: false, anomalies: [] });
});

test("a customer deleted at Stripe has ended, is forgotten, and the next checkout makes a new one", async () => {
  const ann = await bought();
  const old = await ann.customer();
  await stage.stripe.customers.del(old);
  await stage.settle();
  expect(await ann.account()).toMatchObject({ kind: "ended", reason: "customer_deleted", plan: null });
  expect((await ann.account()).customer).toBeUndefined();
  await ann.buy("solo");
  expect(await ann.customer()).not.toBe(old);
  expect(await ann.account()).toMatchObject({ kind: "good", plan: "solo" });
  // Late events of the old one touch nothing.
  expect(await syncCustomer(stage.test.world, old)).toBe("foreign");
  expect(await ann.account()).toMatchObject({ kind: "good", plan: "solo" });
});

test("canceled at once is restricted at once, and reads and billing stay", async () => {
  const ann = await bought();
  await stage.stripe.subscriptions.cancel((await ann.subscription()).id);
  await stage.settle();
  expect(await ann.account()).toMatchObject({ kind: "ended", reason: "cancellation_requested" });
  expect(await ann.portal()).toContain("/p/session/");
  expect(ann.mails()).toEqual(["welcome", "ended", "logs-shorter"]);
});

test("30: a customer of the other mode is refused, and the row stays as it was", async () => {
  const ann = await bought();
  const { syncSeq: __, ...before } = await ann.account();
  const live = { ...stage.test.world, stage: "prod" };
  expect(await syncCustomer(live, await ann.customer())).toBe("rejected");
  const { syncSeq: _, ...after } = await ann.account();
  expect(after).toEqual(before);
  expect(stage.test.logs.at(-1)).toMatchObject({ level: "error", message: "customer of another mode" });
});

test("a lapse of days in which no event came is made good by one look", async () => {
  const ann = await bought("solo");
  stage.control.failCards(await ann.customer(), "generic_decline");
  await stage.unheard(() => stage.leap(40 * DAY));
  expect(await ann.account()).toMatchObject({ kind: "good" });
  await syncCustomer(stage.test.world, await ann.customer());
  expect(await ann.account()).toMatchObject({ kind: "delinquent" });
  expect(await ann.state()).toBe("restricted");
  // Who is looked at late is not told that grace begins.
  expect(ann.mails()).toEqual(["welcome", "restricted"]);
});
