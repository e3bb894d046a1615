import { changePlan } from "@berth/domain/billing/buying/change.ts";
import { requestUndelivered, syncDueAccounts } from "@berth/domain/billing/reconcile/due.ts";
import { reconcile } from "@berth/domain/billing/reconcile/once.ts";
import { inspectBilling, resyncBilling } from "@berth/domain/billing/reconcile/operator.ts";
import { settingsDrift } from "@berth/domain/billing/reconcile/settings.ts";
import { accountKey, getAccount } from "@berth/domain/entitlement/account.ts";
import { post } from "@berth/domain/mail/outbox.ts";
import { commit, putOne } from "@berth/domain/table.ts";
import { afterEach, beforeEach, expect, test } from "vitest";
import { runSchedule } from "../../functions/billing/reconcile.ts";
import type { Payer } from "./payer.ts";
import { refused } from "./refused.ts";
import { DAY, HOUR, openStripeStage, type StripeStage } from "./stripe-stage.ts";

let stage: StripeStage;
beforeEach(async () => {
  stage = await openStripeStage();
  stage.test.setOrigin(new URL(stage.hook).origin);
});
afterEach(() => stage.close());

async function bought(plan: "solo" | "pro" = "pro"): Promise<Payer> {
  const payer = await stage.signUp();
  await payer.buy(plan);
  return payer;
}
const world = () => stage.test.world;

/** Makes an account other than it should be, as a lost write or a mistake of ours would. */
async function spoil(payer: Payer, fields: object): Promise<void> {
  await putOne(payer.ctx, accountKey(payer.ctx), { ...(await getAccount(payer.ctx)), ...fields });
}

test("where all is well nothing is found and nothing is written", async () => {
  const payers = [await bought(), await bought("solo"), await stage.signUp()];
  const before = await Promise.all(payers.map((payer) => payer.account()));
  const report = await reconcile(world(), { repair: true });
  expect(report).toEqual({ accounts: 2, subscriptions: 2, findings: [], settings: [], remaining: 0 });
  expect(await Promise.all(payers.map((payer) => payer.account()))).toEqual(before);
});

test.each([
  ["kind", { kind: "ended" }, "kind"],
  ["plan and limits", { plan: "studio", slotLimit: 30 }, "plan,slotLimit"],
  [
    "anchor",
    { kind: "delinquent", anchor: "2027-01-01T00:00:00.000Z", graceUntil: "2027-01-08T00:00:00.000Z" },
    "kind,graceUntil,anchor",
  ],
  ["hold", { hold: true }, "hold"],
  ["period", { periodEnd: "2030-01-01T00:00:00.000Z" }, "periodEnd"],
])("drift of %s is found without being touched, and fixed when asked to", async (_, fields, detail) => {
  const ann = await bought();
  const right = await ann.account();
  await spoil(ann, fields);
  const spoilt = await ann.account();
  const dry = await reconcile(world(), { repair: false });
  expect(dry.findings).toMatchObject([{ class: "drift", tenant: ann.id, detail, repaired: false }]);
  expect(await ann.account()).toEqual(spoilt);
  const done = await reconcile(world(), { repair: true });
  expect(done).toMatchObject({ findings: [{ class: "drift", repaired: true }], remaining: 0 });
  expect(await ann.account()).toMatchObject({ kind: right.kind, plan: right.plan, slotLimit: right.slotLimit, hold: false });
  expect((await reconcile(world(), { repair: false })).findings).toEqual([]);
});

test("a first payment that no event ever told of is found within the hour, and by the nightly comparison too", async () => {
  const [ann, bob] = [await stage.signUp(), await stage.signUp()];
  for (const payer of [ann, bob]) await stage.unheard(async () => payer.pay(await payer.checkout("pro")));
  const report = await reconcile(world(), { repair: false });
  expect(report.findings.filter((found) => found.class === "drift").map(({ tenant }) => tenant)).toEqual(
    expect.arrayContaining([ann.id, bob.id]),
  );
  expect(await ann.state()).toBe("none");
  await runSchedule(world(), "full");
  expect(await ann.state()).toBe("active");
  const cy = await stage.signUp();
  await stage.unheard(async () => cy.pay(await cy.checkout("solo")));
  await stage.leap(HOUR);
  expect(await syncDueAccounts(world())).toMatchObject({ failed: 0 });
  expect(await cy.state()).toBe("active");
  expect(cy.mails()).toEqual(["welcome"]);
});

test("a subscription that somebody pays and no account has is found, and sets off the alarm", async () => {
  const stranger = await stage.stripe.customers.create({});
  const sold = await stage.stripe.prices.list({ lookup_keys: ["berth_solo_monthly"] });
  const method = await stage.stripe.paymentMethods.attach("pm_card_visa", { customer: stranger.id });
  const items = [{ price: sold.data[0]?.id ?? "" }];
  const { id } = await stage.stripe.subscriptions.create({ customer: stranger.id, items, default_payment_method: method.id });
  const report = await reconcile(world(), { repair: true });
  expect(report.findings).toEqual([{ class: "unmapped", tenant: null, customer: stranger.id, detail: id, repaired: false }]);
  expect(stage.test.logs.at(-1)).toMatchObject({ level: "error", message: "billing reconciled" });
});

test("a night that found what a person has to look at fails its schedule once, so that the alarm goes off", async () => {
  await bought();
  await runSchedule(world(), "full");
  const { id } = (await stage.stripe.webhookEndpoints.list()).data[0] ?? { id: "" };
  await stage.stripe.webhookEndpoints.update(id, { disabled: true });
  await stage.leap(DAY);
  await expect(runSchedule(world(), "full")).rejects.toThrow("somebody has to look");
  await runSchedule(world(), "continue");
  await stage.stripe.webhookEndpoints.update(id, { disabled: false });
  await stage.leap(DAY);
  await runSchedule(world(), "full");
});

test("an anomaly is a class of its own, with the subscription it is about", async () => {
  const ann = await bought();
  const subscription = await ann.subscription();
  const item = subscription.items.data[0]?.id ?? "";
  await stage.stripe.subscriptions.update(subscription.id, { items: [{ id: item, quantity: 3 }], proration_behavior: "none" });
  await stage.settle();
  expect((await reconcile(world(), { repair: true })).findings).toMatchObject([
    { class: "several_items", tenant: ann.id, detail: subscription.id },
  ]);
});

test("a schedule left half made is let go by the repair, and only by it", async () => {
  const ann = await bought();
  const { id } = await ann.subscription();
  await stage.stripe.subscriptionSchedules.create({ from_subscription: id });
  await stage.settle();
  expect((await reconcile(world(), { repair: false })).findings).toContainEqual(
    expect.objectContaining({ class: "orphan_schedule", tenant: ann.id }),
  );
  expect((await ann.subscription()).schedule).not.toBeNull();
  await reconcile(world(), { repair: true });
  await stage.settle();
  expect((await ann.subscription()).schedule).toBeNull();
  expect(await ann.account()).toMatchObject({ plan: "pro", anomalies: [] });
});

test("a planned downgrade is no orphan", async () => {
  const ann = await bought();
  await changePlan(ann.ctx, { plan: "solo" });
  await stage.settle();
  await reconcile(world(), { repair: true });
  expect(await ann.account()).toMatchObject({ pendingPlan: "solo" });
  expect((await ann.subscription()).schedule).not.toBeNull();
});

test("one customer that cannot be read hides no other", async () => {
  const [ann, bob] = [await bought(), await bought()];
  await spoil(bob, { plan: "solo", slotLimit: 3, targetLimit: 2 });
  const stripe = await world().stripe();
  const retrieve = stripe.customers.retrieve.bind(stripe.customers);
  const missing = await ann.customer();
  stripe.customers.retrieve = ((id: string) =>
    id === missing ? Promise.reject(new Error("gone")) : retrieve(id)) as unknown as typeof retrieve;
  const { findings } = await reconcile(world(), { repair: true });
  stripe.customers.retrieve = retrieve;
  expect(findings.map((found) => [found.class, found.tenant]).toSorted()).toEqual(
    [
      ["unreachable", ann.id],
      ["drift", bob.id],
    ].toSorted(),
  );
  expect((await bob.account()).plan).toBe("pro");
});

test("what is set wrong at Stripe is told: endpoint, prices and portal", async () => {
  expect(await settingsDrift(world())).toEqual([]);
  const ann = await bought();
  await ann.portal();
  expect(await settingsDrift(world())).toEqual([]);

  const endpoints = (await stage.stripe.webhookEndpoints.list({ limit: 10 })).data;
  const ours = endpoints.find(({ url }) => url === stage.hook)?.id ?? "";
  await stage.stripe.webhookEndpoints.update(ours, { enabled_events: ["invoice.paid", "invoice.created"], disabled: true });
  const [price] = (await stage.stripe.prices.list({ lookup_keys: ["berth_solo_monthly"] })).data;
  await stage.stripe.prices.update(price?.id ?? "", { active: false });
  const [portal] = (await stage.stripe.billingPortal.configurations.list({ limit: 10 })).data;
  await stage.stripe.billingPortal.configurations.update(portal?.id ?? "", {
    features: { subscription_cancel: { enabled: true, mode: "immediately" } },
  });
  const drift = await settingsDrift(world());
  expect(drift).toEqual([
    "endpoint: disabled",
    expect.stringMatching(/^endpoint: does not hear .*customer\.subscription\.deleted/),
    "endpoint: hears invoice.created",
    "price: berth_solo_monthly is not active",
    'portal: subscription_cancel.mode is "immediately", not "at_period_end"',
  ]);
  await stage.stripe.webhookEndpoints.del(ours);
  expect(await settingsDrift(world())).toContain(`endpoint: none for ${stage.hook}`);
});

test("every account is looked at once a week beside the nightly comparison, and unpaid ones each hour, without an event", async () => {
  const ann = await bought();
  const before = await ann.account();
  expect(await syncDueAccounts(world())).toEqual({ synced: 0, failed: 0 });
  await stage.unheard(() => stage.leap(7 * DAY));
  expect(await syncDueAccounts(world())).toEqual({ synced: 1, failed: 0 });
  expect((await ann.account()).syncSeq).toBe((before.syncSeq ?? 0) + 1);
  expect(await syncDueAccounts(world())).toEqual({ synced: 0, failed: 0 });

  stage.control.failCards(await ann.customer(), "generic_decline");
  await stage.unheard(() => stage.leap(25 * DAY + 2 * HOUR));
  await syncDueAccounts(world());
  expect(await ann.state()).toBe("grace");
  expect(await syncDueAccounts(world())).toEqual({ synced: 0, failed: 0 });
  await stage.unheard(() => stage.leap(HOUR));
  expect(await syncDueAccounts(world())).toEqual({ synced: 1, failed: 0 });
});

test("an account that cannot be looked at stays due, and holds back no other", async () => {
  const [ann] = [await bought(), await bought()];
  await stage.unheard(() => stage.leap(7 * DAY + HOUR));
  const stripe = await world().stripe();
  const retrieve = stripe.customers.retrieve.bind(stripe.customers);
  const missing = await ann?.customer();
  stripe.customers.retrieve = ((id: string) =>
    id === missing ? Promise.reject(new Error("gone")) : retrieve(id)) as unknown as typeof retrieve;
  expect(await syncDueAccounts(world())).toEqual({ synced: 1, failed: 1 });
  stripe.customers.retrieve = retrieve;
  expect(await syncDueAccounts(world())).toEqual({ synced: 1, failed: 0 });
});

test("undelivered events are asked for from a little before the last look on, and those that were done with change nothing", async () => {
  const ann = await stage.signUp();
  await stage.unheard(async () => ann.pay(await ann.checkout("pro")));
  const first = await requestUndelivered(world());
  expect(first).toBeGreaterThan(2);
  await stage.settle();
  expect(await ann.state()).toBe("active");
  const { syncSeq } = await ann.account();
  await stage.leap(HOUR);
  expect(await requestUndelivered(world())).toBe(first);
  await stage.settle();
  expect((await ann.account()).syncSeq).toBe(syncSeq);
  expect(await requestUndelivered(world())).toBe(0);
});

test("each schedule does its part and one that is not known is an error", async () => {
  const ann = await stage.signUp();
  await stage.unheard(async () => ann.pay(await ann.checkout("pro")));
  await stage.leap(15 * 60);
  await runSchedule(world(), "undelivered");
  await stage.settle();
  expect(await ann.state()).toBe("active");
  await spoil(ann, { plan: "solo", slotLimit: 3 });
  await runSchedule(world(), "full");
  expect((await ann.account()).plan).toBe("pro");
  await runSchedule(world(), "delinquent");
  await expect(runSchedule(world(), "yearly")).rejects.toThrow('no billing schedule "yearly"');
});

test("while Stripe does not answer, what was promised is mailed all the same, and the alarm goes off", async () => {
  const ann = await bought();
  const { write } = post(ann.system, { to: ann.user.email, template: "restricted", data: {} });
  const broken = { write: post(ann.system, { to: ann.user.email, template: "grace", data: {} }).write };
  Object.assign(broken.write.op.Put?.Item ?? {}, { mail: { to: "nobody", template: "of another day" } });
  await commit(ann.system, broken.write, write);
  await stage.leap(15 * 60);
  stage.test.take("mail");
  stage.outage.stripe = 100;
  await expect(runSchedule(world(), "undelivered")).rejects.toThrow("1 of 3 parts failed");
  expect(stage.test.take("mail")).toMatchObject([{ message: { template: "restricted" } }]);
  expect(stage.test.logs.filter(({ message }) => message === "mail could not be sent")).toHaveLength(1);
});

test("an operator sees what we know, what Stripe says and how they differ, and can have it looked at again", async () => {
  const ann = await bought();
  expect(await inspectBilling(ann.system)).toMatchObject({ entitlement: "active", drift: [], should: { plan: "pro" } });
  await spoil(ann, { plan: "solo", slotLimit: 3, targetLimit: 2 });
  expect(await inspectBilling(ann.system)).toMatchObject({
    drift: ["plan", "slotLimit", "targetLimit"],
    snapshot: { deleted: false },
  });
  expect((await ann.account()).plan).toBe("solo");
  expect(await resyncBilling(ann.system)).toBe("changed");
  expect((await ann.account()).plan).toBe("pro");
  const bob = await stage.signUp();
  expect(await inspectBilling(bob.system)).toMatchObject({ entitlement: "none", snapshot: null });
  expect(await refused(resyncBilling(bob.system))).toMatchObject({ code: "billing.no_customer" });
});
