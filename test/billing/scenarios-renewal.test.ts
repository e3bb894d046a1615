import { listAudit } from "@berth/domain/audit/audit.ts";
import { requestUndelivered, syncDueAccounts } from "@berth/domain/billing/reconcile/due.ts";
import { refreshBilling } from "@berth/domain/billing/standing/refresh.ts";
import { afterEach, beforeEach, expect, test } from "vitest";
import { cards, type Payer } from "./payer.ts";
import { DAY, HOUR, openStripeStage, type StripeStage } from "./stripe-stage.ts";

let stage: StripeStage;
beforeEach(async () => {
  stage = await openStripeStage();
});
afterEach(() => stage.close());

const iso = (seconds: number) => new Date(seconds * 1000).toISOString();
const now = () => stage.control.now();

/** Brings a payer to the second of its renewal. */
async function toRenewal(payer: Payer): Promise<number> {
  const [item] = (await payer.subscription()).items.data;
  const end = item?.current_period_end ?? 0;
  await stage.advance(end - now());
  return end;
}

/** A payer whose renewal has just failed, and when its bill was due. */
async function late(code = "generic_decline"): Promise<{ payer: Payer; due: number }> {
  const payer = await stage.signUp();
  await payer.buy("pro");
  stage.control.failCards(await payer.customer(), code);
  const end = await toRenewal(payer);
  await stage.advance(HOUR + 60);
  expect((await payer.subscription()).status).toBe("past_due");
  const invoices = await stage.stripe.invoices.list({ customer: await payer.customer(), status: "open" });
  const due = invoices.data[0]?.status_transitions.finalized_at ?? 0;
  expect(due - end).toBeGreaterThanOrEqual(HOUR);
  return { payer, due };
}

const pay = async (payer: Payer) => {
  const { latest_invoice: invoice } = await payer.subscription();
  await stage.stripe.invoices.pay(String(invoice));
};

test("a renewal that is paid rolls the period on, keeps active and mails nothing", async () => {
  const ann = await stage.signUp();
  const before = await ann.buy("pro");
  await toRenewal(ann);
  await stage.advance(2 * HOUR);
  const after = await ann.account();
  expect(after).toMatchObject({ kind: "good", plan: "pro", anomalies: [] });
  expect(Date.parse(after.periodEnd ?? "")).toBeGreaterThan(Date.parse(before.periodEnd ?? ""));
  expect(ann.mails()).toEqual(["welcome"]);
});

test("in the hour in which the bill is a draft nothing is owed; then it is charged", async () => {
  const ann = await stage.signUp();
  await ann.buy("pro");
  await toRenewal(ann);
  const latest = async () => stage.stripe.invoices.retrieve(String((await ann.subscription()).latest_invoice));
  expect((await latest()).status).toBe("draft");
  expect(await ann.account()).toMatchObject({ kind: "good", anomalies: [] });
  await stage.advance(HOUR + 60);
  expect((await latest()).status).toBe("paid");
  expect(await ann.state()).toBe("active");
});

test("a renewal that is declined begins seven days of grace, counted from when the bill was due", async () => {
  const { payer, due } = await late();
  expect(await payer.account()).toMatchObject({
    kind: "delinquent",
    reason: "payment_failed",
    plan: "pro",
    anchor: iso(due),
    graceUntil: iso(due + 7 * DAY),
  });
  expect(await payer.state()).toBe("grace");
  expect(payer.mails()).toEqual(["welcome", "grace"]);
});

test("no retry moves the end of grace or mails again", async () => {
  const { payer, due } = await late();
  const counts = new Set<number>();
  for (let day = 0; day < 6; day++) {
    await stage.advance(DAY);
    const { attempt_count } = await stage.stripe.invoices.retrieve(String((await payer.subscription()).latest_invoice));
    counts.add(attempt_count);
    expect(await payer.account()).toMatchObject({ anchor: iso(due), graceUntil: iso(due + 7 * DAY) });
  }
  expect(counts.size).toBeGreaterThan(2);
  expect(payer.mails().filter((name) => name === "grace")).toHaveLength(1);
});

test("grace ends at its second, with no sweep having run", async () => {
  const { payer, due } = await late();
  await stage.advance(due + 7 * DAY - 1 - now());
  expect(await payer.state()).toBe("grace");
  await stage.advance(1);
  expect(await payer.state()).toBe("restricted");
});

test("each notice is given once, however often the sweep runs: grace, two days left, restricted, recovered", async () => {
  const { payer, due } = await late();
  const sweep = async () => {
    for (let times = 0; times < 3; times++) await syncDueAccounts(stage.test.world);
  };
  await stage.advance(due + 5 * DAY - 1 - now());
  await sweep();
  expect(payer.mails()).toEqual(["welcome", "grace"]);
  await stage.advance(1);
  await sweep();
  expect(payer.mails()).toEqual(["welcome", "grace", "grace-ending"]);
  await stage.advance(2 * DAY);
  await sweep();
  expect(payer.mails()).toEqual(["welcome", "grace", "grace-ending", "restricted"]);
  stage.control.fixCards(await payer.customer());
  await pay(payer);
  await stage.settle();
  await sweep();
  expect(payer.mails()).toEqual(["welcome", "grace", "grace-ending", "restricted", "recovered"]);
  const notices = (await listAudit(payer.system, { limit: 100 })).items.filter(({ action }) => action === "billing.notice");
  expect(notices.map(({ result }) => result)).toEqual(["restricted", "ending", "grace"]);
});

test("two days left are announced at their moment although nothing happens at Stripe then", async () => {
  const { payer, due } = await late();
  expect(await payer.account()).toMatchObject({ noticed: { step: "grace" } });
  await stage.advance(due + 5 * DAY - now());
  expect(await payer.account()).toMatchObject({ kind: "delinquent" });
  await syncDueAccounts(stage.test.world);
  expect(await payer.account()).toMatchObject({ noticed: { step: "ending" } });
});

test.each(["invoice.paid", "customer.subscription.updated"])(
  "a new card in the portal and the bill paid there make active on %s alone",
  async (type) => {
    const { payer } = await late();
    await stage.advance(8 * DAY);
    expect(await payer.state()).toBe("restricted");
    stage.control.fixCards(await payer.customer());
    const page = await payer.portal();
    const { events } = await stage.unheard(async () => {
      const card = await fetch(`${page}/card`, {
        method: "POST",
        body: new URLSearchParams({ number: cards.works, expiry: "12 / 40", cvc: "123", name: "Ann" }),
        redirect: "manual",
      });
      expect(card.status).toBe(303);
      await pay(payer);
    });
    expect(await payer.state()).toBe("restricted");
    const first = events.find((id) => stage.control.events().some((event) => event.id === id && event.type === type));
    await stage.deliver([first ?? ""]);
    expect(await payer.account()).toMatchObject({ kind: "good", anchor: null, graceUntil: null, noticed: null, anomalies: [] });
    expect(payer.mails().at(-1)).toBe("recovered");
    await stage.deliver(events);
    expect(payer.mails().filter((name) => name === "recovered")).toHaveLength(1);
  },
);

test("a recovery that no event told of is found on return from the portal", async () => {
  const { payer } = await late();
  stage.control.fixCards(await payer.customer());
  await stage.unheard(() => pay(payer));
  expect(await payer.state()).toBe("grace");
  expect(await refreshBilling(payer.ctx, {})).toMatchObject({ entitlement: "active", graceUntil: null });
});

test("a recovery that no event told of is found among the undelivered events within the quarter of an hour", async () => {
  const { payer } = await late();
  stage.control.fixCards(await payer.customer());
  await stage.unheard(() => pay(payer));
  await stage.advance(15 * 60);
  expect(await payer.state()).toBe("grace");
  expect(await requestUndelivered(stage.test.world)).toBeGreaterThan(0);
  await stage.settle();
  expect(await payer.state()).toBe("active");
});

test("dunning that ends unpaid is recovered by paying the latest bill, and grace never began anew", async () => {
  const { payer, due } = await late();
  await stage.advance(20 * DAY);
  expect((await payer.subscription()).status).toBe("unpaid");
  expect(await payer.account()).toMatchObject({ anchor: iso(due), kind: "delinquent" });
  expect(await payer.state()).toBe("restricted");
  stage.control.fixCards(await payer.customer());
  await pay(payer);
  await stage.settle();
  expect(await payer.account()).toMatchObject({ kind: "good", plan: "pro" });
});

test("dunning that ends in cancellation is an end; a new checkout begins anew", async () => {
  stage.control.dunning({ final: "cancel" });
  const { payer } = await late();
  await stage.advance(20 * DAY);
  expect(await payer.account()).toMatchObject({ kind: "ended", reason: "payment_failed", plan: null });
  expect(await payer.state()).toBe("restricted");
  expect(payer.mails()).toContain("ended");
  stage.control.fixCards(await payer.customer());
  expect(await payer.buy("solo")).toMatchObject({ kind: "good", plan: "solo", anomalies: [] });
  expect(payer.mails().at(-1)).toBe("welcome");
});

test("a second cycle that fails while the first is unpaid leaves the end of grace where it was", async () => {
  stage.control.dunning({ offsetDays: [3], final: "past_due" });
  const { payer, due } = await late();
  await toRenewal(payer);
  await stage.advance(2 * HOUR);
  const open = await stage.stripe.invoices.list({ customer: await payer.customer(), status: "open" });
  expect(open.data.length).toBe(2);
  expect(await payer.account()).toMatchObject({ anchor: iso(due) });
  // Paying only the newest makes Stripe say active, with the older one still open.
  stage.control.fixCards(await payer.customer());
  await pay(payer);
  await stage.settle();
  expect(await payer.account()).toMatchObject({ kind: "good", anomalies: ["older_unpaid"] });
  // And that one does not poison the next episode.
  stage.control.failCards(await payer.customer(), "generic_decline");
  const end = await toRenewal(payer);
  await stage.advance(HOUR + 60);
  const { anchor } = await payer.account();
  expect(Date.parse(anchor ?? "")).toBeGreaterThanOrEqual((end + HOUR) * 1000);
});

test("a bill that somebody of ours forgives makes active, flagged", async () => {
  const { payer } = await late();
  await stage.stripe.invoices.markUncollectible(String((await payer.subscription()).latest_invoice));
  await stage.settle();
  expect(await payer.account()).toMatchObject({ kind: "good", anomalies: ["uncollectible"] });
});

test("a bill paid outside Stripe makes active", async () => {
  const { payer } = await late();
  await stage.stripe.invoices.pay(String((await payer.subscription()).latest_invoice), { paid_out_of_band: true });
  await stage.settle();
  expect(await payer.account()).toMatchObject({ kind: "good", anomalies: [] });
});

test("a bill that is voided changes no status at Stripe: grace then counts from the period's start, flagged", async () => {
  const { payer } = await late();
  const { latest_invoice: invoice, items } = await payer.subscription();
  await stage.stripe.invoices.voidInvoice(String(invoice));
  await stage.settle();
  expect((await payer.subscription()).status).toBe("past_due");
  const start = items.data[0]?.current_period_start ?? 0;
  expect(await payer.account()).toMatchObject({ kind: "delinquent", anchor: iso(start), anomalies: ["no_unpaid_invoice"] });
});

test("a bill that could not be made final is flagged and costs the customer nothing", async () => {
  const ann = await stage.signUp();
  await ann.buy("pro");
  stage.control.failFinalization(await ann.customer(), "taxes_calculation_failed");
  await toRenewal(ann);
  await stage.advance(2 * HOUR);
  expect(await ann.account()).toMatchObject({ kind: "good", anomalies: ["finalization_failed"] });
  const pages = stage.test.logs.filter(({ message, facts }) => message === "billing needs a person" && facts.tenant === ann.id);
  expect(pages).toHaveLength(1);
});

test("a bank that asks at a renewal is grace that says so, and its answer makes active", async () => {
  const ann = await stage.signUp();
  await ann.buy("pro");
  stage.control.failCards(await ann.customer(), "authentication_required");
  await toRenewal(ann);
  await stage.advance(HOUR + 60);
  expect(await ann.account()).toMatchObject({ kind: "delinquent", reason: "authentication_required" });
  expect(await ann.state()).toBe("grace");
  stage.control.fixCards(await ann.customer());
  await pay(ann);
  await stage.settle();
  expect(await ann.account()).toMatchObject({ kind: "good", reason: null });
});

test.each(["stolen_card", "insufficient_funds", "expired_card"])(
  "a card refused for %s is grace like any other",
  async (code) => {
    const { payer } = await late(code);
    expect(await payer.state()).toBe("grace");
  },
);

test("every change of standing has one audit line that tells before, after, event and sync", async () => {
  const { payer } = await late();
  const { items } = await listAudit(payer.system, { limit: 100 });
  const lines = items
    .filter(({ action }) => action === "billing.sync")
    .map(({ result, detail }) => ({ result, ...JSON.parse(detail ?? "{}") }));
  const kinds = lines.toReversed().flatMap(({ before, after }) => (before.kind ? [[before.kind, after.kind]] : []));
  expect(kinds).toEqual([
    ["none", "good"],
    ["good", "delinquent"],
  ]);
  for (const line of lines) expect(line).toMatchObject({ event: expect.stringMatching(/^evt_/), sync: expect.any(Number) });
});
