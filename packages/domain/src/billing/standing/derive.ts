import type { Account } from "../../entitlement/account.ts";
import { limitsOf } from "../../entitlement/account.ts";
import { type PricingPlanName, pricingPlanNames } from "../../pricing/plans.ts";
import { type Catalogue, planOfPrice } from "../stripe/catalogue.ts";
import { isLive } from "../stripe/objects.ts";
import type { InvoiceFacts, Snapshot, SubscriptionFacts } from "../stripe/snapshot.ts";

export const GRACE_DAYS = 7;

/** Irregularities that need an operator. */
export const anomalies = [
  "several_subscriptions",
  "unknown_price",
  "unknown_status",
  "several_items",
  "trialing",
  "collection_paused",
  "uncollectible",
  "older_unpaid",
  "finalization_failed",
  "no_unpaid_invoice",
  "orphan_schedule",
  "currency",
  "dispute",
  "dispute_lost",
] as const;
export type Anomaly = (typeof anomalies)[number];

/** The part of the account that Stripe decides. */
export interface BillingStanding {
  readonly kind: Account["kind"];
  readonly reason: string | null;
  readonly plan: PricingPlanName | null;
  readonly slotLimit: number;
  readonly targetLimit: number;
  readonly graceUntil: string | null;
  readonly anchor: string | null;
  readonly hold: boolean;
  readonly periodEnd: string | null;
  readonly cancelAt: string | null;
  readonly pendingPlan: PricingPlanName | null;
  readonly subscription: string | null;
  readonly anomalies: readonly Anomaly[];
}

const none: BillingStanding = {
  kind: "none",
  reason: null,
  plan: null,
  slotLimit: 0,
  targetLimit: 0,
  graceUntil: null,
  anchor: null,
  hold: false,
  periodEnd: null,
  cancelAt: null,
  pendingPlan: null,
  subscription: null,
  anomalies: [],
};

export const billingStanding = (account: Pick<Account, keyof BillingStanding>): BillingStanding => ({
  kind: account.kind,
  reason: account.reason ?? null,
  plan: account.plan,
  slotLimit: account.slotLimit,
  targetLimit: account.targetLimit,
  graceUntil: account.graceUntil,
  anchor: account.anchor ?? null,
  hold: account.hold ?? false,
  periodEnd: account.periodEnd ?? null,
  cancelAt: account.cancelAt ?? null,
  pendingPlan: account.pendingPlan ?? null,
  subscription: account.subscription ?? null,
  anomalies: (account.anomalies ?? []) as readonly Anomaly[],
});

const ranks = ["active", "trialing", "unknown", "past_due", "unpaid", "paused", "incomplete"];
const iso = (seconds: number | null) => (seconds === null ? null : new Date(seconds * 1000).toISOString());
const bySize = (plan: PricingPlanName | null) => (plan === null ? -1 : pricingPlanNames.indexOf(plan));

/**
 * All billing rules: derives the standing from a Stripe snapshot. Pure and without a clock (readers compare `graceUntil` with theirs), so
 * the order, repetition and loss of events cannot change the outcome. `before` counts only where Stripe reports nothing we understand.
 */
export function derive(snapshot: Snapshot, catalogue: Catalogue, before: BillingStanding): BillingStanding {
  if (snapshot.deleted) return before.kind === "none" ? none : { ...none, kind: "ended", reason: "customer_deleted" };
  const live = snapshot.subscriptions.filter(isLive);
  const best = live.toSorted((a, b) => compare(catalogue, a, b))[0];
  if (!best || best.status === "incomplete") return lapsed(snapshot);
  const rank = rankOf(best);
  const found: Anomaly[] = live.length > 1 ? ["several_subscriptions"] : [];
  if (rank === "unknown") return { ...before, anomalies: [...found, "unknown_status"] };
  const plan = planOf(best, catalogue, before);
  if (!known(best, catalogue)) found.push("unknown_price");
  if (plan === null) return { ...none, subscription: best.id, anomalies: found };
  const held = holdOf(snapshot, best);
  const facts = { ...lateness(best, snapshot.awaitsHolder), ...(rank === "paused" && { reason: "paused" }) };
  return {
    ...none,
    ...facts,
    kind: rank === "paused" ? "paused" : facts.anchor === null ? "good" : "delinquent",
    plan,
    ...limitsOf(plan),
    hold: held.length > 0,
    periodEnd: iso(best.periodEnd),
    cancelAt: iso(best.cancelAt),
    pendingPlan: pendingPlan(best, catalogue, plan),
    subscription: best.id,
    anomalies: [...found, ...oddities(best, catalogue), ...held],
  };
}

const rankOf = ({ status }: SubscriptionFacts) => (ranks.includes(status) ? status : "unknown");

function compare(catalogue: Catalogue, a: SubscriptionFacts, b: SubscriptionFacts): number {
  const size = ({ price }: SubscriptionFacts) => bySize((price && planOfPrice(catalogue, price)) ?? null);
  return ranks.indexOf(rankOf(a)) - ranks.indexOf(rankOf(b)) || size(b) - size(a) || a.createdAt - b.createdAt;
}

function lapsed({ subscriptions }: Snapshot): BillingStanding {
  const [last] = subscriptions
    .filter(({ status }) => status === "canceled")
    .toSorted((a, b) => (b.endedAt ?? b.createdAt) - (a.endedAt ?? a.createdAt));
  return last ? { ...none, kind: "ended", reason: last.cancelReason ?? "canceled" } : none;
}

const known = ({ price }: SubscriptionFacts, catalogue: Catalogue) =>
  price !== null && planOfPrice(catalogue, price) !== undefined;

function planOf({ price }: SubscriptionFacts, catalogue: Catalogue, before: BillingStanding): PricingPlanName | null {
  return (price && planOfPrice(catalogue, price)) ?? before.plan;
}

function pendingPlan({ schedule }: SubscriptionFacts, catalogue: Catalogue, plan: PricingPlanName): PricingPlanName | null {
  const next = schedule?.next && planOfPrice(catalogue, schedule.next);
  return next && next !== plan ? next : null;
}

/** The invoice of a pending update is not owed: unpaid, the update lapses. */
const owed = (subscription: SubscriptionFacts) =>
  subscription.invoices.filter(
    ({ id, status, reason }) =>
      status !== "draft" &&
      status !== "void" &&
      !(subscription.pendingUpdate && id === subscription.latestInvoice && reason === "subscription_update"),
  );

/** Back to the last invoice that was paid or written off. */
function unpaidTail(subscription: SubscriptionFacts): InvoiceFacts[] {
  const bills = owed(subscription).toSorted((a, b) => b.createdAt - a.createdAt);
  const settled = bills.findIndex(({ status }) => status === "paid" || status === "uncollectible");
  return settled < 0 ? bills : bills.slice(0, settled);
}

/** Grace starts when the first unpaid invoice was finalized. Retries, later cycles and the time of the sync do not move it. */
function lateness(
  subscription: SubscriptionFacts,
  awaitsHolder: boolean,
): Pick<BillingStanding, "anchor" | "graceUntil" | "reason"> & { anomalies?: never } {
  if (subscription.status !== "past_due" && subscription.status !== "unpaid")
    return { anchor: null, graceUntil: null, reason: null };
  const finals = unpaidTail(subscription).map(({ finalizedAt, createdAt }) => finalizedAt ?? createdAt);
  const at = finals.length > 0 ? Math.min(...finals) : (subscription.periodStart ?? subscription.createdAt);
  return {
    anchor: iso(at),
    graceUntil: iso(at + GRACE_DAYS * 86_400),
    reason: awaitsHolder ? "authentication_required" : "payment_failed",
  };
}

function oddities(subscription: SubscriptionFacts, catalogue: Catalogue): Anomaly[] {
  const late = subscription.status === "past_due" || subscription.status === "unpaid";
  const bills = owed(subscription).toSorted((a, b) => b.createdAt - a.createdAt);
  const currencies = new Set(Object.values(catalogue.sold).map((price) => price?.currency));
  const { schedule } = subscription;
  const found: Record<string, boolean> = {
    several_items: subscription.items !== 1 || subscription.quantity !== 1,
    trialing: subscription.status === "trialing",
    collection_paused: subscription.collectionPaused,
    uncollectible: !late && bills[0]?.status === "uncollectible",
    older_unpaid: !late && bills.some(({ status }) => status === "open"),
    finalization_failed: subscription.invoices.some(({ status, broken }) => status === "draft" && broken),
    no_unpaid_invoice: late && unpaidTail(subscription).length === 0,
    orphan_schedule: schedule !== null && !schedule.ours && schedule.next === null,
    currency: !currencies.has(subscription.currency),
  };
  return anomalies.filter((name) => found[name]);
}

// Stripe creates a subscription shortly after its first charge.
const FIRST_CHARGE_SECONDS = 600;
const open = new Set(["needs_response", "under_review", "warning_needs_response", "warning_under_review"]);

/** An open dispute, or a lost one about this subscription's charges, lasts until the subscription ends. */
function holdOf({ disputes }: Snapshot, { createdAt }: SubscriptionFacts): Anomaly[] {
  const found: Anomaly[] = [];
  if (disputes.some(({ status }) => open.has(status))) found.push("dispute");
  if (disputes.some(({ status, chargedAt }) => status === "lost" && chargedAt >= createdAt - FIRST_CHARGE_SECONDS))
    found.push("dispute_lost");
  return found;
}
