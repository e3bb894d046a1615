import { listInvoices } from "@berth/domain/billing/buying/invoices.ts";
import { accountKey, getAccount } from "@berth/domain/entitlement/account.ts";
import { putOne } from "@berth/domain/table.ts";
import { expect, test } from "vitest";
import type { Payer } from "./payer.ts";
import { bought, change, post, stage, usePlanStage } from "./plan-stage.ts";
import { refused } from "./refused.ts";
import { DAY, HOUR } from "./stripe-stage.ts";

usePlanStage();

async function toBoundary(payer: Payer): Promise<void> {
  const [item] = (await payer.subscription()).items.data;
  await stage.advance((item?.current_period_end ?? 0) - stage.control.now());
}

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
  await putOne(ann.ctx, accountKey(ann.ctx), { ...(await getAccount(ann.ctx)), slots: 5, targets: 4 });
  expect(await change(ann, "solo", true)).toMatchObject({ over: { slots: 2, targets: 2 } });
  await change(ann, "solo");
  await toBoundary(ann);
  expect(await ann.account()).toMatchObject({ plan: "solo", slots: 5, slotLimit: 3, targets: 4, targetLimit: 2 });
  const { billingState } = await import("@berth/domain/billing/standing/state.ts");
  expect(await billingState(ann.ctx)).toMatchObject({ entitlement: "active", over: true });
  const { commit } = await import("@berth/domain/table.ts");
  const { entitled } = await import("@berth/domain/entitlement/account.ts");
  const claim = (by: object) => commit(ann.ctx, entitled(ann.ctx, "grow", by));
  expect(await refused(claim({ slots: 1 }))).toMatchObject({ code: "billing.slots_full" });
  expect(await refused(claim({ targets: 1 }))).toMatchObject({ code: "billing.targets_full" });
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
  const { syncCustomer } = await import("@berth/domain/billing/standing/sync.ts");
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
