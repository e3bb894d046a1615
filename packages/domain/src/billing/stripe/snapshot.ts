import type Stripe from "stripe";
import type { World } from "../../context.ts";
import { livemodeOf } from "./events.ts";
import { idOf } from "./objects.ts";

/** Times are epoch seconds, amounts integer cents. */
export interface InvoiceFacts {
  readonly id: string;
  /** draft, open, paid, uncollectible or void. */
  readonly status: string | null;
  readonly createdAt: number;
  /** The first payment attempt follows at once. */
  readonly finalizedAt: number | null;
  readonly remaining: number;
  /** subscription_create, subscription_cycle, subscription_update, ... */
  readonly reason: string | null;
  /** Finalization failed, so nothing is collected. */
  readonly broken: boolean;
}

export interface SubscriptionFacts {
  readonly id: string;
  readonly status: string;
  readonly createdAt: number;
  readonly endedAt: number | null;
  readonly currency: string;
  readonly price: { readonly id: string; readonly product: string } | null;
  readonly items: number;
  readonly quantity: number;
  /** Of the item whose period ends first. */
  readonly periodStart: number | null;
  readonly periodEnd: number | null;
  readonly cancelAt: number | null;
  readonly cancelReason: string | null;
  readonly pendingUpdate: boolean;
  readonly collectionPaused: boolean;
  readonly schedule: {
    readonly id: string;
    /** Created by our plan change, and complete. */
    readonly ours: boolean;
    readonly next: { readonly id: string; readonly product: string } | null;
  } | null;
  readonly latestInvoice: string | null;
  readonly invoices: readonly InvoiceFacts[];
}

/** Everything at Stripe that decides a customer's standing, read with the pinned API version. */
export interface Snapshot {
  readonly customer: string;
  readonly deleted: boolean;
  readonly livemode: boolean;
  readonly subscriptions: readonly SubscriptionFacts[];
  readonly disputes: readonly { readonly status: string; readonly chargedAt: number }[];
  /** The newest payment waits for the customer's confirmation at the bank. */
  readonly awaitsHolder: boolean;
}

/** Reads only. A torn read is corrected by the event of the change that tore it. */
export async function fetchSnapshot(world: World, customer: string): Promise<Snapshot> {
  const stripe = await world.stripe();
  const found = await stripe.customers.retrieve(customer);
  const none = { customer, subscriptions: [], disputes: [], awaitsHolder: false };
  // A deleted customer's subscriptions are canceled; Stripe lists neither them nor the mode.
  if (found.deleted) return { ...none, deleted: true, livemode: livemodeOf(world) };
  const [subscriptions, invoices, charges] = await Promise.all([
    stripe.subscriptions.list({ customer, status: "all", limit: 100, expand: ["data.schedule"] }),
    stripe.invoices.list({ customer, limit: 100 }),
    stripe.charges.list({ customer, limit: 100 }),
  ]);
  const late = subscriptions.data.some(({ status }) => status === "past_due" || status === "unpaid");
  const [disputes, payments] = await Promise.all([
    Promise.all(charges.data.filter(({ disputed }) => disputed).map((charge) => disputesOf(stripe, charge))),
    late ? stripe.paymentIntents.list({ customer, limit: 1 }) : undefined,
  ]);
  return {
    customer,
    deleted: false,
    livemode: found.livemode,
    subscriptions: subscriptions.data.map((subscription) => subscriptionFacts(subscription, invoices.data)),
    disputes: disputes.flat(),
    awaitsHolder: payments?.data[0]?.status === "requires_action",
  };
}

async function disputesOf(stripe: Stripe, charge: Stripe.Charge) {
  const { data } = await stripe.disputes.list({ charge: charge.id, limit: 100 });
  return data.map(({ status }) => ({ status: String(status), chargedAt: charge.created }));
}

export function subscriptionFacts(subscription: Stripe.Subscription, invoices: readonly Stripe.Invoice[]): SubscriptionFacts {
  const items = subscription.items.data;
  const [first] = items.toSorted((a, b) => a.current_period_end - b.current_period_end);
  const periodEnd = first?.current_period_end ?? null;
  const price = items[0]?.price;
  return {
    id: subscription.id,
    status: subscription.status,
    createdAt: subscription.created,
    endedAt: subscription.ended_at,
    currency: subscription.currency,
    price: price ? { id: price.id, product: idOf(price.product) } : null,
    items: items.length,
    quantity: items.reduce((sum, item) => sum + (item.quantity ?? 1), 0),
    periodStart: first?.current_period_start ?? null,
    periodEnd,
    cancelAt: subscription.cancel_at ?? (subscription.cancel_at_period_end ? periodEnd : null),
    cancelReason: subscription.cancellation_details?.reason ?? null,
    pendingUpdate: subscription.pending_update !== null,
    collectionPaused: subscription.pause_collection !== null,
    schedule: scheduleFacts(subscription),
    latestInvoice: idOf(subscription.latest_invoice) ?? null,
    invoices: invoices.filter((invoice) => subscriptionOfInvoice(invoice) === subscription.id).map(invoiceFacts),
  };
}

/** Since API version `basil` an invoice names its subscription in `parent`, which one-off invoices lack. */
function subscriptionOfInvoice({ parent }: Stripe.Invoice): string | undefined {
  return idOf(parent?.subscription_details?.subscription);
}

const invoiceFacts = (invoice: Stripe.Invoice): InvoiceFacts => ({
  id: invoice.id,
  status: invoice.status,
  createdAt: invoice.created,
  finalizedAt: invoice.status_transitions.finalized_at,
  remaining: invoice.amount_remaining,
  reason: invoice.billing_reason,
  broken: invoice.last_finalization_error !== null,
});

function scheduleFacts({ schedule }: Stripe.Subscription): SubscriptionFacts["schedule"] {
  if (!schedule || typeof schedule === "string") return null;
  const from = schedule.current_phase?.end_date ?? 0;
  const next = schedule.phases.find((phase) => phase.start_date >= from);
  const price = next?.items[0]?.price;
  return {
    id: schedule.id,
    ours: schedule.metadata?.plan !== undefined,
    next: price ? { id: idOf(price), product: typeof price === "object" && "product" in price ? idOf(price.product) : "" } : null,
  };
}
