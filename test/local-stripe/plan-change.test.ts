import type Stripe from "stripe";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type Bench, createBench, type Sold, sell, startAt, submit, subscribe, typed } from "./harness.ts";

let bench: Bench;
let sold: Sold;
let subscription: Stripe.Subscription;
let item: string;

beforeEach(async () => {
  bench = await createBench();
  sold = await sell(bench.stripe);
  subscription = await subscribe(bench.stripe, sold);
  item = subscription.items.data[0]!.id;
  bench.happened();
});
afterEach(() => bench.close());

const period = () => subscription.items.data[0]!.current_period_end - startAt;
const now = () => bench.stripe.subscriptions.retrieve(subscription.id, { expand: ["latest_invoice", "schedule"] });
const upgrade = (more: Stripe.SubscriptionUpdateParams = {}) =>
  bench.stripe.subscriptions.update(subscription.id, {
    items: [{ id: item, price: sold.prices.pro.id, quantity: 1 }],
    proration_behavior: "always_invoice",
    payment_behavior: "pending_if_incomplete",
    expand: ["latest_invoice"],
    ...more,
  });
const lookup = async () => (await now()).items.data[0]!.price.lookup_key;

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

test("what a downgrade billed at once gives back is a balance that the next bill uses", async () => {
  await upgrade();
  bench.control.advance(Math.floor(period() / 2));
  await bench.stripe.subscriptions.update(subscription.id, {
    items: [{ id: item, price: sold.prices.solo.id }],
    proration_behavior: "always_invoice",
  });
  expect(await bench.stripe.customers.retrieve(sold.customer.id)).toMatchObject({ balance: -500 });
  bench.control.advance(period());
  expect(await now()).toMatchObject({
    latest_invoice: { total: 900, starting_balance: -500, ending_balance: 0, amount_paid: 400 },
  });
});

test("a credit given while a draft waits is used when it becomes final", async () => {
  bench.control.advance(period());
  await bench.stripe.customers.createBalanceTransaction(sold.customer.id, { amount: -300, currency: "usd" });
  expect(await now()).toMatchObject({ latest_invoice: { status: "draft", amount_due: 900 } });
  bench.control.advance(3600);
  expect(await now()).toMatchObject({
    latest_invoice: { status: "paid", starting_balance: -300, ending_balance: 0, amount_paid: 600 },
  });
});

const downgrade = async () => {
  await upgrade();
  const made = await bench.stripe.subscriptionSchedules.create({ from_subscription: subscription.id });
  const [current] = made.phases;
  return bench.stripe.subscriptionSchedules.update(made.id, {
    end_behavior: "release",
    metadata: { org: "t_1" },
    proration_behavior: "none",
    phases: [
      { items: [{ price: sold.prices.pro.id, quantity: 1 }], start_date: current!.start_date, end_date: current!.end_date },
      {
        items: [{ price: sold.prices.solo.id, quantity: 1 }],
        duration: { interval: "month", interval_count: 1 },
        proration_behavior: "none",
      },
    ],
  });
};

test("a downgrade by schedule keeps the plan until the boundary, changes it there without proration, and lets go a month later", async () => {
  await upgrade();
  bench.happened();
  const schedule = await downgrade();
  expect(bench.happened()).toEqual([
    "subscription_schedule.created",
    "customer.subscription.updated",
    "subscription_schedule.updated",
  ]);
  expect(schedule).toMatchObject({ status: "active", phases: [{}, { start_date: startAt + period() }] });
  expect((await now()).schedule).toMatchObject({ id: schedule.id });
  expect(await lookup()).toBe("pro");

  bench.control.advance(period());
  expect(bench.happened()).toEqual(["customer.subscription.updated", "subscription_schedule.updated", "invoice.created"]);
  expect(await lookup()).toBe("solo");
  bench.control.advance(3600);
  expect(await now()).toMatchObject({ latest_invoice: { status: "paid", total: 900, lines: { data: [{ amount: 900 }] } } });

  bench.happened();
  bench.control.advance((await now()).items.data[0]!.current_period_end - bench.control.now());
  expect(bench.happened()).toEqual([
    "subscription_schedule.released",
    "customer.subscription.updated",
    "customer.subscription.updated",
    "invoice.created",
  ]);
  expect(await now()).toMatchObject({ schedule: null, status: "active" });
});

test("a downgrade that is released before the boundary renews at the old price", async () => {
  const schedule = await downgrade();
  bench.happened();
  expect(await bench.stripe.subscriptionSchedules.release(schedule.id)).toMatchObject({
    status: "released",
    subscription: null,
    released_subscription: subscription.id,
  });
  expect(bench.happened()).toEqual(["subscription_schedule.released", "customer.subscription.updated"]);
  bench.control.advance(period() + 3600);
  expect(await now()).toMatchObject({ latest_invoice: { total: 1900 } });
});

test("a schedule stands in the way of a second one, of cancelling, pausing and pending updates", async () => {
  await downgrade();
  await expect(bench.stripe.subscriptionSchedules.create({ from_subscription: subscription.id })).rejects.toThrow(
    "already attached to a schedule",
  );
  await expect(bench.stripe.subscriptions.update(subscription.id, { cancel_at_period_end: true })).rejects.toThrow(
    "managed by the subscription schedule",
  );
  await expect(bench.stripe.subscriptions.cancel(subscription.id)).rejects.toThrow("managed by the subscription schedule");
  await expect(bench.stripe.subscriptions.pause(subscription.id)).rejects.toThrow(
    "Cannot pause subscriptions with attached schedules",
  );
  await expect(upgrade()).rejects.toMatchObject({ statusCode: 400 });
});

test("a change of items while scheduled goes into the running phase", async () => {
  await downgrade();
  bench.control.advance(86_400);
  bench.happened();
  await bench.stripe.subscriptions.update(subscription.id, { items: [{ id: item, quantity: 2 }] });
  expect(bench.happened()).toEqual([
    "customer.subscription.updated",
    "subscription_schedule.updated",
    "invoiceitem.created",
    "invoiceitem.created",
  ]);
});

test("phases have ends, and iterations are gone", async () => {
  const schedule = await downgrade();
  const items = [{ price: sold.prices.solo.id }];
  await expect(
    bench.stripe.subscriptionSchedules.update(schedule.id, { phases: [{ items, iterations: 1 } as never] }),
  ).rejects.toMatchObject({ code: "parameter_unknown", param: "phases[0][iterations]" });
  await expect(bench.stripe.subscriptionSchedules.update(schedule.id, { phases: [{ items }] })).rejects.toMatchObject({
    param: "phases[0][end_date]",
  });
});

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
