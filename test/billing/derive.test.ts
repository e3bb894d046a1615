import { type Anomaly, type BillingStanding, derive } from "@berth/domain/billing/standing/derive.ts";
import type { Snapshot } from "@berth/domain/billing/stripe/snapshot.ts";
import { entitlement } from "@berth/domain/entitlement/account.ts";
import { describe, expect, test } from "vitest";
import { catalogue, DAY, invoice, iso, MONTH, nobody, price, snapshot, subscription, T0 } from "./facts.ts";

const derived = (from: Snapshot, before = nobody) => derive(from, catalogue, before);
const stateAt = (standing: BillingStanding, seconds: number) => entitlement(standing, new Date(seconds * 1000));
const solo = { kind: "good", plan: "solo", slotLimit: 3, targetLimit: 2, graceUntil: null, anchor: null } as const;
const odd = (...anomalies: Anomaly[]) => ({ anomalies });
const NEVER = T0 + 1000 * DAY;
const customerBefore = derived(snapshot([subscription()]));
const renewed = { periodStart: T0 + MONTH, periodEnd: T0 + 2 * MONTH };
const due = T0 + MONTH + 3600;
const unpaid = (at = due, facts = {}) => invoice({ status: "open", createdAt: at - 3600, finalizedAt: at, ...facts });

describe("the truth table, row by row", () => {
  test("1: who never subscribed has nothing", () => {
    expect(derived(snapshot([]))).toEqual(nobody);
    expect(stateAt(nobody, T0)).toBe("none");
  });

  test("2: a first bill that was not paid gives nothing, and no grace either", () => {
    const standing = derived(snapshot([subscription({ status: "incomplete", invoices: [unpaid(T0)] })]));
    expect(standing).toEqual(nobody);
  });

  test("3: a first bill that lapsed leaves nothing behind", () => {
    const lapsed = subscription({ status: "incomplete_expired", endedAt: T0 + DAY, invoices: [invoice({ status: "void" })] });
    expect(derived(snapshot([lapsed]))).toEqual(nobody);
  });

  test("4: a paid bill, also one of nothing, makes active", () => {
    const standing = derived(snapshot([subscription({ invoices: [invoice({ remaining: 0 })] })]));
    expect(standing).toMatchObject({ ...solo, ...odd(), periodEnd: iso(T0 + MONTH) });
    expect(stateAt(standing, NEVER)).toBe("active");
  });

  test("5: a renewal that is still a draft owes nothing yet", () => {
    const draft = invoice({ status: "draft", createdAt: T0 + MONTH });
    expect(derived(snapshot([subscription({ ...renewed, invoices: [invoice(), draft] })]))).toMatchObject({ ...solo, ...odd() });
  });

  test("6: the open bill of an upgrade that waits to be paid leaves the old plan as it is", () => {
    const bill = unpaid(T0 + DAY, { reason: "subscription_update" });
    const standing = derived(snapshot([subscription({ pendingUpdate: true, invoices: [invoice(), bill] })]));
    expect(standing).toMatchObject({ ...solo, ...odd() });
  });

  test("7: an older bill that stayed open behind a paid one is flagged and costs nothing", () => {
    const paid = invoice({ createdAt: T0 + 2 * MONTH });
    const standing = derived(snapshot([subscription({ invoices: [invoice(), unpaid(), paid] })]));
    expect(standing).toMatchObject({ ...solo, ...odd("older_unpaid") });
  });

  test("8: a bill that was forgiven is flagged and costs nothing", () => {
    const forgiven = invoice({ status: "uncollectible", createdAt: T0 + MONTH });
    expect(derived(snapshot([subscription({ invoices: [invoice(), forgiven] })]))).toMatchObject({
      ...solo,
      ...odd("uncollectible"),
    });
  });

  test("9: a bill that could not be made final is ours to fix, not the customer's", () => {
    const broken = invoice({ status: "draft", createdAt: T0 + MONTH, broken: true });
    expect(derived(snapshot([subscription({ invoices: [invoice(), broken] })]))).toMatchObject({
      ...solo,
      ...odd("finalization_failed"),
    });
  });

  test("10: a cancellation at the end of the period changes only what is said about it", () => {
    expect(derived(snapshot([subscription({ cancelAt: T0 + MONTH })]))).toMatchObject({ ...solo, cancelAt: iso(T0 + MONTH) });
  });

  test("11: a planned smaller plan is shown and not yet in force", () => {
    const schedule = { id: "sub_sched_1", ours: true, next: price("solo") };
    expect(derived(snapshot([subscription({ price: price("pro"), schedule })]))).toMatchObject({
      kind: "good",
      plan: "pro",
      slotLimit: 10,
      pendingPlan: "solo",
      ...odd(),
    });
  });

  test("12: paused collection is flagged and costs nothing", () => {
    expect(derived(snapshot([subscription({ collectionPaused: true })]))).toMatchObject({ ...solo, ...odd("collection_paused") });
  });

  test("13: a price we do not know keeps the plan there was", () => {
    const standing = derived(snapshot([subscription({ price: price("gold") })]), { ...customerBefore, plan: "studio" });
    expect(standing).toMatchObject({ kind: "good", plan: "studio", slotLimit: 30, ...odd("unknown_price") });
  });

  test("14: a price we do not know gives nothing to who had nothing, and a person is told", () => {
    const standing = derived(snapshot([subscription({ price: price("gold") })]));
    expect(standing).toMatchObject({ kind: "none", plan: null, slotLimit: 0, ...odd("unknown_price") });
    expect(stateAt(standing, T0)).toBe("none");
  });

  test.each([
    { quantity: 5, items: 1 },
    { quantity: 2, items: 2 },
    { quantity: 0, items: 0 },
  ])("15: $items items of $quantity in all are one plan's limits, flagged", ({ quantity, items }) => {
    expect(derived(snapshot([subscription({ quantity, items })]))).toMatchObject({ ...solo, ...odd("several_items") });
  });

  test.each(["needs_response", "under_review", "warning_needs_response", "warning_under_review"])(
    "16: a dispute that is open (%s) holds growth and nothing else",
    (status) => {
      const standing = derived(snapshot([subscription()], { disputes: [{ status, chargedAt: T0 }] }));
      expect(standing).toMatchObject({ ...solo, hold: true, ...odd("dispute") });
    },
  );

  test("16: a dispute that was won holds nothing; one that was lost holds until its subscription ends", () => {
    const with_ = (status: string, chargedAt = T0) => derived(snapshot([subscription()], { disputes: [{ status, chargedAt }] }));
    expect(with_("won")).toMatchObject({ hold: false, ...odd() });
    expect(with_("warning_closed")).toMatchObject({ hold: false, ...odd() });
    expect(with_("lost")).toMatchObject({ kind: "good", hold: true, ...odd("dispute_lost") });
    expect(with_("lost", T0 - 40 * DAY)).toMatchObject({ hold: false, ...odd() });
  });

  test("17: a trial, which we do not sell, is flagged and works", () => {
    expect(derived(snapshot([subscription({ status: "trialing" })]))).toMatchObject({ ...solo, ...odd("trialing") });
  });

  const late = (facts = {}, about = {}) =>
    derived(snapshot([subscription({ status: "past_due", ...renewed, invoices: [invoice(), unpaid()], ...facts })], about));

  test("18: a failed renewal is in grace for seven days from when its bill was due", () => {
    const standing = late();
    expect(standing).toMatchObject({
      kind: "delinquent",
      reason: "payment_failed",
      plan: "solo",
      anchor: iso(due),
      graceUntil: iso(due + 7 * DAY),
      ...odd(),
    });
    expect(stateAt(standing, due + 7 * DAY - 1)).toBe("grace");
    expect(late({}, { awaitsHolder: true })).toMatchObject({ reason: "authentication_required", graceUntil: iso(due + 7 * DAY) });
  });

  test("19: at the very second that grace ends it is restricted", () => {
    expect(stateAt(late(), due + 7 * DAY)).toBe("restricted");
    expect(stateAt(late(), NEVER)).toBe("restricted");
  });

  test("20: without an unpaid bill to count from it is the period's start, never the moment of looking", () => {
    const standing = late({ invoices: [invoice({ status: "void", createdAt: T0 + MONTH })] });
    expect(standing).toMatchObject({ anchor: iso(T0 + MONTH), ...odd("no_unpaid_invoice") });
    expect(stateAt(standing, T0 + MONTH + 7 * DAY - 1)).toBe("grace");
  });

  test("21: a second unpaid cycle does not begin grace anew", () => {
    const standing = late({ invoices: [invoice(), unpaid(), unpaid(due + MONTH)] });
    expect(standing).toMatchObject({ anchor: iso(due) });
    expect(stateAt(standing, due + MONTH)).toBe("restricted");
  });

  test("22: an old bill behind a later paid one does not poison a new episode", () => {
    const second = due + 2 * MONTH;
    const standing = late({ invoices: [unpaid(), invoice({ createdAt: T0 + 2 * MONTH }), unpaid(second)] });
    expect(standing).toMatchObject({ anchor: iso(second), graceUntil: iso(second + 7 * DAY) });
  });

  test("23: unpaid after all retries counts from the same bill; the drafts after it count nothing", () => {
    const draft = invoice({ status: "draft", createdAt: T0 + 2 * MONTH });
    const standing = late({ status: "unpaid", invoices: [invoice(), unpaid(), draft] });
    expect(standing).toMatchObject({ kind: "delinquent", anchor: iso(due), ...odd() });
    expect(stateAt(standing, due + DAY)).toBe("grace");
    expect(stateAt(standing, due + 14 * DAY)).toBe("restricted");
  });

  test("24: paused is restricted, without a timer", () => {
    const standing = derived(snapshot([subscription({ status: "paused" })]));
    expect(standing).toMatchObject({ kind: "paused", reason: "paused", plan: "solo", graceUntil: null, ...odd() });
    expect(stateAt(standing, T0)).toBe("restricted");
  });

  test.each([
    ["25", "cancellation_requested"],
    ["26", "payment_failed"],
    ["26", "payment_disputed"],
  ])("%s: canceled for %s is restricted and says why", (_, cancelReason) => {
    const standing = derived(snapshot([subscription({ status: "canceled", endedAt: T0 + MONTH, cancelReason })]), customerBefore);
    expect(standing).toMatchObject({ kind: "ended", reason: cancelReason, plan: null, slotLimit: 0, ...odd() });
    expect(stateAt(standing, T0)).toBe("restricted");
  });

  test("27: a customer deleted at Stripe has ended; one who never paid still has nothing", () => {
    const gone = snapshot([], { deleted: true });
    expect(derived(gone, customerBefore)).toMatchObject({ kind: "ended", reason: "customer_deleted" });
    expect(derived(gone)).toEqual(nobody);
  });

  test("28: a new subscription counts, whatever became of the old one", () => {
    const old = subscription({ status: "canceled", endedAt: T0, price: price("studio") });
    const standing = derived(snapshot([old, subscription({ id: "sub_new" })]));
    expect(standing).toMatchObject({ ...solo, subscription: "sub_new", ...odd() });
  });

  test("29: of two that live the better one counts, and both are never added up", () => {
    const owing = subscription({ status: "unpaid", price: price("studio"), invoices: [unpaid()] });
    const standing = derived(snapshot([owing, subscription()]));
    expect(standing).toMatchObject({ ...solo, ...odd("several_subscriptions") });
  });

  test("31: a status of tomorrow leaves everything as it was, and a person is told", () => {
    const standing = derived(snapshot([subscription({ status: "hibernating" })]), customerBefore);
    expect(standing).toEqual({ ...customerBefore, anomalies: ["unknown_status"] });
  });
});

describe("beside the table", () => {
  test("of two alike the larger plan counts, and of the same plan the older one", () => {
    const small = subscription();
    const large = subscription({ price: price("studio"), createdAt: T0 + DAY });
    expect(derived(snapshot([small, large]))).toMatchObject({ plan: "studio", subscription: large.id });
    const older = subscription({ createdAt: T0 - DAY });
    expect(derived(snapshot([small, older]))).toMatchObject({ subscription: older.id });
  });

  test("an unpaid subscription beside one of an unknown status does not restrict who was active", () => {
    const unknown = subscription({ status: "hibernating" });
    const owing = subscription({ status: "unpaid", invoices: [unpaid()] });
    expect(derived(snapshot([owing, unknown]), customerBefore)).toMatchObject({ kind: "good" });
  });

  test("a first bill that is open again after an end is no way back in", () => {
    const old = subscription({ status: "canceled", endedAt: T0 + MONTH, cancelReason: "cancellation_requested" });
    const fresh = subscription({ status: "incomplete", invoices: [unpaid()] });
    expect(derived(snapshot([old, fresh]), customerBefore)).toMatchObject({ kind: "ended" });
  });

  test("who pays an old price of a product we sell keeps its plan", () => {
    const standing = derived(snapshot([subscription({ price: { id: "price_of_2026", product: "prod_pro" } })]));
    expect(standing).toMatchObject({ plan: "pro", ...odd() });
  });

  test("another currency than we sell in is flagged", () => {
    expect(derived(snapshot([subscription({ currency: "eur" })]))).toMatchObject({ ...solo, ...odd("currency") });
  });

  test("a schedule left half made is flagged, one that is done with its change is not", () => {
    const half = { id: "sub_sched_1", ours: false, next: null };
    expect(derived(snapshot([subscription({ schedule: half })]))).toMatchObject(odd("orphan_schedule"));
    expect(derived(snapshot([subscription({ schedule: { ...half, ours: true } })]))).toMatchObject(odd());
  });

  test("retries and their number cannot move where grace began", () => {
    const first = derived(snapshot([subscription({ status: "past_due", ...renewed, invoices: [invoice(), unpaid()] })]));
    const again = derive(
      snapshot([subscription({ status: "past_due", ...renewed, invoices: [invoice(), unpaid()] })]),
      catalogue,
      first,
    );
    expect(again.anchor).toBe(first.anchor);
  });

  test("the same snapshot gives the same standing, whatever stood before", () => {
    const from = snapshot([subscription({ id: "sub_1", status: "past_due", ...renewed, invoices: [unpaid()] })]);
    const outcomes = [nobody, customerBefore, derived(from)].map((before) => derived(from, before));
    expect(new Set(outcomes.map((each) => JSON.stringify(each))).size).toBe(1);
  });
});
