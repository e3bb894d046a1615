import { syncCustomer } from "@berth/domain/billing/sync.ts";
import { entitled } from "@berth/domain/entitlement/account.ts";
import { commit } from "@berth/domain/table.ts";
import type Stripe from "stripe";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { Payer } from "./payer.ts";
import { refused } from "./refused.ts";
import { DAY, HOUR, openTill, type Till } from "./till.ts";

let till: Till;
beforeEach(async () => {
  till = await openTill();
});
afterEach(() => till.close());

async function bought(plan: "solo" | "pro" | "studio" = "pro"): Promise<Payer> {
  const payer = await till.signUp();
  await payer.buy(plan);
  return payer;
}
const grow = (payer: Payer) => commit(payer.ctx, entitled(payer.ctx, "grow"));
const pagesOf = (payer: Payer) =>
  till.test.logs
    .filter(({ message, facts }) => message === "billing needs a person" && facts.tenant === payer.id)
    .map(({ facts }) => facts.anomalies);

async function priceOf(amount: number, currency = "usd"): Promise<Stripe.Price> {
  const product = await till.stripe.products.create({ name: "Something else" });
  return till.stripe.prices.create({ product: product.id, currency, unit_amount: amount, recurring: { interval: "month" } });
}

/** Puts another price or quantity in the place of the one that is sold, as by hand in the dashboard. */
async function handChange(payer: Payer, to: { price?: string; quantity?: number }): Promise<void> {
  const subscription = await payer.subscription();
  const item = subscription.items.data[0]?.id ?? "";
  await till.stripe.subscriptions.update(subscription.id, { items: [{ id: item, ...to }], proration_behavior: "none" });
  await till.settle();
}

test("a quantity of five set by hand is one plan's limits, flagged once", async () => {
  const ann = await bought();
  await handChange(ann, { quantity: 5 });
  expect(await ann.account()).toMatchObject({ kind: "good", slotLimit: 10, anomalies: ["several_items"] });
  expect(pagesOf(ann)).toEqual(["several_items"]);
});

test("a price nobody knows keeps the last plan and rings for a person; without a plan before it gives none", async () => {
  const ann = await bought("studio");
  await handChange(ann, { price: (await priceOf(100)).id });
  expect(await ann.account()).toMatchObject({ kind: "good", plan: "studio", slotLimit: 30, anomalies: ["unknown_price"] });
  expect(pagesOf(ann)).toEqual(["unknown_price"]);

  const bob = await till.signUp();
  await bob.checkout();
  const customer = await bob.customer();
  const method = await till.stripe.paymentMethods.attach("pm_card_visa", { customer });
  await till.stripe.subscriptions.create({
    customer,
    items: [{ price: (await priceOf(100)).id }],
    default_payment_method: method.id,
  });
  await till.settle();
  expect(await bob.account()).toMatchObject({ kind: "none", plan: null, anomalies: ["unknown_price"] });
  expect(await bob.state()).toBe("none");
});

test("a price that is new in the catalogue is known at once, although the catalogue is kept", async () => {
  const ann = await bought("solo");
  const sold = await till.stripe.prices.list({ lookup_keys: ["berth_pro_monthly"] });
  const fresh = await till.stripe.prices.create({
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
  const sold = await till.stripe.prices.list({ lookup_keys: ["berth_pro_monthly"] });
  await till.stripe.prices.create({
    product: String(sold.data[0]?.product),
    currency: "usd",
    unit_amount: 2100,
    recurring: { interval: "month" },
    lookup_key: "berth_pro_monthly",
    transfer_lookup_key: true,
  });
  await till.advance(HOUR);
  await syncCustomer(till.test.world, await ann.customer());
  expect(await ann.account()).toMatchObject({ kind: "good", plan: "pro", anomalies: [] });
  expect(await (await bought("pro")).account()).toMatchObject({ plan: "pro", anomalies: [] });
});

test("two live subscriptions are the better one, never added up, and ring for a person", async () => {
  const ann = await bought("solo");
  const customer = await ann.customer();
  const { default_payment_method: method } = await ann.subscription();
  const sold = await till.stripe.prices.list({ lookup_keys: ["berth_studio_monthly"] });
  const second = await till.stripe.subscriptions.create({
    customer,
    items: [{ price: sold.data[0]?.id ?? "" }],
    ...(method && { default_payment_method: String(method) }),
  });
  await till.settle();
  expect(await ann.account()).toMatchObject({ plan: "studio", slotLimit: 30, anomalies: ["several_subscriptions"] });
  await till.stripe.subscriptions.cancel(second.id, { prorate: true, invoice_now: true });
  await till.settle();
  expect(await ann.account()).toMatchObject({ kind: "good", plan: "solo", anomalies: [] });
  expect(pagesOf(ann)).toEqual(["several_subscriptions"]);
});

test("paused is restricted and resumed is active", async () => {
  const ann = await bought();
  const { id } = await ann.subscription();
  await till.stripe.subscriptions.pause(id, { type: "subscription" });
  await till.settle();
  expect(await ann.account()).toMatchObject({ kind: "paused", reason: "paused" });
  expect(await ann.state()).toBe("restricted");
  expect(await refused(grow(ann))).toMatchObject({ code: "billing.restricted" });
  await till.stripe.subscriptions.resume(id);
  await till.settle();
  expect(await ann.account()).toMatchObject({ kind: "good", reason: null });
  await grow(ann);
});

test("paused collection is active, flagged", async () => {
  const ann = await bought();
  await till.stripe.subscriptions.update((await ann.subscription()).id, { pause_collection: { behavior: "void" } });
  await till.settle();
  expect(await ann.account()).toMatchObject({ kind: "good", anomalies: ["collection_paused"] });
});

test("a dispute holds growth and nothing else; won, it lets go", async () => {
  const ann = await bought();
  const [charge] = (await till.stripe.charges.list({ customer: await ann.customer() })).data;
  const dispute = till.control.dispute(charge?.id ?? "");
  await till.settle();
  expect(await ann.account()).toMatchObject({ kind: "good", hold: true, anomalies: ["dispute"] });
  expect(await ann.state()).toBe("active");
  expect(await refused(grow(ann))).toMatchObject({ code: "billing.hold" });
  await commit(ann.ctx, entitled(ann.ctx, "rollback"));
  till.control.closeDispute(dispute, "won");
  await till.settle();
  expect(await ann.account()).toMatchObject({ kind: "good", hold: false, anomalies: [] });
  await grow(ann);
});

test("a dispute that is lost holds until somebody cancels; a subscription bought after it is free of it", async () => {
  const ann = await bought();
  const [charge] = (await till.stripe.charges.list({ customer: await ann.customer() })).data;
  const dispute = till.control.dispute(charge?.id ?? "");
  till.control.closeDispute(dispute, "lost");
  await till.settle();
  expect(await ann.account()).toMatchObject({ hold: true, anomalies: ["dispute_lost"] });
  await till.stripe.subscriptions.cancel((await ann.subscription()).id);
  await till.settle();
  expect(await ann.account()).toMatchObject({ kind: "ended", hold: false });
  await till.advance(HOUR);
  expect(await ann.buy("solo")).toMatchObject({ kind: "good", hold: false, anomalies: [] });
});

test("a refund alone changes nothing a customer may do", async () => {
  const ann = await bought();
  const [charge] = (await till.stripe.charges.list({ customer: await ann.customer() })).data;
  await till.stripe.refunds.create({ charge: charge?.id ?? "" });
  await till.settle();
  expect(await ann.account()).toMatchObject({ kind: "good", plan: "pro", hold: false, anomalies: [] });
});

test("a customer deleted at Stripe has ended, is forgotten, and the next checkout makes a new one", async () => {
  const ann = await bought();
  const old = await ann.customer();
  await till.stripe.customers.del(old);
  await till.settle();
  expect(await ann.account()).toMatchObject({ kind: "ended", reason: "customer_deleted", plan: null });
  expect((await ann.account()).customer).toBeUndefined();
  await ann.buy("solo");
  expect(await ann.customer()).not.toBe(old);
  expect(await ann.account()).toMatchObject({ kind: "good", plan: "solo" });
  // Late events of the old one touch nothing.
  expect(await syncCustomer(till.test.world, old)).toBe("foreign");
  expect(await ann.account()).toMatchObject({ kind: "good", plan: "solo" });
});

test("canceled at once is restricted at once, and reads and billing stay", async () => {
  const ann = await bought();
  await till.stripe.subscriptions.cancel((await ann.subscription()).id);
  await till.settle();
  expect(await ann.account()).toMatchObject({ kind: "ended", reason: "cancellation_requested" });
  expect(await ann.portal()).toContain("/p/session/");
  expect(ann.mails()).toEqual(["welcome", "ended", "logs-shorter"]);
});

test("30: a customer of the other mode is refused, and the row stays as it was", async () => {
  const ann = await bought();
  const { syncSeq: __, ...before } = await ann.account();
  const live = { ...till.test.world, stage: "prod" };
  expect(await syncCustomer(live, await ann.customer())).toBe("rejected");
  const { syncSeq: _, ...after } = await ann.account();
  expect(after).toEqual(before);
  expect(till.test.logs.at(-1)).toMatchObject({ level: "error", message: "customer of another mode" });
});

test("a lapse of days in which no event came is made good by one look", async () => {
  const ann = await bought("solo");
  till.control.failCards(await ann.customer(), "generic_decline");
  await till.unheard(() => till.leap(40 * DAY));
  expect(await ann.account()).toMatchObject({ kind: "good" });
  await syncCustomer(till.test.world, await ann.customer());
  expect(await ann.account()).toMatchObject({ kind: "delinquent" });
  expect(await ann.state()).toBe("restricted");
  // Who is looked at late is not told that grace begins.
  expect(ann.mails()).toEqual(["welcome", "restricted"]);
});
