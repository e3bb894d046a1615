import type Stripe from "stripe";
import { expect, test } from "vitest";
import { startAt, submit, typed } from "./harness.ts";
import { bench, now, period, sold, subscription, useSubscription } from "./subscribed.ts";

useSubscription();

test("cancelling at the period's end can be taken back, and else ends it there with one event", async () => {
  const set = await bench.stripe.subscriptions.update(subscription.id, { cancel_at_period_end: true });
  expect(set).toMatchObject({
    cancel_at_period_end: true,
    cancel_at: startAt + period(),
    status: "active",
    cancellation_details: { reason: "cancellation_requested" },
  });
  expect(await bench.stripe.subscriptions.update(subscription.id, { cancel_at_period_end: false })).toMatchObject({
    cancel_at: null,
    canceled_at: null,
  });
  await bench.stripe.subscriptions.update(subscription.id, { cancel_at_period_end: true });
  bench.happened();
  bench.control.advance(period());
  expect(bench.happened()).toEqual(["customer.subscription.deleted"]);
  expect(await now()).toMatchObject({ status: "canceled", ended_at: startAt + period() });
});

test("an immediate cancel is one event, gives back only what is asked for, and cannot be done twice", async () => {
  bench.control.advance(Math.floor(period() / 2));
  bench.happened();
  await bench.stripe.subscriptions.cancel(subscription.id, { prorate: true, invoice_now: true });
  expect(bench.happened()[0]).toBe("customer.subscription.deleted");
  expect(await bench.stripe.customers.retrieve(sold.customer.id)).toMatchObject({ balance: -450 });
  await expect(bench.stripe.subscriptions.cancel(subscription.id)).rejects.toMatchObject({
    statusCode: 404,
    code: "resource_missing",
  });
  await expect(bench.stripe.subscriptions.update(subscription.id, { cancel_at_period_end: true })).rejects.toMatchObject({
    code: "invalid_canceled_subscription_fields",
  });
  expect((await bench.stripe.subscriptions.update(subscription.id, { metadata: { a: "1" } })).metadata).toMatchObject({ a: "1" });
  expect((await bench.stripe.subscriptions.list({ customer: sold.customer.id })).data).toEqual([]);
  expect((await bench.stripe.subscriptions.list({ customer: sold.customer.id, status: "all" })).data).toHaveLength(1);
});

test("a plain cancel has one event and no bill", async () => {
  await bench.stripe.subscriptions.cancel(subscription.id);
  expect(bench.happened()).toEqual(["customer.subscription.deleted"]);
});

test("a paused subscription bills nothing until it is resumed with a new period", async () => {
  expect(await bench.stripe.subscriptions.pause(subscription.id)).toMatchObject({
    status: "paused",
    status_details: { paused: { type: "subscription" } },
  });
  await expect(bench.stripe.subscriptions.pause(subscription.id)).rejects.toMatchObject({ statusCode: 400 });
  bench.happened();
  bench.control.advance(2 * period());
  expect(bench.happened()).toEqual([]);
  expect(await bench.stripe.subscriptions.resume(subscription.id)).toMatchObject({
    status: "active",
    billing_cycle_anchor: bench.control.now(),
  });
  expect(bench.happened().slice(0, 2)).toEqual(["customer.subscription.resumed", "customer.subscription.updated"]);
  await expect(bench.stripe.subscriptions.resume(subscription.id)).rejects.toThrow(
    "You can only resume a subscription if it is `paused`.",
  );
});

test("deleting a customer ends its subscriptions at once and leaves only its id", async () => {
  await bench.stripe.customers.del(sold.customer.id);
  expect(bench.happened()).toEqual(["customer.subscription.deleted", "customer.deleted"]);
  expect(await bench.stripe.customers.retrieve(sold.customer.id)).toMatchObject({ deleted: true });
  expect((await now()).status).toBe("canceled");
});

test("refunds and disputes change the charge and not the subscription", async () => {
  const [charge] = (await bench.stripe.charges.list({ customer: sold.customer.id })).data;
  expect(await bench.stripe.refunds.create({ charge: charge!.id, amount: 400 })).toMatchObject({
    status: "succeeded",
    amount: 400,
  });
  await expect(bench.stripe.refunds.create({ charge: charge!.id, amount: 600 })).rejects.toMatchObject({ statusCode: 400 });
  expect(bench.happened()).toEqual(["refund.created", "charge.refunded"]);
  const dispute = bench.control.dispute(charge!.id);
  expect(bench.happened()).toContain("charge.dispute.created");
  expect(await bench.stripe.disputes.retrieve(dispute)).toMatchObject({ status: "needs_response", charge: charge!.id });
  bench.control.closeDispute(dispute, "won");
  expect(bench.happened()).toContain("charge.dispute.closed");
  expect((await now()).status).toBe("active");
});

test("another card typed on an invoice's page pays it, a declined one does not", async () => {
  bench.control.failCards("all", "generic_decline");
  bench.control.advance(period() + 3600);
  const url = ((await now()).latest_invoice as Stripe.Invoice).hosted_invoice_url!;
  bench.control.fixCards("all");
  expect((await submit(url, typed("4000000000000002"))).status).toBe(402);
  expect((await submit(url, typed("4242424242424242"))).status).toBe(303);
  expect((await now()).status).toBe("active");
  expect(await (await fetch(url)).text()).toContain("This invoice is paid.");
});
