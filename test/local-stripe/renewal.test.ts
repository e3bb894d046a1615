import type Stripe from "stripe";
import { expect, test } from "vitest";
import { sell, subscribe } from "./harness.ts";
import { bench, day, latest, now, subscription, untilBoundary, useSubscription } from "./subscribed.ts";

useSubscription();

test("at the boundary the period rolls and a draft appears, and nothing is owed for an hour", async () => {
  bench.control.advance(untilBoundary());
  expect(bench.happened()).toEqual(["customer.subscription.updated", "invoice.created"]);
  const renewed = await now();
  const invoice = renewed.latest_invoice as Stripe.Invoice;
  expect(renewed.status).toBe("active");
  expect(renewed.items.data[0]!.current_period_start).toBe(subscription.items.data[0]!.current_period_end);
  expect(invoice).toMatchObject({
    status: "draft",
    billing_reason: "subscription_cycle",
    attempted: false,
    number: null,
    amount_due: 900,
  });
  expect(invoice.next_payment_attempt).toBe(invoice.created + 3600);
  expect(invoice.automatically_finalizes_at).toBe(invoice.created + 3601);
  expect(invoice.lines.data[0]!.period.start).toBe(renewed.items.data[0]!.current_period_start);
  expect([invoice.period_start, invoice.period_end]).toEqual([
    subscription.items.data[0]!.current_period_start,
    subscription.items.data[0]!.current_period_end,
  ]);

  bench.control.advance(3599);
  expect((await latest()).status).toBe("draft");
});

test("after the hour the draft is final and paid, in the documented order", async () => {
  bench.control.advance(untilBoundary());
  bench.happened();
  bench.control.advance(3600);
  expect(bench.happened()).toEqual([
    "invoice.updated",
    "invoice.finalized",
    "payment_intent.created",
    "charge.succeeded",
    "payment_intent.succeeded",
    "invoice.updated",
    "invoice.paid",
    "invoice.payment_succeeded",
    "invoice_payment.paid",
  ]);
  expect(await latest()).toMatchObject({ status: "paid", attempt_count: 1, amount_paid: 900, auto_advance: false });
});

test("an unpaid subscription's next bills stay drafts, and paying the latest final one makes it active", async () => {
  bench.control.dunning({ offsetDays: [1] });
  bench.control.failCards("all", "insufficient_funds");
  bench.control.advance(untilBoundary() + 3600 + day);
  const unpaid = await now();
  expect(unpaid.status).toBe("unpaid");
  bench.control.advance(unpaid.items.data[0]!.current_period_end - bench.control.now() + 2 * day);
  expect(await latest()).toMatchObject({ status: "draft", auto_advance: false });
  bench.control.fixCards("all");
  bench.happened();
  await bench.stripe.invoices.pay((unpaid.latest_invoice as Stripe.Invoice).id!);
  expect(bench.happened()).toEqual([
    "charge.succeeded",
    "payment_intent.succeeded",
    "invoice.updated",
    "invoice.paid",
    "invoice.payment_succeeded",
    "customer.subscription.updated",
    "customer.updated",
    "invoice_payment.paid",
  ]);
  expect((await now()).status).toBe("active");
});

test("two unpaid cycles: paying only the newest makes Stripe say active while the older one stays open", async () => {
  bench.control.dunning({ offsetDays: [1], final: "past_due" });
  bench.control.failCards("all", "insufficient_funds");
  bench.control.advance(untilBoundary() + 3600);
  const first = await now();
  bench.control.advance(first.items.data[0]!.current_period_end - bench.control.now() + 3600);
  const second = await latest();
  expect(second.id).not.toBe((first.latest_invoice as Stripe.Invoice).id);
  bench.control.fixCards("all");
  await bench.stripe.invoices.pay(second.id!);
  expect((await now()).status).toBe("active");
  expect(await bench.stripe.invoices.retrieve((first.latest_invoice as Stripe.Invoice).id!)).toMatchObject({ status: "open" });
});

test("out of band payment is paid without a payment_succeeded and makes the subscription active", async () => {
  bench.control.failCards("all", "generic_decline");
  bench.control.advance(untilBoundary() + 3600);
  bench.happened();
  expect(await bench.stripe.invoices.pay((await latest()).id!, { paid_out_of_band: true })).toMatchObject({ status: "paid" });
  const types = bench.happened();
  expect(types).toContain("invoice.paid");
  expect(types).not.toContain("invoice.payment_succeeded");
  expect((await now()).status).toBe("active");
});

test("voiding changes no status, marking uncollectible forgives the latest bill", async () => {
  bench.control.failCards("all", "generic_decline");
  bench.control.advance(untilBoundary() + 3600);
  const bill = await latest();
  expect(await bench.stripe.invoices.voidInvoice(bill.id!)).toMatchObject({ status: "void" });
  expect((await now()).status).toBe("past_due");
  bench.control.advance((await now()).items.data[0]!.current_period_end - bench.control.now() + 3600);
  expect(await bench.stripe.invoices.markUncollectible((await latest()).id!)).toMatchObject({ status: "uncollectible" });
  expect((await now()).status).toBe("active");
});

test("when the latest bill is voided the one before it decides", async () => {
  bench.control.dunning({ offsetDays: [1], final: "past_due" });
  bench.control.failCards("all", "insufficient_funds");
  bench.control.advance(untilBoundary() + 3600);
  const first = await now();
  bench.control.advance(first.items.data[0]!.current_period_end - bench.control.now() + 3600);
  await bench.stripe.invoices.voidInvoice((await latest()).id!);
  bench.control.fixCards("all");
  await bench.stripe.invoices.pay((first.latest_invoice as Stripe.Invoice).id!);
  expect((await now()).status).toBe("active");
});

test("a subscription of the 31st renews on the last day of short months and comes back to the 31st", async () => {
  const clock = await bench.stripe.testHelpers.testClocks.create({ frozen_time: Date.UTC(2027, 0, 31, 10) / 1000 });
  const other = await sell(bench.stripe, { testClock: clock.id });
  const started = await subscribe(bench.stripe, other);
  const days = [];
  for (let month = 0; month < 4; month += 1) {
    const { items } = await bench.stripe.subscriptions.retrieve(started.id);
    days.push(new Date(items.data[0]!.current_period_end * 1000).toISOString().slice(0, 16));
    await bench.stripe.testHelpers.testClocks.advance(clock.id, { frozen_time: items.data[0]!.current_period_end });
    while ((await bench.stripe.testHelpers.testClocks.retrieve(clock.id)).status !== "ready");
  }
  expect(days).toEqual(["2027-02-28T10:00", "2027-03-31T10:00", "2027-04-30T10:00", "2027-05-31T10:00"]);
});

test("collection on hold leaves the status alone and disposes of bills as asked", async () => {
  await bench.stripe.subscriptions.update(subscription.id, { pause_collection: { behavior: "void" } });
  bench.control.advance(untilBoundary() + 3600);
  expect(await now()).toMatchObject({ status: "active", latest_invoice: { status: "void" } });
  await bench.stripe.subscriptions.update(subscription.id, { pause_collection: "" });
  expect((await now()).pause_collection).toBeNull();
});
