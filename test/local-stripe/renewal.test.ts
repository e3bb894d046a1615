import type Stripe from "stripe";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type Bench, createBench, type Sold, sell, subscribe } from "./harness.ts";

let bench: Bench;
let sold: Sold;
let subscription: Stripe.Subscription;

beforeEach(async () => {
  bench = await createBench();
  sold = await sell(bench.stripe);
  subscription = await subscribe(bench.stripe, sold);
  bench.happened();
});
afterEach(() => bench.close());

const day = 86_400;
const untilBoundary = () => subscription.items.data[0]!.current_period_end - bench.control.now();
const now = () => bench.stripe.subscriptions.retrieve(subscription.id, { expand: ["latest_invoice"] });
const latest = async () => (await now()).latest_invoice as Stripe.Invoice;

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

test("a card that fails makes the subscription past due at once, with its event behind the invoice's, and grace begins at finalization", async () => {
  bench.control.failCards(sold.customer.id, "insufficient_funds");
  bench.control.advance(untilBoundary());
  bench.happened();
  const created = (await latest()).created;
  bench.control.advance(3600);
  expect(bench.happened()).toEqual([
    "invoice.updated",
    "invoice.finalized",
    "payment_intent.created",
    "charge.failed",
    "payment_intent.payment_failed",
    "invoice.updated",
    "invoice.payment_failed",
    "customer.subscription.updated",
    "customer.updated",
  ]);
  expect((await now()).status).toBe("past_due");
  expect(await latest()).toMatchObject({
    status: "open",
    attempted: true,
    attempt_count: 1,
    next_payment_attempt: created + 3600 + 2 * day,
  });
  expect((await latest()).status_transitions.finalized_at).toBe(created + 3600);
  expect(await bench.stripe.customers.retrieve(sold.customer.id)).toMatchObject({ delinquent: true });
});

test("retries come on their days, each counted, and the last leaves the subscription unpaid with its bill open", async () => {
  bench.control.failCards("all", "insufficient_funds");
  bench.control.advance(untilBoundary() + 3600);
  const first = (await latest()).status_transitions.finalized_at!;
  bench.happened();
  const attempts: number[] = [];
  for (let passed = 0; passed < 15; passed += 1) {
    bench.control.advance(day);
    if (bench.happened().includes("charge.failed")) attempts.push(Math.round((bench.control.now() - first) / day));
  }
  expect(attempts).toEqual([2, 3, 5, 6, 8, 10, 14]);
  expect(await now()).toMatchObject({
    status: "unpaid",
    latest_invoice: { status: "open", attempt_count: 8, next_payment_attempt: null },
  });
});

test("each retry has the same four events, and the end adds one", async () => {
  bench.control.dunning({ offsetDays: [1, 3] });
  bench.control.failCards("all", "insufficient_funds");
  bench.control.advance(untilBoundary() + 3600);
  bench.happened();
  const retry = ["charge.failed", "payment_intent.payment_failed", "invoice.updated", "invoice.payment_failed"];
  bench.control.advance(day);
  expect(bench.happened()).toEqual(retry);
  bench.control.advance(2 * day);
  expect(bench.happened()).toEqual([...retry, "customer.subscription.updated"]);
});

test("dunning can end in cancellation: the bill stays open and is not pursued, and the reason says why", async () => {
  bench.control.dunning({ offsetDays: [1], final: "cancel" });
  bench.control.failCards("all", "insufficient_funds");
  bench.control.advance(untilBoundary() + 3600 + day);
  expect(bench.happened().at(-1)).toBe("customer.subscription.deleted");
  expect(await now()).toMatchObject({
    status: "canceled",
    cancellation_details: { reason: "payment_failed" },
    latest_invoice: { status: "open", auto_advance: false },
  });
});

test("dunning can end with everything as it is", async () => {
  bench.control.dunning({ offsetDays: [1], final: "past_due" });
  bench.control.failCards("all", "insufficient_funds");
  bench.control.advance(untilBoundary() + 3600 + 5 * day);
  expect((await now()).status).toBe("past_due");
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

test.each(["unpaid", "cancel"] as const)(
  "an older bill whose dunning ends in %s says nothing of a subscription whose latest bill is paid",
  async (final) => {
    bench.control.dunning({ offsetDays: [1, 35], final });
    bench.control.failCards("all", "insufficient_funds");
    bench.control.advance(untilBoundary() + 3600);
    const first = await now();
    const older = (first.latest_invoice as Stripe.Invoice).id!;
    bench.control.advance(day);
    bench.control.fixCards("all");
    bench.control.advance(first.items.data[0]!.current_period_end - bench.control.now() + 3600);
    expect(await now()).toMatchObject({ status: "active", latest_invoice: { status: "paid" } });
    expect(await bench.stripe.invoices.retrieve(older)).toMatchObject({ status: "open", attempt_count: 2 });
    bench.control.failCards("all", "insufficient_funds");
    bench.happened();
    bench.control.advance(5 * day);
    expect(bench.happened()).toEqual([
      "charge.failed",
      "payment_intent.payment_failed",
      "invoice.updated",
      "invoice.payment_failed",
      "customer.updated",
    ]);
    expect(await now()).toMatchObject({ status: "active", latest_invoice: { status: "paid" } });
    expect(await bench.stripe.invoices.retrieve(older)).toMatchObject({ status: "open", attempt_count: 3 });
  },
);

test("after a hard decline retries count but make no charge, until there is another card", async () => {
  bench.control.dunning({ offsetDays: [1, 2, 3] });
  bench.control.failCards("all", "lost_card");
  bench.control.advance(untilBoundary() + 3600);
  bench.happened();
  bench.control.advance(day);
  expect(bench.happened()).toEqual(["invoice.updated"]);
  expect(await latest()).toMatchObject({ attempt_count: 2 });
  const method = await bench.stripe.paymentMethods.attach("pm_card_mastercard", { customer: sold.customer.id });
  await bench.stripe.subscriptions.update(subscription.id, { default_payment_method: method.id });
  bench.control.fixCards("all");
  bench.control.advance(day);
  expect(await now()).toMatchObject({ status: "active", latest_invoice: { status: "paid", attempt_count: 3 } });
});

test("a new default card of the customer does not help a subscription that has its own", async () => {
  const bad = await bench.stripe.paymentMethods.attach("pm_card_chargeCustomerFail", { customer: sold.customer.id });
  await bench.stripe.subscriptions.update(subscription.id, { default_payment_method: bad.id });
  const good = await bench.stripe.paymentMethods.attach("pm_card_visa", { customer: sold.customer.id });
  await bench.stripe.customers.update(sold.customer.id, { invoice_settings: { default_payment_method: good.id } });
  bench.control.advance(untilBoundary() + 3600);
  expect((await now()).status).toBe("past_due");
  await expect(bench.stripe.invoices.pay((await latest()).id!)).rejects.toMatchObject({
    statusCode: 402,
    code: "card_declined",
    decline_code: "generic_decline",
  });
  await bench.stripe.invoices.pay((await latest()).id!, { payment_method: good.id });
  expect((await now()).status).toBe("active");
});

test("3D Secure at a renewal asks for action, makes it past due, and confirming on the hosted page settles it", async () => {
  bench.control.failCards(sold.customer.id, "authentication_required");
  bench.control.advance(untilBoundary());
  bench.happened();
  bench.control.advance(3600);
  expect(bench.happened()).toEqual([
    "invoice.updated",
    "invoice.finalized",
    "payment_intent.created",
    "payment_intent.requires_action",
    "invoice.updated",
    "invoice.payment_action_required",
    "invoice.payment_failed",
    "customer.subscription.updated",
    "customer.updated",
  ]);
  const invoice = await latest();
  const payments = (await bench.stripe.invoicePayments.list({ invoice: invoice.id! })).data;
  const intent = await bench.stripe.paymentIntents.retrieve(payments[0]!.payment.payment_intent as string);
  expect(intent).toMatchObject({ status: "requires_action", next_action: { type: "redirect_to_url" } });
  await fetch(intent.next_action!.redirect_to_url!.url!, {
    method: "POST",
    body: new URLSearchParams({ answer: "approve" }),
    redirect: "manual",
  });
  expect((await now()).status).toBe("active");
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
