import type { Snapshot, SubscriptionFacts } from "@berth/domain/billing/stripe/snapshot.ts";
import type Stripe from "stripe";
import { DAY, invoice, price, snapshot, subscription } from "./facts.ts";

/** Chance of a seed: the same seed, the same history. */
export type Dice = () => number;
export const pick = <T>(dice: Dice, things: readonly T[]): T => things[Math.floor(dice() * things.length)] as T;

/** A customer at Stripe as the histories know it: facts that change, one thing at a time. */
export interface Model {
  snapshot: Snapshot;
  /** Stripe's time, epoch seconds. */
  now: number;
}

type Move = (model: Model, dice: Dice) => Snapshot | undefined;

const live = ({ subscriptions }: Snapshot) => subscriptions.filter(({ status }) => status !== "canceled");
const put = (from: Snapshot, changed: SubscriptionFacts): Snapshot => ({
  ...from,
  subscriptions: from.subscriptions.map((each) => (each.id === changed.id ? changed : each)),
});
/** Changes one of the live subscriptions. */
const on =
  (change: (one: SubscriptionFacts, model: Model, dice: Dice) => SubscriptionFacts | undefined): Move =>
  (model, dice) => {
    const found = live(model.snapshot);
    if (found.length === 0) return undefined;
    const changed = change(pick(dice, found), model, dice);
    return changed && put(model.snapshot, changed);
  };
const late = ({ status }: SubscriptionFacts) => status === "past_due" || status === "unpaid";

/** What can happen to a customer at Stripe; undefined where it cannot happen now. */
export const moves: Record<string, Move> = {
  buy: (model, dice) => {
    if (live(model.snapshot).length > (dice() < 0.05 ? 1 : 0)) return undefined;
    const made = subscription({
      price: price(pick(dice, ["solo", "pro", "studio"])),
      createdAt: model.now,
      periodStart: model.now,
      periodEnd: model.now + 31 * DAY,
      invoices: [invoice({ createdAt: model.now, reason: "subscription_create" })],
    });
    return { ...model.snapshot, subscriptions: [made, ...model.snapshot.subscriptions] };
  },
  renew: on((one, { now }, dice) => {
    const paid = dice() < 0.4 && !late(one);
    const bill = invoice({ status: paid ? "paid" : "open", createdAt: now, finalizedAt: now });
    const status = paid ? one.status : one.status === "unpaid" ? "unpaid" : "past_due";
    const period = { periodStart: now, periodEnd: now + 31 * DAY };
    return { ...one, ...period, status, invoices: [bill, ...one.invoices], latestInvoice: bill.id };
  }),
  pay: on((one) => {
    if (!late(one)) return undefined;
    const invoices = one.invoices.map((bill) => (bill.status === "open" ? { ...bill, status: "paid", remaining: 0 } : bill));
    return { ...one, status: "active", invoices };
  }),
  payNewest: on((one) => {
    const [newest, ...older] = one.invoices;
    return late(one) && newest ? { ...one, status: "active", invoices: [{ ...newest, status: "paid" }, ...older] } : undefined;
  }),
  forgive: on((one) => {
    const [newest, ...older] = one.invoices;
    return late(one) && newest
      ? { ...one, status: "active", invoices: [{ ...newest, status: "uncollectible" }, ...older] }
      : undefined;
  }),
  giveUp: on((one) => (one.status === "past_due" ? { ...one, status: "unpaid" } : undefined)),
  cancel: on((one, { now }, dice) => ({
    ...one,
    status: "canceled",
    endedAt: now,
    cancelReason: pick(dice, ["cancellation_requested", "payment_failed"]),
  })),
  planEnd: on((one) => ({ ...one, cancelAt: one.cancelAt === null ? one.periodEnd : null })),
  change: on((one, _, dice) =>
    one.status === "active" ? { ...one, price: price(pick(dice, ["solo", "pro", "studio"])) } : undefined,
  ),
  schedule: on((one, _, dice) => ({
    ...one,
    schedule: one.schedule ? null : { id: `sub_sched_${one.id}`, ours: true, next: price(pick(dice, ["solo", "pro"])) },
  })),
  pause: on((one) => ({ ...one, status: one.status === "paused" ? "active" : one.status === "active" ? "paused" : one.status })),
  dispute: ({ snapshot: from, now }) => ({
    ...from,
    disputes: from.disputes.length > 0 ? [] : [{ status: "needs_response", chargedAt: now }],
  }),
};

export const newModel = (customer: string, now: number): Model => ({ snapshot: { ...snapshot([]), customer }, now });

/** The answers of Stripe's API about the models, as far as a sync asks; each is given when the gate opens and says what is so by then. */
export function stubStripe(models: Map<string, Model>, gate: () => Promise<void>): Stripe {
  const page = <T>(data: T[]) => ({ object: "list", data, has_more: false });
  const of = (customer: string) => {
    const found = models.get(customer);
    if (!found) throw new Error(`no model of ${customer}`);
    return found.snapshot;
  };
  const gated =
    <A, T>(answer: (asked: A) => T) =>
    async (asked: A): Promise<T> => {
      await gate();
      return answer(asked);
    };
  const sold = (["solo", "pro", "studio"] as const).map((name) => ({
    id: price(name).id,
    product: price(name).product,
    lookup_key: `berth_${name}_monthly`,
    unit_amount: 900,
    currency: "usd",
  }));
  return {
    prices: { list: async () => page(sold) },
    customers: { retrieve: gated((id: string) => ({ id, livemode: of(id).livemode })) },
    subscriptions: { list: gated(({ customer }: { customer: string }) => page(of(customer).subscriptions.map(asSubscription))) },
    invoices: {
      list: gated(({ customer }: { customer: string }) =>
        page(of(customer).subscriptions.flatMap((one) => one.invoices.map((bill) => asInvoice(bill, one)))),
      ),
    },
    charges: {
      list: gated(({ customer }: { customer: string }) =>
        page(of(customer).disputes.map(({ chargedAt }, at) => ({ id: `${customer}|${at}`, disputed: true, created: chargedAt }))),
      ),
    },
    disputes: {
      list: gated(({ charge }: { charge: string }) => {
        const [customer = "", at = ""] = charge.split("|");
        const found = of(customer).disputes[Number(at)];
        return page(found ? [{ status: found.status }] : []);
      }),
    },
    paymentIntents: { list: gated(() => page([{ status: "requires_payment_method" }])) },
  } as unknown as Stripe;
}

const asSubscription = (one: SubscriptionFacts) => ({
  id: one.id,
  status: one.status,
  created: one.createdAt,
  ended_at: one.endedAt,
  currency: one.currency,
  items: {
    data: [
      { price: one.price, quantity: one.quantity, current_period_start: one.periodStart, current_period_end: one.periodEnd },
    ],
  },
  cancel_at: one.cancelAt,
  cancel_at_period_end: false,
  cancellation_details: { reason: one.cancelReason },
  pending_update: null,
  pause_collection: null,
  schedule: one.schedule && {
    id: one.schedule.id,
    metadata: { plan: "solo" },
    current_phase: { start_date: 0, end_date: 1 },
    phases: [
      { start_date: 0, items: [] },
      { start_date: 1, items: [{ price: one.schedule.next }] },
    ],
  },
  latest_invoice: one.latestInvoice,
});

const asInvoice = (bill: SubscriptionFacts["invoices"][number], one: SubscriptionFacts) => ({
  id: bill.id,
  status: bill.status,
  created: bill.createdAt,
  status_transitions: { finalized_at: bill.finalizedAt },
  amount_remaining: bill.remaining,
  billing_reason: bill.reason,
  last_finalization_error: null,
  parent: { subscription_details: { subscription: one.id } },
});
