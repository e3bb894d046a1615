import { refreshBilling } from "@berth/domain/billing/standing/refresh.ts";
import { get } from "@berth/domain/query.ts";
import { globalKey } from "@berth/domain/table.ts";
import { afterEach, beforeEach, expect, test } from "vitest";
import { cards } from "./payer.ts";
import { refused } from "./refused.ts";
import { DAY, HOUR, openStripeStage, type StripeStage } from "./stripe-stage.ts";

let stage: StripeStage;
beforeEach(async () => {
  stage = await openStripeStage();
});
afterEach(() => stage.close());

const sessionOf = (url: string) => decodeURIComponent(new URL(url).pathname.split("/").at(-1) ?? "");
const subscriptions = async (customer: string) =>
  (await stage.stripe.subscriptions.list({ customer, status: "all", limit: 100 })).data;

test("a paid checkout makes the account active on the plan that was bought, with its limits", async () => {
  const ann = await stage.signUp();
  const account = await ann.buy("pro");
  expect(account).toMatchObject({ kind: "good", plan: "pro", slotLimit: 10, targetLimit: 5, anomalies: [], graceUntil: null });
  expect(account.checkout).toBeNull();
  expect(ann.mails()).toEqual(["welcome"]);
});

test("the events of a checkout in the order they were captured in and in the reverse end in the same row", async () => {
  const outcomes = [];
  for (const reversed of [false, true]) {
    const ann = await stage.signUp();
    const { events } = await stage.unheard(async () => ann.pay(await ann.checkout("pro")));
    expect((await ann.account()).kind).toBe("none");
    await stage.deliver(reversed ? events.toReversed() : events);
    const { kind, plan, slotLimit, anomalies, checkout, periodEnd } = await ann.account();
    outcomes.push({ kind, plan, slotLimit, anomalies, checkout, periodEnd, mails: ann.mails() });
  }
  expect(outcomes[0]).toMatchObject({ kind: "good", plan: "pro", mails: ["welcome"] });
  expect(outcomes[1]).toEqual(outcomes[0]);
});

test("each event three times, also after it was done with, is one change, one mail and no write at Stripe", async () => {
  const ann = await stage.signUp();
  await ann.buy("solo");
  const { writes } = stage.asked;
  const before = await ann.account();
  const events = stage.eventsOf(await ann.customer());
  await stage.deliver([...events, ...events]);
  expect(stage.asked.writes).toBe(writes);
  expect(ann.mails()).toEqual(["welcome"]);
  // Done with: not even Stripe was asked again.
  expect((await ann.account()).syncSeq).toBe(before.syncSeq);
});

test("who returns from the payment page before any event is active, and the events that follow change nothing", async () => {
  const ann = await stage.signUp();
  const url = await ann.checkout("solo");
  const { events } = await stage.unheard(() => ann.pay(url));
  expect(await ann.state()).toBe("none");
  expect(await refreshBilling(ann.ctx, { session: sessionOf(url) })).toMatchObject({ entitlement: "active", plan: "solo" });
  const { appliedSeq: _, syncSeq: __, ...row } = await ann.account();
  await stage.deliver(events);
  expect(await ann.account()).toMatchObject({ ...row, checkout: null });
  expect(ann.mails()).toEqual(["welcome"]);
});

test("the payment page of another tenant, or one that is none, is refused on return and grants nothing", async () => {
  const [ann, eve] = [await stage.signUp(), await stage.signUp()];
  const url = await ann.checkout("solo");
  await stage.unheard(() => ann.pay(url));
  await eve.checkout("solo");
  expect(await refused(refreshBilling(eve.ctx, { session: sessionOf(url) }))).toMatchObject({ code: "input.invalid" });
  expect(await refused(refreshBilling(eve.ctx, { session: "cs_test_none" }))).toMatchObject({ code: "input.invalid" });
  expect(await eve.state()).toBe("none");
});

test("an abandoned payment page runs out, leaves no subscription and is no longer offered", async () => {
  const ann = await stage.signUp();
  const first = await ann.checkout("solo");
  await stage.advance(32 * 60);
  expect(await ann.account()).toMatchObject({ kind: "none", checkout: null });
  expect(await subscriptions(await ann.customer())).toEqual([]);
  const second = await ann.checkout("solo");
  expect(second).not.toBe(first);
  expect((await ann.pay(first)).status).not.toBe(303);
});

test("a card that is declined on the page and then one that works are one subscription and nothing incomplete", async () => {
  const ann = await stage.signUp();
  const url = await ann.checkout("solo");
  for (const card of [cards.declined, cards.poor]) expect((await ann.pay(url, card)).status).toBe(402);
  await stage.settle();
  expect(await ann.state()).toBe("none");
  expect((await ann.pay(url, cards.works)).status).toBe(303);
  await stage.settle();
  expect(await ann.account()).toMatchObject({ kind: "good", anomalies: [] });
  expect((await subscriptions(await ann.customer())).map(({ status }) => status)).toEqual(["active"]);
});

test.each([cards.asks, cards.alwaysAsks])("a bank that asks its cardholder (%s) is answered on the page", async (card) => {
  const ann = await stage.signUp();
  expect(await ann.buy("solo", card)).toMatchObject({ kind: "good", plan: "solo", anomalies: [] });
});

test("two tabs for the same plan get the same page, one after the other and at once", async () => {
  const ann = await stage.signUp();
  const pages = await Promise.all([ann.checkout("solo"), ann.checkout("solo"), ann.checkout("solo")]);
  expect(new Set([...pages, await ann.checkout("solo")]).size).toBe(1);
});

test("two tabs for different plans leave one page that can be paid", async () => {
  const ann = await stage.signUp();
  const small = await ann.checkout("solo");
  const large = await ann.checkout("studio");
  expect(large).not.toBe(small);
  expect((await ann.pay(small)).status).not.toBe(303);
  expect((await ann.pay(large)).status).toBe(303);
  await stage.settle();
  expect(await ann.account()).toMatchObject({ kind: "good", plan: "studio", anomalies: [] });
});

test("two tabs for different plans at once leave at most one page that can be paid", async () => {
  const ann = await stage.signUp();
  const pages = await Promise.allSettled([ann.checkout("solo"), ann.checkout("pro"), ann.checkout("studio")]);
  const urls = pages.flatMap((page) => (page.status === "fulfilled" ? [page.value] : []));
  expect(urls.length).toBeGreaterThan(0);
  const paid = [];
  for (const url of urls) if ((await ann.pay(url)).status === 303) paid.push(url);
  await stage.settle();
  expect(new Set(paid).size).toBeLessThanOrEqual(1);
  expect(await subscriptions(await ann.customer())).toHaveLength(new Set(paid).size);
});

test("a page that is paid in the moment another plan is chosen leaves no second page to pay", async () => {
  const ann = await stage.signUp();
  const small = await ann.checkout("solo");
  const real = await stage.test.world.stripe();
  const { sessions } = real.checkout;
  const expire = sessions.expire.bind(sessions);
  sessions.expire = (async (...args: Parameters<typeof expire>) => {
    expect((await ann.pay(small)).status).toBe(303);
    return expire(...args);
  }) as unknown as typeof expire;
  const answer = await refused(ann.checkout("studio")).finally(() => {
    sessions.expire = expire;
  });
  expect(answer).toMatchObject({ code: "billing.subscribed" });
  expect((await stage.stripe.checkout.sessions.list({ customer: await ann.customer(), status: "open" })).data).toEqual([]);
  expect(await subscriptions(await ann.customer())).toHaveLength(1);
  await stage.settle();
  expect(await ann.account()).toMatchObject({ kind: "good", plan: "solo", anomalies: [] });
});

test("a page with less than five minutes left is not offered again", async () => {
  const ann = await stage.signUp();
  const first = await ann.checkout("solo");
  await stage.advance(25 * 60);
  expect(await ann.checkout("solo")).toBe(first);
  await stage.advance(2 * 60);
  const second = await ann.checkout("solo");
  expect(second).not.toBe(first);
  expect((await ann.pay(first)).status).not.toBe(303);
});

test("of two customers made at once for a tenant there is one, and it is on record before any page", async () => {
  const ann = await stage.signUp();
  await Promise.all([ann.checkout("solo"), ann.checkout("solo")]);
  const customer = await ann.customer();
  expect(await get(stage.test.world, globalKey("CUS", customer))).toMatchObject({ tenant: ann.id });
  const all = await stage.stripe.customers.list({ limit: 100 });
  expect(all.data.filter(({ metadata }) => metadata.tenant === ann.id)).toHaveLength(1);
});

test("who has a subscription is sent to the portal and gets no page: active, past due, unpaid and set to end", async () => {
  const ann = await stage.signUp();
  await ann.buy("solo");
  const no = () => refused(ann.checkout("pro"));
  expect(await no()).toMatchObject({ code: "billing.subscribed", facts: { fix_url: "https://berth.test/billing" } });
  const { id } = await ann.subscription();
  await stage.stripe.subscriptions.update(id, { cancel_at_period_end: true });
  expect(await no()).toMatchObject({ code: "billing.subscribed" });
  await stage.stripe.subscriptions.update(id, { cancel_at_period_end: false });
  stage.control.failCards(await ann.customer(), "generic_decline");
  await stage.advance(31 * DAY + 2 * HOUR);
  expect((await ann.subscription()).status).toBe("past_due");
  expect(await no()).toMatchObject({ code: "billing.subscribed" });
  await stage.advance(20 * DAY);
  expect((await ann.subscription()).status).toBe("unpaid");
  expect(await no()).toMatchObject({ code: "billing.subscribed" });
});

test("a page that was paid without a word reaching us is found at the next attempt to buy", async () => {
  const ann = await stage.signUp();
  const url = await ann.checkout("solo");
  await stage.unheard(() => ann.pay(url));
  expect(await refused(ann.checkout("solo"))).toMatchObject({ code: "billing.subscribed" });
  expect((await subscriptions(await ann.customer())).length).toBe(1);
});

test("a process that dies while it makes the page leaves an attempt that the next one finishes", async () => {
  const ann = await stage.signUp();
  await ann.checkout("solo");
  await stage.advance(32 * 60);
  // List of subscriptions passes, the making of the page does not.
  const writes = stage.test.world.stripe;
  const real = await writes();
  const create = real.checkout.sessions.create.bind(real.checkout.sessions);
  real.checkout.sessions.create = (() => Promise.reject(new Error("killed"))) as unknown as typeof create;
  await expect(ann.checkout("solo")).rejects.toThrow("killed");
  real.checkout.sessions.create = create;
  const { checkout } = await ann.account();
  expect(checkout).toMatchObject({ session: "", attempt: 2 });
  await ann.checkout("solo");
  expect((await ann.account()).checkout).toMatchObject({ attempt: 2, plan: "solo" });
});

test("a process that dies after the page was made and before it was noted gives the same page to the next one", async () => {
  const ann = await stage.signUp();
  const real = await stage.test.world.stripe();
  const create = real.checkout.sessions.create.bind(real.checkout.sessions);
  const made: string[] = [];
  real.checkout.sessions.create = (async (...args: Parameters<typeof create>) => {
    made.push((await create(...args)).url ?? "");
    throw new Error("killed");
  }) as unknown as typeof create;
  await expect(ann.checkout("solo")).rejects.toThrow("killed");
  real.checkout.sessions.create = create;
  expect(await ann.checkout("solo")).toBe(made[0]);
});

test("an attempt that was left lying until its page could no longer be made is given up for a new one", async () => {
  const ann = await stage.signUp();
  const real = await stage.test.world.stripe();
  const create = real.checkout.sessions.create.bind(real.checkout.sessions);
  real.checkout.sessions.create = (() => Promise.reject(new Error("killed"))) as unknown as typeof create;
  await expect(ann.checkout("solo")).rejects.toThrow("killed");
  real.checkout.sessions.create = create;
  await stage.advance(10 * 60);
  expect((await ann.pay(await ann.checkout("solo"))).status).toBe(303);
  await stage.settle();
  expect((await ann.account()).checkouts).toBe(2);
  expect(await ann.state()).toBe("active");
});

test("when Stripe does not answer the refusal says so and nothing was promised", async () => {
  const ann = await stage.signUp();
  stage.outage.stripe = 1;
  expect(await refused(ann.checkout("solo"))).toMatchObject({ code: "billing.unavailable" });
  expect((await ann.account()).checkout).toBeUndefined();
  expect(await ann.checkout("solo")).toContain("/c/pay/");
});

test("a customer who pays in another currency is told so", async () => {
  const ann = await stage.signUp();
  await ann.checkout("solo");
  const customer = await ann.customer();
  const product = await stage.stripe.products.create({ name: "Berth in euro" });
  const euro = await stage.stripe.prices.create({
    product: product.id,
    currency: "eur",
    unit_amount: 900,
    recurring: { interval: "month" },
  });
  const method = await stage.stripe.paymentMethods.attach("pm_card_visa", { customer });
  const sold = await stage.stripe.subscriptions.create({
    customer,
    items: [{ price: euro.id }],
    default_payment_method: method.id,
  });
  await stage.settle();
  expect(await ann.account()).toMatchObject({ anomalies: ["unknown_price"] });
  await stage.stripe.subscriptions.cancel(sold.id);
  await stage.settle();
  await stage.advance(32 * 60);
  expect(await refused(ann.checkout("solo"))).toMatchObject({ code: "billing.currency" });
});

test("only who may handle the bill can buy", async () => {
  const ann = await stage.signUp();
  const ctx = { ...ann.ctx, actor: { kind: "token", id: "tok_1", scopes: ["admin"] } as const };
  const { startCheckout } = await import("@berth/domain/billing/buying/checkout.ts");
  expect(await refused(startCheckout(ctx, "solo"))).toMatchObject({ code: "token.scope" });
});
