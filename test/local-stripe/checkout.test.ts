import type Stripe from "stripe";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Bench, createBench, type Sold, sell, startAt, submit, subscribe, typed } from "./harness.ts";

let bench: Bench;
let sold: Sold;

beforeAll(async () => {
  bench = await createBench();
  sold = await sell(bench.stripe);
});
afterAll(() => bench.close());

const checkout = (more: Partial<Stripe.Checkout.SessionCreateParams> = {}, customer = sold.customer.id) =>
  bench.stripe.checkout.sessions.create({
    mode: "subscription",
    customer,
    client_reference_id: "t_1",
    line_items: [{ price: sold.prices.solo.id, quantity: 1 }],
    success_url: "http://127.0.0.1/return?session_id={CHECKOUT_SESSION_ID}",
    cancel_url: "http://127.0.0.1/plans",
    ...more,
  });

test("a card that works completes the session, and only then are there a subscription, a paid invoice and its events in the captured order", async () => {
  const { customer } = await sell(bench.stripe);
  const session = await checkout({ subscription_data: { metadata: { org_id: "t_9" } } }, customer.id);
  expect(session).toMatchObject({
    status: "open",
    payment_status: "unpaid",
    subscription: null,
    invoice: null,
    amount_total: 900,
  });
  expect((await bench.stripe.subscriptions.list({ customer: customer.id, status: "all" })).data).toEqual([]);
  bench.happened();

  const answer = await submit(session.url!, typed("4242 4242 4242 4242"));

  expect(answer.status).toBe(303);
  expect(answer.headers.get("location")).toBe(`http://127.0.0.1/return?session_id=${session.id}`);
  expect(bench.happened()).toEqual([
    "charge.succeeded",
    "payment_method.attached",
    "checkout.session.completed",
    "customer.updated",
    "customer.subscription.created",
    "payment_intent.succeeded",
    "payment_intent.created",
    "invoice.created",
    "invoice.finalized",
    "invoice.paid",
    "invoice.payment_succeeded",
    "invoice_payment.paid",
  ]);
  const done = await bench.stripe.checkout.sessions.retrieve(session.id, {
    expand: ["subscription.latest_invoice.payments", "line_items"],
  });
  expect(done).toMatchObject({ status: "complete", payment_status: "paid", url: null });
  const subscription = done.subscription as Stripe.Subscription;
  expect(subscription).toMatchObject({ status: "active", metadata: { org_id: "t_9" }, customer: customer.id });
  expect(subscription.items.data[0]).toMatchObject({ current_period_start: startAt, price: { lookup_key: "solo" }, quantity: 1 });
  const invoice = subscription.latest_invoice as Stripe.Invoice;
  expect(invoice).toMatchObject({
    status: "paid",
    amount_paid: 900,
    billing_reason: "subscription_create",
    attempt_count: 1,
    auto_advance: false,
  });
  expect(invoice.payments!.data[0]!.payment.type).toBe("payment_intent");
});

test("a declined card leaves the session open and nothing behind; another card then completes it once", async () => {
  const { customer } = await sell(bench.stripe);
  const session = await checkout({}, customer.id);

  const declined = await submit(session.url!, typed("4000000000000002"));
  expect(declined.status).toBe(402);
  expect(await declined.text()).toContain("Your card was declined.");
  expect((await bench.stripe.subscriptions.list({ customer: customer.id, status: "all" })).data).toEqual([]);
  expect((await bench.stripe.checkout.sessions.retrieve(session.id)).status).toBe("open");

  expect((await submit(session.url!, typed("4242424242424242"))).status).toBe(303);
  expect((await submit(session.url!, typed("4242424242424242"))).status).toBe(409);
  expect((await bench.stripe.subscriptions.list({ customer: customer.id, status: "all" })).data).toHaveLength(1);
});

test("a card that asks for 3D Secure is paid once its holder agrees, and declined if not", async () => {
  const { customer } = await sell(bench.stripe);
  const session = await checkout({}, customer.id);

  const asked = await submit(session.url!, typed("4000002500003155"));
  const bank = new URL(asked.headers.get("location")!, session.url!).href;
  expect(await (await fetch(bank)).text()).toContain("Complete authentication");
  const refused = await submit(bank, { answer: "refuse" });
  expect(refused.status).toBe(402);
  expect(await refused.text()).toContain("unable to authenticate");

  await submit(session.url!, typed("4000002500003155"));
  expect((await submit(bank, { answer: "approve" })).headers.get("location")).toContain(session.id);
  expect((await bench.stripe.checkout.sessions.retrieve(session.id)).status).toBe("complete");
});

test("the page shows amount, email, test cards and a form that needs no script", async () => {
  const session = await checkout();
  const page = await (await fetch(`${session.url}?card=4000000000000341`)).text();
  for (const words of ["$9.00", "ann@example.com", "4000 0000 0000 0002", 'value="4000000000000341"', 'action="/c/pay/'])
    expect(page).toContain(words);
  expect(page).not.toContain("<script");
});

test("what is typed wrong is said on the page and nothing is charged", async () => {
  const session = await checkout();
  for (const [fields, words] of [
    [{ ...typed("1234") }, "number is invalid"],
    [{ ...typed("4242424242424242"), expiry: "soon" }, "date is incomplete"],
    [{ ...typed("4242424242424242"), expiry: "01/20" }, "in the past"],
    [{ ...typed("4242424242424242"), cvc: "1" }, "security code is incomplete"],
  ] as const) {
    const answer = await submit(session.url!, fields);
    expect(answer.status).toBe(400);
    expect(await answer.text()).toContain(words);
  }
  expect((await bench.stripe.checkout.sessions.retrieve(session.id)).status).toBe("open");
});

test("a session expires by the clock or by request, once, with one event, and cannot be paid any more", async () => {
  const session = await checkout({ expires_at: startAt + 31 * 60 });
  const other = await checkout();
  await bench.stripe.checkout.sessions.expire(other.id);
  await expect(bench.stripe.checkout.sessions.expire(other.id)).rejects.toMatchObject({ statusCode: 400 });
  bench.happened();
  bench.control.advance(31 * 60);
  expect(bench.happened().filter((type) => type !== "checkout.session.expired")).toEqual([]);
  const expired = await bench.stripe.checkout.sessions.retrieve(session.id);
  expect(expired).toMatchObject({ status: "expired", url: null });
  expect((await submit(session.url!, typed("4242424242424242"))).status).toBe(409);
});

test("an expiry outside of 30 minutes to 24 hours is refused", async () => {
  const now = bench.control.now();
  for (const expires_at of [now + 29 * 60, now + 25 * 3600])
    await expect(checkout({ expires_at })).rejects.toMatchObject({ param: "expires_at" });
});

test("a customer of one currency cannot buy in another", async () => {
  const { customer } = await sell(bench.stripe);
  await subscribe(bench.stripe, { ...sold, customer });
  const euro = await bench.stripe.prices.create({
    product: sold.prices.solo.product as string,
    currency: "eur",
    unit_amount: 900,
    recurring: { interval: "month" },
  });
  await expect(checkout({ line_items: [{ price: euro.id, quantity: 1 }] }, customer.id)).rejects.toThrow(
    "cannot combine currencies",
  );
});
