import { type BillingStanding, billingStanding } from "@berth/domain/billing/standing/derive.ts";
import type { Catalogue } from "@berth/domain/billing/stripe/catalogue.ts";
import type { InvoiceFacts, Snapshot, SubscriptionFacts } from "@berth/domain/billing/stripe/snapshot.ts";
import { newAccount } from "@berth/domain/entitlement/account.ts";

/** Snapshots of Stripe written down by hand. Times are epoch seconds from the first of March 2027. */
export const T0 = Date.UTC(2027, 2, 1, 12) / 1000;
export const DAY = 86_400;
export const MONTH = 31 * DAY;
export const iso = (seconds: number) => new Date(seconds * 1000).toISOString();

const sold = (id: string, amount: number) => ({ id: `price_${id}`, product: `prod_${id}`, amount, currency: "usd" });
export const catalogue: Catalogue = { sold: { solo: sold("solo", 900), pro: sold("pro", 1900), studio: sold("studio", 4900) } };
export const price = (plan: string) => ({ id: `price_${plan}`, product: `prod_${plan}` });

let made = 0;

/** A bill; a paid one of the first month unless said. */
export const invoice = (facts: Partial<InvoiceFacts> = {}): InvoiceFacts => {
  const createdAt = facts.createdAt ?? T0;
  return {
    id: `in_${++made}`,
    status: "paid",
    createdAt,
    finalizedAt: facts.status === "draft" ? null : createdAt,
    remaining: facts.status === "open" ? 900 : 0,
    reason: "subscription_cycle",
    broken: false,
    ...facts,
  };
};

/** A subscription, active on solo with its first bill paid unless said. Invoices may be given in any order. */
export function subscription(facts: Partial<SubscriptionFacts> = {}): SubscriptionFacts {
  const invoices = (facts.invoices ?? [invoice({ reason: "subscription_create" })]).toSorted((a, b) => b.createdAt - a.createdAt);
  return {
    id: `sub_${++made}`,
    status: "active",
    createdAt: T0,
    endedAt: null,
    currency: "usd",
    price: price("solo"),
    items: 1,
    quantity: 1,
    periodStart: T0,
    periodEnd: T0 + MONTH,
    cancelAt: null,
    cancelReason: null,
    pendingUpdate: false,
    collectionPaused: false,
    schedule: null,
    latestInvoice: invoices[0]?.id ?? null,
    ...facts,
    invoices,
  };
}

export const snapshot = (subscriptions: readonly SubscriptionFacts[], facts: Partial<Snapshot> = {}): Snapshot => ({
  customer: "cus_1",
  deleted: false,
  livemode: false,
  subscriptions,
  disputes: [],
  awaitsHolder: false,
  ...facts,
});

/** The standing of who signed up and never paid. */
export const nobody: BillingStanding = billingStanding(newAccount("ten_1"));
