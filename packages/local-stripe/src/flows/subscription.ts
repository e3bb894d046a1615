import { missing } from "../errors.ts";
import { periodEnd } from "../interval.ts";
import { whole } from "../list.ts";
import type { Customer } from "../objects/customer.ts";
import type { Metadata } from "../objects/parts.ts";
import type { Price } from "../objects/price.ts";
import type { Item, Subscription } from "../objects/subscription.ts";
import { mint, timeOf, type World } from "../world.ts";
import { planOf } from "./price.ts";

/** The subscription of an id, or the refusal that fits where the id stood. */
export function getSubscription(world: World, id: string, param = "id"): Subscription {
  const subscription = world.state.subscriptions.get(id);
  if (!subscription) throw missing("subscription", id, param);
  return subscription;
}

/** Whether a subscription can still bill. */
export function isLive(subscription: Subscription): boolean {
  return subscription.status !== "canceled" && subscription.status !== "incomplete_expired";
}

export interface Start {
  customer: Customer;
  items: { price: Price; quantity: number; metadata?: Metadata }[];
  metadata: Metadata;
  defaultMethod: string | null;
}

/** A new subscription, on record as `incomplete` until its first bill is paid. Its event is left to the flow. */
export function startSubscription(world: World, { customer, items, metadata, defaultMethod }: Start): Subscription {
  const now = timeOf(world, customer.test_clock);
  const id = mint(world, "subscription");
  const rows = items.map((item) => makeItem(world, id, item, now, now));
  const subscription: Subscription = {
    id,
    object: "subscription",
    application: null,
    application_fee_percent: null,
    automatic_tax: { disabled_reason: null, enabled: false, liability: null },
    billing_cycle_anchor: now,
    billing_cycle_anchor_config: null,
    billing_mode: { flexible: { proration_discounts: "included" }, type: "flexible", updated_at: now },
    billing_schedules: [],
    billing_thresholds: null,
    cancel_at: null,
    cancel_at_period_end: false,
    canceled_at: null,
    cancellation_details: { comment: null, feedback: null, feedback_option: null, reason: null },
    collection_method: "charge_automatically",
    created: now,
    currency: rows[0]!.price.currency,
    customer: customer.id,
    customer_account: null,
    days_until_due: null,
    default_payment_method: defaultMethod,
    default_source: null,
    default_tax_rates: [],
    description: null,
    discounts: [],
    ended_at: null,
    invoice_settings: { account_tax_ids: null, custom_fields: null, description: null, footer: null, issuer: { type: "self" } },
    items: whole(`/v1/subscription_items?subscription=${id}`, rows),
    latest_invoice: null,
    livemode: false,
    managed_payments: { enabled: false },
    metadata,
    next_pending_invoice_item_invoice: null,
    on_behalf_of: null,
    pause_collection: null,
    payment_settings: { payment_method_options: null, payment_method_types: null, save_default_payment_method: "off" },
    pending_invoice_item_interval: null,
    pending_setup_intent: null,
    pending_update: null,
    plan: null,
    quantity: 1,
    schedule: null,
    start_date: now,
    status: "incomplete",
    test_clock: customer.test_clock,
    transfer_data: null,
    trial_end: null,
    trial_settings: { end_behavior: { billing_cycle_anchor: "now", missing_payment_method: "create_invoice" } },
    trial_start: null,
  };
  mirrorItem(subscription);
  world.state.subscriptions.set(id, subscription);
  world.state.notes.set(id, { pending: null });
  return subscription;
}

/** An item whose period begins at `start`, in the rhythm of `anchor`. */
export function makeItem(
  world: World,
  subscription: string,
  from: { price: Price; quantity: number; metadata?: Metadata },
  anchor: number,
  start: number,
): Item {
  return {
    id: mint(world, "item"),
    object: "subscription_item",
    billing_thresholds: null,
    created: start,
    current_period_end: periodEnd(anchor, start, from.price.recurring!),
    current_period_start: start,
    current_trial: null,
    discounts: [],
    metadata: from.metadata ?? {},
    plan: planOf(from.price),
    price: structuredClone(from.price),
    quantity: from.quantity,
    subscription,
    tax_rates: [],
  };
}

/** Live answers still carry the plan and quantity of a subscription's only item at the top. */
export function mirrorItem(subscription: Subscription): void {
  const [only, ...others] = subscription.items.data;
  subscription.plan = only && others.length === 0 ? only.plan : null;
  subscription.quantity = subscription.items.data.reduce((sum, item) => sum + item.quantity, 0);
  subscription.items.total_count = subscription.items.data.length;
}

/** The end of what is paid for: the first of the items' period ends. */
export function paidUntil(subscription: Subscription): number {
  return Math.min(...subscription.items.data.map((item) => item.current_period_end));
}
