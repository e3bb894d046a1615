import type Stripe from "stripe";
import { expect, test } from "vitest";
import { sell } from "./harness.ts";
import { bench, useSold } from "./sold.ts";

useSold();

test("a card that is declined at once cannot be saved; one that fails later can", async () => {
  const { customer } = await sell(bench.stripe);
  await expect(bench.stripe.paymentMethods.attach("pm_card_chargeDeclined", { customer: customer.id })).rejects.toMatchObject({
    statusCode: 402,
    code: "card_declined",
    decline_code: "generic_decline",
  });
  const method = await bench.stripe.paymentMethods.attach("pm_card_chargeCustomerFail", { customer: customer.id });
  expect(method).toMatchObject({ customer: customer.id, card: { last4: "0341" } });
  expect((await bench.stripe.customers.listPaymentMethods(customer.id)).data).toHaveLength(1);
  expect((await bench.stripe.paymentMethods.detach(method.id)).customer).toBeNull();
});

test("a subscription made by the API is active when paid, incomplete when declined, gone after 23 hours, and refused without a card", async () => {
  const { customer, prices } = await sell(bench.stripe);
  const items = [{ price: prices.solo.id }];
  await expect(bench.stripe.subscriptions.create({ customer: customer.id, items })).rejects.toThrow("no attached payment source");
  const good = await bench.stripe.paymentMethods.attach("pm_card_visa", { customer: customer.id });
  const bad = await bench.stripe.paymentMethods.attach("pm_card_chargeCustomerFail", { customer: customer.id });
  expect(
    (await bench.stripe.subscriptions.create({ customer: customer.id, items, default_payment_method: good.id })).status,
  ).toBe("active");

  const failed = await bench.stripe.subscriptions.create({
    customer: customer.id,
    items,
    default_payment_method: bad.id,
    expand: ["latest_invoice"],
  });
  expect(failed).toMatchObject({ status: "incomplete", latest_invoice: { status: "open", attempt_count: 1, attempted: true } });
  await expect(
    bench.stripe.subscriptions.create({
      customer: customer.id,
      items,
      default_payment_method: bad.id,
      payment_behavior: "error_if_incomplete",
    }),
  ).rejects.toMatchObject({ statusCode: 402, code: "card_declined" });
  expect((await bench.stripe.subscriptions.list({ customer: customer.id, status: "all" })).data).toHaveLength(2);

  bench.control.advance(23 * 3600);
  expect(await bench.stripe.subscriptions.retrieve(failed.id, { expand: ["latest_invoice"] })).toMatchObject({
    status: "incomplete_expired",
    latest_invoice: { status: "void" },
  });
});

test("a subscription whose first payment needs 3D Secure waits with nothing counted, and is active once it is confirmed", async () => {
  const { customer, prices } = await sell(bench.stripe);
  const method = await bench.stripe.paymentMethods.attach("pm_card_threeDSecure2Required", { customer: customer.id });
  const subscription = await bench.stripe.subscriptions.create({
    customer: customer.id,
    items: [{ price: prices.pro.id }],
    default_payment_method: method.id,
    expand: ["latest_invoice.confirmation_secret"],
  });
  const invoice = subscription.latest_invoice as Stripe.Invoice;
  expect(subscription.status).toBe("incomplete");
  expect(invoice).toMatchObject({ attempted: true, attempt_count: 0, confirmation_secret: { type: "payment_intent" } });
  await expect(bench.stripe.invoices.pay(invoice.id!)).rejects.toMatchObject({ code: "invoice_payment_intent_requires_action" });
});

test("a subscription made by the API and canceled at once has the captured events", async () => {
  const { customer, prices } = await sell(bench.stripe);
  const method = await bench.stripe.paymentMethods.attach("pm_card_visa", { customer: customer.id });
  const before = bench.control.events().length;
  const { id } = await bench.stripe.subscriptions.create({
    customer: customer.id,
    items: [{ price: prices.solo.id }],
    default_payment_method: method.id,
  });
  await bench.stripe.subscriptions.cancel(id);
  const events = bench.control.events().slice(before);
  expect(events.map((event) => event.type)).toEqual([
    "charge.succeeded",
    "customer.updated",
    "customer.subscription.created",
    "payment_intent.succeeded",
    "payment_intent.created",
    "invoice.created",
    "invoice.finalized",
    "invoice.paid",
    "invoice.payment_succeeded",
    "invoice_payment.paid",
    "customer.subscription.deleted",
  ]);
});
