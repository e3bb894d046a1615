import type Stripe from "stripe";
import { expect, test } from "vitest";
import { bench, day, latest, now, sold, subscription, untilBoundary, useSubscription } from "./subscribed.ts";

useSubscription();

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
