import { changePlan } from "@berth/domain/billing/change.ts";
import { listInvoices } from "@berth/domain/billing/invoice.ts";
import { accountKey, getAccount } from "@berth/domain/entitlement/account.ts";
import type { PlanName } from "@berth/domain/plan/plan.ts";
import { store } from "@berth/domain/table.ts";
import { afterEach, beforeEach, expect, test } from "vitest";
import { cards, type Payer } from "./payer.ts";
import { refused } from "./refused.ts";
import { DAY, HOUR, openStripeStage, type StripeStage } from "./stripe-stage.ts";

let stage: StripeStage;
beforeEach(async () => {
  stage = await openStripeStage();
});
afterEach(() => stage.close());

const change = async (payer: Payer, plan: PlanName, preview = false) => {
  const done = await changePlan(payer.ctx, { plan, preview });
  await stage.settle();
  return done;
};

/** Someone who bought a plan ten days ago. */
async function bought(plan: PlanName, card?: string): Promise<Payer> {
  const payer = await stage.signUp();
  await payer.buy(plan, card);
  await stage.advance(10 * DAY);
  return payer;
}

async function toBoundary(payer: Payer): Promise<void> {
  const [item] = (await payer.subscription()).items.data;
  await stage.advance((item?.current_period_end ?? 0) - stage.control.now());
}

const post = (url: string, fields: Record<string, string>) =>
  fetch(url, { method: "POST", body: new URLSearchParams(fields), redirect: "manual" });
const card = (number: string) => ({ number, expiry: "12 / 40", cvc: "123", name: "Ann Example" });

test("an upgrade that is paid counts at once, costs what the preview said, and is mailed", async () => {
  const ann = await bought("solo");
  const preview = await change(ann, "pro", true);
  expect(preview).toMatchObject({ from: "solo", plan: "pro", kind: "upgrade", status: "preview", currency: "usd", url: null });
  // 21 of 31 days: 900 back and 1900 asked, each line rounded to the cent by itself.
  expect(preview.due).toBe(-Math.round((900 * 21) / 31) + Math.round((1900 * 21) / 31));
  expect((await ann.account()).plan).toBe("solo");
  const done = await change(ann, "pro");
  expect(done).toMatchObject({ status: "done", due: preview.due });
  expect(await ann.account()).toMatchObject({ kind: "good", plan: "pro", slotLimit: 10, targetLimit: 5, anomalies: [] });
  expect(ann.mails()).toEqual(["welcome", "upgraded"]);
  const { items } = await listInvoices(ann.ctx, { limit: 10 });
  expect(items.map(({ status, amount }) => [status, amount])).toEqual([
    ["paid", preview.due],
    ["paid", 900],
  ]);
  expect(items[0]?.lines).toHaveLength(2);
});

test("the same request again is the same answer and no second charge; the same key for another plan is refused", async () => {
  const ann = await bought("solo");
  const ctx = ann.once("key-1");
  const first = await changePlan(ctx, { plan: "pro" });
  const again = await changePlan(ctx, { plan: "pro" });
  expect(again).toMatchObject({ status: "done", due: first.due, from: "solo", kind: "upgrade" });
  expect(await refused(changePlan(ctx, { plan: "studio" }))).toMatchObject({ code: "idempotency.mismatch" });
  await stage.settle();
  expect((await listInvoices(ann.ctx, { limit: 10 })).items).toHaveLength(2);
});

/** From here on a process dies once Stripe has taken its change of a subscription, until the answer is called. */
async function dieAfterUpdate(): Promise<() => void> {
  const real = await stage.test.world.stripe();
  const update = real.subscriptions.update.bind(real.subscriptions);
  real.subscriptions.update = (async (...args: Parameters<typeof update>) => {
    await update(...args);
    throw new Error("killed");
  }) as unknown as typeof update;
  return () => {
    real.subscriptions.update = update;
  };
}

test("a process that dies after Stripe has taken the upgrade is made good by the repeat", async () => {
  const ann = await bought("solo");
  const ctx = ann.once("key-1");
  const revive = await dieAfterUpdate();
  const { done } = await stage.unheard(() => changePlan(ctx, { plan: "pro" }).catch((error: Error) => error.message));
  expect(done).toBe("killed");
  revive();
  expect(await changePlan(ctx, { plan: "pro" })).toMatchObject({ status: "done", kind: "upgrade" });
  expect(await ann.account()).toMatchObject({ plan: "pro" });
  expect((await listInvoices(ann.ctx, { limit: 10 })).items).toHaveLength(2);
});

test("a request that died is not repeated once Stripe may have forgotten it, lest it undo what was chosen since", async () => {
  const ann = await bought("solo");
  const revive = await dieAfterUpdate();
  const ctx = ann.once("key-1");
  await expect(changePlan(ctx, { plan: "pro" })).rejects.toThrow("killed");
  revive();
  await stage.settle();
  expect(await change(ann, "studio")).toMatchObject({ status: "done", from: "pro" });
  await stage.advance(DAY + HOUR);
  expect(await refused(changePlan(ctx, { plan: "pro" }))).toMatchObject({ code: "version.stale" });
  expect(await ann.account()).toMatchObject({ plan: "studio", pendingPlan: null });
  expect((await listInvoices(ann.ctx, { limit: 10 })).items).toHaveLength(3);
});

test("an upgrade whose bank asks changes nothing until its page is answered, and then counts", async () => {
  const ann = await bought("solo");
  stage.control.failCards(await ann.customer(), "authentication_required");
  const asked = await change(ann, "pro");
  expect(asked).toMatchObject({ status: "payment_needed" });
  expect(asked.url).toContain("/i/");
  expect(await ann.account()).toMatchObject({ kind: "good", plan: "solo", graceUntil: null, anomalies: [] });
  expect(await ann.state()).toBe("active");
  // Asked again: the same page, no second bill.
  expect(await change(ann, "pro")).toMatchObject({ status: "payment_needed", url: asked.url });
  expect(await refused(change(ann, "studio"))).toMatchObject({ code: "billing.change_pending" });
  stage.control.fixCards(await ann.customer());
  await post(String(asked.url), { saved: "yes" });
  await stage.settle();
  expect(await ann.account()).toMatchObject({ kind: "good", plan: "pro", anomalies: [] });
  expect(ann.mails()).toEqual(["welcome", "upgraded"]);
});

test("an upgrade that is declined begins no grace; another card on its page makes it count", async () => {
  const ann = await bought("solo");
  stage.control.failNextCharge("generic_decline");
  const declined = await change(ann, "studio");
  expect(declined).toMatchObject({ status: "payment_needed" });
  expect(await ann.account()).toMatchObject({ kind: "good", plan: "solo", graceUntil: null });
  await post(String(declined.url), card(cards.works));
  await stage.settle();
  expect(await ann.account()).toMatchObject({ kind: "good", plan: "studio", slotLimit: 30 });
});

test("an upgrade that nobody pays lapses after a day and leaves everything as it was", async () => {
  const ann = await bought("solo");
  stage.control.failNextCharge("generic_decline");
  await change(ann, "pro");
  await stage.advance(DAY);
  expect((await ann.subscription()).pending_update).toBeNull();
  expect(await ann.account()).toMatchObject({ kind: "good", plan: "solo", graceUntil: null, anomalies: [] });
  expect(ann.mails()).toEqual(["welcome"]);
  expect(await change(ann, "pro")).toMatchObject({ status: "done" });
});

test("a downgrade waits for the end of what is paid, is shown, and then happens without proration and lets go", async () => {
  const ann = await bought("pro");
  const preview = await change(ann, "solo", true);
  expect(preview).toMatchObject({ kind: "downgrade", status: "preview", due: 0 });
  const { periodEnd } = await ann.account();
  expect(preview.at).toBe(periodEnd);
  expect(await change(ann, "solo")).toMatchObject({ status: "planned", at: periodEnd });
  expect(await ann.account()).toMatchObject({ kind: "good", plan: "pro", slotLimit: 10, pendingPlan: "solo", anomalies: [] });
  await toBoundary(ann);
  await stage.advance(2 * HOUR);
  expect(await ann.account()).toMatchObject({ kind: "good", plan: "solo", slotLimit: 3, pendingPlan: null, anomalies: [] });
  const { items } = await listInvoices(ann.ctx, { limit: 10 });
  expect(items.map(({ amount }) => amount)).toEqual([900, 1900]);
  await stage.advance(32 * DAY);
  expect((await ann.subscription()).schedule).toBeNull();
  expect(await ann.account()).toMatchObject({ kind: "good", plan: "solo", pendingPlan: null, anomalies: [] });
  expect(ann.mails()).toEqual(["welcome", "downgrade-planned", "downgraded", "logs-shorter"]);
});

test("a planned downgrade that is taken back renews at the old price", async () => {
  const ann = await bought("pro");
  await change(ann, "solo");
  expect(await change(ann, "pro")).toMatchObject({ kind: "keep", status: "done" });
  expect(await ann.account()).toMatchObject({ plan: "pro", pendingPlan: null });
  await toBoundary(ann);
  await stage.advance(2 * HOUR);
  expect(await ann.account()).toMatchObject({ kind: "good", plan: "pro" });
  expect((await listInvoices(ann.ctx, { limit: 10 })).items.map(({ amount }) => amount)).toEqual([1900, 1900]);
});

test("a planned downgrade can be made a larger or smaller one, and the last word counts", async () => {
  const ann = await bought("studio");
  await change(ann, "pro");
  await change(ann, "solo");
  expect(await ann.account()).toMatchObject({ plan: "studio", pendingPlan: "solo" });
  await change(ann, "pro");
  expect(await ann.account()).toMatchObject({ plan: "studio", pendingPlan: "pro" });
  await toBoundary(ann);
  expect(await ann.account()).toMatchObject({ plan: "pro", pendingPlan: null, anomalies: [] });
});

test("an upgrade takes a planned downgrade back by itself", async () => {
  const ann = await bought("pro");
  await change(ann, "solo");
  expect(await change(ann, "studio")).toMatchObject({ status: "done" });
  expect(await ann.account()).toMatchObject({ plan: "studio", pendingPlan: null, anomalies: [] });
  await toBoundary(ann);
  expect(await ann.account()).toMatchObject({ plan: "studio" });
});

test("an upgrade that is not paid has taken the planned downgrade back, and the customer is told so", async () => {
  const ann = await bought("pro");
  await change(ann, "solo");
  await ann.useCard("pm_card_chargeCustomerFail");
  expect(await change(ann, "studio")).toMatchObject({ status: "payment_needed" });
  await stage.settle();
  await stage.advance(DAY);
  expect(await ann.account()).toMatchObject({ kind: "good", plan: "pro", pendingPlan: null });
  expect(ann.mails()).toEqual(["welcome", "downgrade-planned", "downgrade-dropped"]);
});

test("after a downgrade has happened one can go up and down again", async () => {
  const ann = await bought("studio");
  await change(ann, "pro");
  await toBoundary(ann);
  await stage.advance(DAY);
  expect(await change(ann, "solo")).toMatchObject({ status: "planned" });
  expect(await ann.account()).toMatchObject({ plan: "pro", pendingPlan: "solo" });
  expect(await change(ann, "studio")).toMatchObject({ status: "done" });
  expect(await ann.account()).toMatchObject({ plan: "studio", pendingPlan: null, anomalies: [] });
});

test("a downgrade below what is used warns beforehand, stops nothing, and refuses more until it fits", async () => {
  const ann = await bought("pro");
  await store(ann.ctx, accountKey(ann.ctx), { ...(await getAccount(ann.ctx)), slots: 5, targets: 4 });
  expect(await change(ann, "solo", true)).toMatchObject({ over: { slots: 2, targets: 2 } });
  await change(ann, "solo");
  await toBoundary(ann);
  expect(await ann.account()).toMatchObject({ plan: "solo", slots: 5, slotLimit: 3, targets: 4, targetLimit: 2 });
  const { billingState } = await import("@berth/domain/billing/state.ts");
  expect(await billingState(ann.ctx)).toMatchObject({ entitlement: "active", over: true });
  const { commit } = await import("@berth/domain/table.ts");
  const { entitled } = await import("@berth/domain/entitlement/account.ts");
  const claim = (by: object) => commit(ann.ctx, entitled(ann.ctx, "grow", by));
  expect(await refused(claim({ slots: 1 }))).toMatchObject({ code: "plan.slots_full" });
  expect(await refused(claim({ targets: 1 }))).toMatchObject({ code: "plan.targets_full" });
  // A deploy of what runs already claims nothing, and giving back is always possible.
  await claim({});
  await claim({ slots: -1 });
  await claim({ targets: -1 });
});

test("a schedule left half made by a process that died is flagged, blocks nothing for ever, and is used by the next request", async () => {
  const ann = await bought("pro");
  const real = await stage.test.world.stripe();
  const update = real.subscriptionSchedules.update.bind(real.subscriptionSchedules);
  real.subscriptionSchedules.update = (() => Promise.reject(new Error("killed"))) as unknown as typeof update;
  await expect(change(ann, "solo")).rejects.toThrow("killed");
  real.subscriptionSchedules.update = update;
  await stage.settle();
  const { customer } = await ann.account();
  const { syncCustomer } = await import("@berth/domain/billing/sync.ts");
  await syncCustomer(stage.test.world, String(customer));
  expect(await ann.account()).toMatchObject({ kind: "good", plan: "pro", pendingPlan: null, anomalies: ["orphan_schedule"] });
  expect(await change(ann, "solo")).toMatchObject({ status: "planned" });
  expect(await ann.account()).toMatchObject({ pendingPlan: "solo", anomalies: [] });
});

test("a cancellation in the portal ends at the period's end, is mailed, and can be taken back before", async () => {
  const ann = await bought("pro");
  const page = await ann.portal();
  expect((await post(`${page}/cancel`, {})).status).toBe(303);
  await stage.settle();
  const { periodEnd } = await ann.account();
  expect(await ann.account()).toMatchObject({ kind: "good", cancelAt: periodEnd });
  expect(await refused(change(ann, "studio"))).toMatchObject({ code: "billing.canceling" });
  expect((await post(`${page}/renew`, {})).status).toBe(303);
  await stage.settle();
  expect(await ann.account()).toMatchObject({ kind: "good", cancelAt: null });
  expect((await post(`${page}/cancel`, {})).status).toBe(303);
  await toBoundary(ann);
  expect(await ann.account()).toMatchObject({ kind: "ended", reason: "cancellation_requested", plan: null });
  expect(await ann.state()).toBe("restricted");
  expect(ann.mails()).toEqual(["welcome", "canceled", "canceled", "ended", "logs-shorter"]);
});

test("a cancellation in the portal drops a planned downgrade, and we say so", async () => {
  const ann = await bought("pro");
  await change(ann, "solo");
  await post(`${await ann.portal()}/cancel`, {});
  await stage.settle();
  expect(await ann.account()).toMatchObject({ plan: "pro", pendingPlan: null, cancelAt: expect.any(String), anomalies: [] });
});

test("nobody changes plans with a bill open, without a subscription, or to the plan they have", async () => {
  const ann = await stage.signUp();
  expect(await refused(change(ann, "pro"))).toMatchObject({ code: "billing.required" });
  await ann.buy("pro");
  expect(await refused(change(ann, "pro"))).toMatchObject({ code: "billing.same_plan" });
  stage.control.failCards(await ann.customer(), "generic_decline");
  await toBoundary(ann);
  await stage.advance(2 * HOUR);
  const grace = await refused(change(ann, "studio"));
  expect(grace).toMatchObject({ code: "billing.grace", facts: { fix_url: "https://berth.test/billing" } });
  expect(grace.facts.until).toBe((await ann.account()).graceUntil);
  await stage.advance(8 * DAY);
  expect(await refused(change(ann, "solo"))).toMatchObject({ code: "billing.restricted" });
});

test("a plan that Stripe changed without a word is caught up with before another change", async () => {
  const ann = await bought("pro");
  const { id } = await ann.subscription();
  await stage.unheard(() => stage.stripe.subscriptions.cancel(id));
  expect(await refused(change(ann, "studio"))).toMatchObject({ code: "version.stale" });
  expect(await ann.account()).toMatchObject({ kind: "ended" });
});

test("invoices come a page at a time, newest first, with amounts in cents and Stripe's page", async () => {
  const ann = await bought("solo");
  await change(ann, "pro");
  await change(ann, "studio");
  const first = await listInvoices(ann.ctx, { limit: 2 });
  const rest = await listInvoices(ann.ctx, { limit: 2, cursor: first.next ?? "" });
  expect([...first.items, ...rest.items].map(({ status }) => status)).toEqual(["paid", "paid", "paid"]);
  expect(rest.next).toBeNull();
  expect(rest.items[0]).toMatchObject({ amount: 900, remaining: 0, currency: "usd", url: expect.stringContaining("/i/") });
  expect((await listInvoices((await stage.signUp()).ctx, { limit: 2 })).items).toEqual([]);
});
