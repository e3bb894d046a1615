import type Stripe from "stripe";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type Bench, createBench, type Sold, sell, startAt, submit, subscribe, typed } from "./harness.ts";

let bench: Bench;
let sold: Sold;
let subscription: Stripe.Subscription;
let url: string;

const features = (prices: Sold["prices"]): Stripe.BillingPortal.ConfigurationCreateParams.Features => ({
  invoice_history: { enabled: true },
  payment_method_update: { enabled: true },
  subscription_cancel: { enabled: true, mode: "at_period_end" },
  subscription_pause: { enabled: false },
  subscription_update: {
    enabled: true,
    default_allowed_updates: ["price"],
    proration_behavior: "always_invoice",
    billing_cycle_anchor: "unchanged",
    products: [prices.solo, prices.pro].map((price) => ({ product: price.product as string, prices: [price.id] })),
    schedule_at_period_end: { conditions: [{ type: "decreasing_item_amount" }, { type: "shortening_interval" }] },
  },
});

beforeEach(async () => {
  bench = await createBench();
  sold = await sell(bench.stripe);
  subscription = await subscribe(bench.stripe, sold);
  await bench.stripe.billingPortal.configurations.create({
    features: features(sold.prices),
    business_profile: { headline: "Berth" },
  });
  url = await open();
  bench.happened();
});
afterEach(() => bench.close());

const open = async () =>
  (await bench.stripe.billingPortal.sessions.create({ customer: sold.customer.id, return_url: "http://127.0.0.1/billing" })).url;
const now = () => bench.stripe.subscriptions.retrieve(subscription.id, { expand: ["latest_invoice", "schedule"] });
const text = async (path = "") => (await fetch(`${url}${path}`)).text();
const boundary = () => subscription.items.data[0]!.current_period_end - bench.control.now();

test("a configuration is read back without its products unless they are asked for", async () => {
  const [configuration] = (await bench.stripe.billingPortal.configurations.list()).data;
  expect(configuration).toMatchObject({
    is_default: true,
    features: { subscription_update: { enabled: true, schedule_at_period_end: { conditions: [{}, {}] } } },
  });
  expect(configuration!.features.subscription_update.products).toBeUndefined();
  const full = await bench.stripe.billingPortal.configurations.retrieve(configuration!.id, {
    expand: ["features.subscription_update.products"],
  });
  expect(full.features.subscription_update.products).toHaveLength(2);
});

test("the front page shows the plan, the card in use, the invoices and the way back, and needs no script", async () => {
  const page = await text();
  for (const words of [
    "Berth Solo",
    "$9.00",
    "visa</span> •••• 4242",
    "in use",
    "Renews on 1 April 2027",
    "http://127.0.0.1/billing",
    "/i/in_",
  ])
    expect(page).toContain(words);
  expect(page).not.toContain("<script");
});

test("a link that is unknown or older than an hour opens nothing", async () => {
  expect((await fetch(`${bench.server.url}/p/session/test_nothing`)).status).toBe(404);
  bench.control.advance(3601);
  expect((await fetch(url)).status).toBe(404);
});

test("a card saved in the portal is charged from then on, also by the subscription that failed, and the open bill can be paid with it", async () => {
  bench.control.failCards("all", "insufficient_funds");
  bench.control.advance(boundary() + 3600);
  url = await open();
  expect(await text()).toContain("A payment failed");
  bench.control.fixCards("all");
  bench.happened();
  const saved = await submit(`${url}/card`, typed("5555 5555 5555 4444"));
  expect(saved.headers.get("location")).toMatch(/done=card$/);
  expect(bench.happened()).toEqual([
    "payment_method.attached",
    "setup_intent.created",
    "setup_intent.succeeded",
    "customer.updated",
    "customer.subscription.updated",
  ]);
  const unpaid = await now();
  await submit((unpaid.latest_invoice as Stripe.Invoice).hosted_invoice_url!, { saved: "yes" });
  expect(bench.happened()).toEqual([
    "customer.updated",
    "charge.succeeded",
    "payment_intent.succeeded",
    "invoice.updated",
    "invoice.paid",
    "invoice.payment_succeeded",
    "customer.subscription.updated",
    "invoice_payment.paid",
  ]);
  expect(await now()).toMatchObject({ status: "active" });
});

test("a card that asks for 3D Secure is kept only when its holder agrees; a declined one is refused in words", async () => {
  expect((await submit(`${url}/card`, typed("4000000000000002"))).status).toBe(402);
  const asked = await submit(`${url}/card`, typed("4000002500003155"));
  const bank = new URL(asked.headers.get("location")!, url).href;
  expect((await submit(bank, { answer: "refuse" })).status).toBe(402);
  expect((await bench.stripe.customers.listPaymentMethods(sold.customer.id)).data).toHaveLength(1);
  expect((await submit(bank, { answer: "approve" })).status).toBe(303);
  expect((await bench.stripe.customers.listPaymentMethods(sold.customer.id)).data).toHaveLength(2);
});

test("cancelling waits for the period's end, can be taken back, and has the captured events", async () => {
  expect(await text("/cancel")).toContain("1 April 2027");
  await submit(`${url}/cancel`, { feedback: "" });
  expect(bench.happened()).toEqual(["customer.subscription.updated"]);
  expect(await now()).toMatchObject({ cancel_at_period_end: true });
  expect((await submit(`${url}/cancel`, {})).status).toBe(403);
  await submit(`${url}/renew`, {});
  expect(await now()).toMatchObject({ cancel_at_period_end: false });
  await submit(`${url}/cancel`, { feedback: "unused" });
  expect((await now()).cancellation_details).toMatchObject({ feedback: "unused", reason: "cancellation_requested" });
  bench.happened();
  bench.control.advance(boundary());
  expect(bench.happened()).toEqual(["customer.subscription.deleted"]);
});

test("switching up comes at once when it is paid, switching down waits at the boundary by a schedule that lets go", async () => {
  bench.control.advance(1800);
  await submit(`${url}/switch`, { price: sold.prices.pro.id });
  expect(await now()).toMatchObject({
    items: { data: [{ price: { lookup_key: "pro" } }] },
    latest_invoice: { status: "paid", billing_reason: "subscription_update" },
  });
  await submit(`${url}/switch`, { price: sold.prices.solo.id });
  expect(await now()).toMatchObject({
    items: { data: [{ price: { lookup_key: "pro" } }] },
    schedule: { end_behavior: "release", phases: [{}, {}] },
  });
  expect(await text()).toContain("Changes to Berth Solo on 1 April 2027");
  bench.control.advance(boundary());
  expect(await now()).toMatchObject({ items: { data: [{ price: { lookup_key: "solo" } }] } });
});

test("switching again drops the change that waits", async () => {
  const product = sold.prices.pro.product as string;
  const studio = await bench.stripe.prices.create({
    product,
    currency: "usd",
    unit_amount: 4900,
    recurring: { interval: "month" },
    lookup_key: "studio",
  });
  const [configuration] = (await bench.stripe.billingPortal.configurations.list()).data;
  const products = [
    { product: sold.prices.solo.product as string, prices: [sold.prices.solo.id] },
    { product, prices: [sold.prices.pro.id, studio.id] },
  ];
  await bench.stripe.billingPortal.configurations.update(configuration!.id, { features: { subscription_update: { products } } });
  await submit(`${url}/switch`, { price: sold.prices.pro.id });
  await submit(`${url}/switch`, { price: sold.prices.solo.id });
  await submit(`${url}/switch`, { price: studio.id });
  expect(await now()).toMatchObject({ schedule: null, items: { data: [{ price: { lookup_key: "studio" } }] } });
  bench.control.advance(boundary());
  expect(await now()).toMatchObject({ items: { data: [{ price: { lookup_key: "studio" } }] } });
});

test("confirming a cancellation drops the downgrade that waits, with the captured events", async () => {
  await submit(`${url}/switch`, { price: sold.prices.pro.id });
  await submit(`${url}/switch`, { price: sold.prices.solo.id });
  bench.happened();
  await submit(`${url}/cancel`, { feedback: "too_expensive" });
  expect(bench.happened()).toEqual([
    "subscription_schedule.released",
    "customer.subscription.updated",
    "customer.subscription.updated",
    "subscription_schedule.updated",
    "customer.subscription.updated",
  ]);
  expect(await now()).toMatchObject({ schedule: null, cancel_at_period_end: true });
});

test("what the configuration does not allow is not offered and is refused", async () => {
  const [configuration] = (await bench.stripe.billingPortal.configurations.list()).data;
  await bench.stripe.billingPortal.configurations.update(configuration!.id, {
    features: {
      subscription_cancel: { enabled: false },
      subscription_update: { enabled: false, default_allowed_updates: [], products: [] },
      payment_method_update: { enabled: false },
    },
  });
  expect(await text()).not.toContain("Cancel plan");
  for (const [path, fields] of [
    ["/cancel", {}],
    ["/switch", { price: sold.prices.pro.id }],
    ["/card", typed("4242424242424242")],
  ] as const)
    expect((await submit(`${url}${path}`, fields)).status).toBe(403);
  expect((await submit(`${url}/switch`, { price: "price_none" })).status).toBe(403);
});

test("another customer's card cannot be touched", async () => {
  const other = await bench.stripe.customers.create({});
  const method = await bench.stripe.paymentMethods.attach("pm_card_visa", { customer: other.id });
  expect((await submit(`${url}/card/${method.id}`, { act: "remove" })).status).toBe(403);
});

test("with the one-subscription switch on, the checkout page of a subscriber leads to the portal", async () => {
  bench.control.settings({ limitOneSubscription: true });
  const session = await bench.stripe.checkout.sessions.create({
    mode: "subscription",
    customer: sold.customer.id,
    line_items: [{ price: sold.prices.solo.id, quantity: 1 }],
    success_url: "http://127.0.0.1/ok",
    expires_at: startAt + 3600,
  });
  const opened = await fetch(session.url!, { redirect: "manual" });
  expect([opened.status, opened.headers.get("location")]).toEqual([303, expect.stringContaining("/p/session/")]);
});
