import { expect, test } from "vitest";
import { cards, type Payer } from "../billing/payer.ts";
import { DAY, HOUR } from "../billing/stripe-stage.ts";
import { covers } from "./covers.ts";
import { api, ask, bought, stage, useStripeStage, withoutStripe } from "./payers.ts";
import { prove } from "./proved.ts";

useStripeStage();

covers("getBilling", "200", "says plan, entitlement and dates, also to who may only read", async () => {
  const ann = await bought("pro");
  const { body } = await api.call("GET", "/v1/billing", { token: await ann.token(["read"]) });
  expect(body).toMatchObject({
    plan: "pro",
    entitlement: "active",
    graceUntil: null,
    hold: false,
    over: false,
    pendingPlan: null,
  });
  expect(Date.parse(body.periodEnd)).toBeGreaterThan(Date.parse(body.syncedAt));
});

covers("startCheckout", "200", "answers a page on which the plan can be paid", async () => {
  const ann = await stage.signUp();
  const { status, body } = await ask(ann, "POST", "/checkout", { plan: "solo" });
  expect(status).toBe(200);
  expect((await ann.pay(body.url, cards.works)).status).toBe(303);
  await stage.settle();
  expect((await ask(ann, "GET", "")).body).toMatchObject({ plan: "solo", entitlement: "active" });
});

covers("startCheckout", "billing.subscribed", "who has a subscription is sent to billing", async () => {
  const { body } = await ask(await bought(), "POST", "/checkout", { plan: "pro" });
  expect(body).toMatchObject({ status: 409, code: "billing.subscribed", fix_url: "https://berth.test/billing" });
});

covers("startCheckout", "billing.currency", "who pays in another currency is told so", async () => {
  const ann = await stage.signUp();
  await ann.checkout();
  const customer = await ann.customer();
  const product = await stage.stripe.products.create({ name: "Euro" });
  const recurring = { interval: "month" } as const;
  const euro = await stage.stripe.prices.create({ product: product.id, currency: "eur", unit_amount: 900, recurring });
  const method = await stage.stripe.paymentMethods.attach("pm_card_visa", { customer });
  const items = [{ price: euro.id }];
  const sold = await stage.stripe.subscriptions.create({ customer, items, default_payment_method: method.id });
  await stage.stripe.subscriptions.cancel(sold.id);
  await stage.advance(32 * 60);
  expect((await ask(ann, "POST", "/checkout", { plan: "solo" })).body).toMatchObject({ status: 409, code: "billing.currency" });
});

covers("startCheckout", "billing.unavailable", "Stripe's silence is told as such and nothing is promised", async () => {
  const ann = await stage.signUp();
  const { body } = await withoutStripe(() => ask(ann, "POST", "/checkout", { plan: "solo" }));
  expect(body).toMatchObject({ status: 503, code: "billing.unavailable" });
  expect((await ann.account()).checkout).toBeUndefined();
});

covers("startCheckout", "service.busy", "a page that cannot be agreed on is given up", async () => {
  const ann = await stage.signUp();
  const stripe = await stage.test.world.stripe();
  const { sessions } = stripe.checkout;
  const create = sessions.create.bind(sessions);
  const late = Object.assign(new Error("expires_at"), { type: "StripeInvalidRequestError", param: "expires_at" });
  sessions.create = (() => Promise.reject(late)) as unknown as typeof create;
  const { body } = await ask(ann, "POST", "/checkout", { plan: "solo" });
  sessions.create = create;
  expect(body).toMatchObject({ status: 503, code: "service.busy" });
});

covers("listInvoices", "200", "lists bills with amounts in cents and Stripe's pages", async () => {
  const ann = await bought("pro");
  const { body } = await ask(ann, "GET", "/invoices");
  expect(body).toMatchObject({ next: null, items: [{ status: "paid", amount: 1900, remaining: 0, currency: "usd" }] });
  expect((await ask(await stage.signUp(), "GET", "/invoices")).body).toEqual({ items: [], next: null });
});

test("a page of bills with nothing but drafts, which are none yet, is followed to the bills before it", async () => {
  const ann = await bought("pro");
  stage.control.failFinalization(await ann.customer(), "taxes_calculation_failed");
  await stage.advance(33 * DAY);
  const { data } = await stage.stripe.invoices.list({ customer: await ann.customer() });
  expect(data.map(({ status }) => status)).toEqual(["draft", "paid"]);
  const { body } = await ask(ann, "GET", "/invoices?limit=1");
  expect(body).toMatchObject({ next: null, items: [{ status: "paid" }] });
});

covers("listInvoices", "input.invalid", "a cursor that leads nowhere is the asker's mistake, not ours", async () => {
  const { body } = await ask(await bought(), "GET", "/invoices?cursor=in_1nowhere");
  expect(body).toMatchObject({ status: 422, code: "input.invalid" });
});

covers("listInvoices", "billing.unavailable", "Stripe's silence is told as such", async () => {
  const ann = await bought();
  const { body } = await withoutStripe(() => ask(ann, "GET", "/invoices"));
  expect(body).toMatchObject({ status: 503, code: "billing.unavailable" });
});

/** Opens the portal with a token whose owner has proved just now. */
async function portal(payer: Payer) {
  const token = await payer.token(["billing"]);
  await prove(api, payer.user.email, { token });
  return api.call("POST", "/v1/billing/portal", { token });
}

covers("openPortal", "200", "answers a page of the customer's own, on which plans cannot be changed nor paused", async () => {
  const ann = await bought();
  const { body } = await portal(ann);
  const page = await (await fetch(body.url)).text();
  expect(page).toContain("Cancel");
  const [configuration] = (await stage.stripe.billingPortal.configurations.list({ limit: 10 })).data;
  expect(configuration?.features).toMatchObject({
    subscription_cancel: { enabled: true, mode: "at_period_end" },
    subscription_update: { enabled: false },
    subscription_pause: { enabled: false },
  });
  await portal(ann);
  expect((await stage.stripe.billingPortal.configurations.list({ limit: 10 })).data).toHaveLength(1);
});

covers("openPortal", "billing.no_customer", "who never paid has nothing to manage", async () => {
  const ann = await stage.signUp();
  await ann.checkout();
  const { body } = await portal(ann);
  expect(body).toMatchObject({ status: 409, code: "billing.no_customer", fix_url: "https://berth.test/plans" });
});

covers("openPortal", "billing.unavailable", "Stripe's silence is told as such", async () => {
  const ann = await bought();
  const { body } = await withoutStripe(() => portal(ann));
  expect(body).toMatchObject({ status: 503, code: "billing.unavailable" });
});

covers(
  "openPortal",
  "auth.proof",
  "a token, or a session of an hour ago, does not open it without a code from the mail",
  async () => {
    const ann = await bought();
    const session = await api.signIn(ann.user.email);
    const token = await ann.token(["billing"]);
    const open = (credential: object) => api.call("POST", "/v1/billing/portal", credential);
    expect((await open({ session })).status).toBe(200);
    await stage.advance(HOUR);
    for (const credential of [{ session }, { token }])
      expect((await open(credential)).body).toMatchObject({
        status: 403,
        code: "auth.proof",
        fix_url: "https://berth.test/account",
      });
    await prove(api, ann.user.email, { session });
    expect((await open({ session })).status).toBe(200);
  },
);

covers("refreshBilling", "200", "finds at Stripe what no event told of", async () => {
  const ann = await stage.signUp();
  await stage.unheard(async () => ann.pay(await ann.checkout("pro")));
  expect((await ask(ann, "GET", "")).body).toMatchObject({ entitlement: "none" });
  expect((await ask(ann, "POST", "/refresh", {})).body).toMatchObject({ entitlement: "active", plan: "pro" });
});

covers("refreshBilling", "rate.limited", "cannot be used to flood Stripe", async () => {
  const ann = await bought();
  const token = await ann.token(["billing"]);
  const answers = [];
  for (let count = 0; count < 21; count++) answers.push(await api.call("POST", "/v1/billing/refresh", { token, body: {} }));
  expect(answers.slice(0, 20).map(({ status }) => status)).toEqual(Array(20).fill(200));
  expect(answers[20]?.body).toMatchObject({ status: 429, code: "rate.limited", retryAfter: expect.any(Number) });
});

covers("refreshBilling", "billing.unavailable", "Stripe's silence leaves what is known in force", async () => {
  const ann = await bought();
  const { body } = await withoutStripe(() => ask(ann, "POST", "/refresh", {}));
  expect(body).toMatchObject({ status: 503, code: "billing.unavailable" });
  await stage.advance(2 * HOUR + DAY);
  expect(await ann.state()).toBe("active");
});
