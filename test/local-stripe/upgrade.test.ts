import type Stripe from "stripe";
import { expect, test } from "vitest";
import { startAt, submit } from "./harness.ts";
import { bench, item, lookup, now, period, sold, subscription, upgrade, useSubscription } from "./subscribed.ts";

useSubscription();

test("an upgrade is billed at once for the time that remains, each side rounded by itself, and the preview says the same", async () => {
  bench.control.advance(Math.floor(period() / 3));
  const at = bench.control.now();
  const preview = await bench.stripe.invoices.createPreview({
    subscription: subscription.id,
    subscription_details: {
      items: [{ id: item, price: sold.prices.pro.id, quantity: 1 }],
      proration_behavior: "always_invoice",
      proration_date: at,
    },
  });
  const upgraded = await upgrade({ proration_date: at });
  const invoice = upgraded.latest_invoice as Stripe.Invoice;
  const left = (startAt + period() - at) / period();
  const amounts = [-Math.floor(900 * left + 0.5), Math.floor(1900 * left + 0.5)];
  expect(invoice.lines.data.map((line) => line.amount)).toEqual(amounts);
  expect(amounts).toEqual([-600, 1267]);
  expect(invoice).toMatchObject({ status: "paid", billing_reason: "subscription_update", amount_paid: 667 });
  expect(preview).toMatchObject({
    amount_due: 667,
    billing_reason: "subscription_update",
    lines: { data: [{ amount: -600 }, { amount: 1267 }] },
  });
  expect(invoice.lines.data[0]!.parent).toMatchObject({
    type: "subscription_item_details",
    subscription_item_details: { proration: true },
  });
  expect(upgraded.items.data[0]).toMatchObject({ price: { lookup_key: "pro" }, current_period_end: startAt + period() });
});

test("an upgrade's events come as captured, the invoice items last", async () => {
  bench.control.advance(10 * 86_400);
  bench.happened();
  await upgrade();
  expect(bench.happened()).toEqual([
    "charge.succeeded",
    "payment_intent.created",
    "payment_intent.succeeded",
    "invoice.created",
    "invoice.finalized",
    "invoice.paid",
    "invoice.payment_succeeded",
    "customer.subscription.updated",
    "invoiceitem.created",
    "invoiceitem.created",
    "invoice_payment.paid",
  ]);
});

test("the documented example: halving a 1000 cent plan two thirds before its end is -667 and +333", async () => {
  const price = async (amount: number) =>
    bench.stripe.prices.create({
      product: sold.prices.solo.product as string,
      currency: "usd",
      unit_amount: amount,
      recurring: { interval: "month" },
    });
  const [ten, five] = [await price(1000), await price(500)];
  await bench.stripe.subscriptions.update(subscription.id, { items: [{ id: item, price: ten.id }], proration_behavior: "none" });
  const preview = await bench.stripe.invoices.createPreview({
    subscription: subscription.id,
    subscription_details: {
      items: [{ id: item, price: five.id }],
      proration_behavior: "always_invoice",
      proration_date: startAt + period() / 3,
    },
  });
  expect(preview.lines.data.map((line) => line.amount)).toEqual([-667, 333]);
  expect(preview).toMatchObject({ total: -334, amount_due: 0, ending_balance: -334 });
});

test("an unpaid upgrade waits as a pending update: old price, still active, and paying the bill applies it", async () => {
  bench.control.advance(86_400);
  bench.happened();
  bench.control.failCards("all", "insufficient_funds");
  const pending = await upgrade();
  expect(bench.happened()).toEqual([
    "charge.failed",
    "payment_intent.created",
    "payment_intent.payment_failed",
    "invoice.created",
    "invoice.finalized",
    "invoice.payment_failed",
    "customer.subscription.updated",
    "invoiceitem.created",
    "invoiceitem.created",
  ]);
  expect(pending).toMatchObject({
    status: "active",
    items: { data: [{ price: { lookup_key: "solo" } }] },
    pending_update: { expires_at: bench.control.now() + 23 * 3600 },
  });
  expect(pending.pending_update!.subscription_items![0]!.price.lookup_key).toBe("pro");
  bench.control.fixCards("all");
  await bench.stripe.invoices.pay((pending.latest_invoice as Stripe.Invoice).id!);
  expect(bench.happened()).toContain("customer.subscription.pending_update_applied");
  expect(await now()).toMatchObject({
    pending_update: null,
    status: "active",
    items: { data: [{ price: { lookup_key: "pro" } }] },
  });
});

test("a pending update that nobody pays expires after 23 hours: its bill is void and nothing changed", async () => {
  bench.control.advance(86_400);
  bench.control.failCards("all", "insufficient_funds");
  const pending = await upgrade();
  bench.happened();
  bench.control.advance(23 * 3600);
  expect(bench.happened()).toEqual([
    "customer.subscription.pending_update_expired",
    "payment_intent.canceled",
    "invoice.updated",
    "invoice.voided",
  ]);
  expect(await now()).toMatchObject({
    pending_update: null,
    status: "active",
    items: { data: [{ price: { lookup_key: "solo" } }] },
  });
  expect(await bench.stripe.invoices.retrieve((pending.latest_invoice as Stripe.Invoice).id!)).toMatchObject({ status: "void" });
});

test("an upgrade that needs 3D Secure is finished on the invoice's own page", async () => {
  bench.control.advance(86_400);
  bench.control.failCards("all", "authentication_required");
  const pending = await upgrade();
  const url = (pending.latest_invoice as Stripe.Invoice).hosted_invoice_url!;
  expect(await (await fetch(url)).text()).toContain("Pay $");
  const asked = await submit(url, { saved: "yes" });
  expect(
    (await submit(new URL(asked.headers.get("location")!, url).href, { answer: "approve" })).headers.get("location"),
  ).toContain("/i/in_");
  expect(await lookup()).toBe("pro");
});

test("error_if_incomplete is 402 and changes nothing; allow_incomplete grants the plan and goes past due", async () => {
  bench.control.advance(86_400);
  bench.control.failCards("all", "generic_decline");
  await expect(upgrade({ payment_behavior: "error_if_incomplete" })).rejects.toMatchObject({ statusCode: 402 });
  expect(await lookup()).toBe("solo");
  expect(await upgrade({ payment_behavior: "allow_incomplete" })).toMatchObject({
    status: "past_due",
    items: { data: [{ price: { lookup_key: "pro" } }] },
  });
});

test("a pending update carries items and nothing else", async () => {
  await expect(upgrade({ metadata: { a: "1" } })).rejects.toMatchObject({ statusCode: 400, param: "metadata" });
});

test("create_prorations waits for the renewal, none bills nothing", async () => {
  bench.control.advance(Math.floor(period() / 2));
  await upgrade({ proration_behavior: "create_prorations", payment_behavior: "allow_incomplete" });
  expect(
    (await bench.stripe.invoiceItems.list({ pending: true })).data.map((row) => row.amount).toSorted((one, other) => one - other),
  ).toEqual([-450, 950]);
  bench.control.advance(period());
  expect(await now()).toMatchObject({ latest_invoice: { status: "paid", total: 1900 + 500 } });
  expect((await bench.stripe.invoiceItems.list({ pending: true })).data).toEqual([]);
  await bench.stripe.subscriptions.update(subscription.id, {
    items: [{ id: item, price: sold.prices.solo.id }],
    proration_behavior: "none",
  });
  expect((await bench.stripe.invoiceItems.list({ pending: true })).data).toEqual([]);
});
