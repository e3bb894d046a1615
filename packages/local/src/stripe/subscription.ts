import type Stripe from "stripe";
import type { Api } from "./api.ts";
import type { Customer } from "./customer.ts";
import { missing } from "./errors.ts";
import { periodEnd } from "./interval.ts";
import { type List, page, whole } from "./list.ts";
import type { Metadata } from "./metadata.ts";
import type { PendingChange } from "./pending-update.ts";
import { type Plan, type Price, planOf } from "./price.ts";
import { search } from "./search.ts";
import { mint, timeOf, type World } from "./world.ts";

/**
 * What a customer pays for, again and again. `incomplete` -> `active` -> `past_due` -> `unpaid` | `canceled`; an incomplete one
 * expires after 23 hours. Its periods are on its items; the subscription itself has none.
 */
export interface Subscription {
  id: string;
  object: "subscription";
  application: null;
  application_fee_percent: null;
  automatic_tax: { disabled_reason: null; enabled: false; liability: null };
  billing_cycle_anchor: number;
  billing_cycle_anchor_config: null;
  billing_mode: { flexible: { proration_discounts: "included" } | null; type: "flexible" | "classic"; updated_at?: number };
  billing_schedules: never[];
  billing_thresholds: null;
  cancel_at: number | null;
  cancel_at_period_end: boolean;
  canceled_at: number | null;
  cancellation_details: { comment: string | null; feedback: string | null; feedback_option: null; reason: CancelReason | null };
  collection_method: "charge_automatically" | "send_invoice";
  created: number;
  currency: string;
  customer: string;
  customer_account: null;
  days_until_due: number | null;
  default_payment_method: string | null;
  default_source: null;
  default_tax_rates: never[];
  description: string | null;
  discounts: never[];
  ended_at: number | null;
  invoice_settings: { account_tax_ids: null; custom_fields: null; description: null; footer: null; issuer: { type: "self" } };
  items: List<Item>;
  latest_invoice: string | null;
  livemode: false;
  managed_payments: { enabled: false };
  metadata: Metadata;
  next_pending_invoice_item_invoice: null;
  on_behalf_of: null;
  pause_collection: { behavior: "keep_as_draft" | "mark_uncollectible" | "void"; resumes_at: number | null } | null;
  payment_settings: {
    payment_method_options: null;
    payment_method_types: null;
    save_default_payment_method: "off" | "on_subscription";
  };
  pending_invoice_item_interval: null;
  pending_setup_intent: null;
  pending_update: PendingUpdate | null;
  plan: Plan | null;
  quantity: number;
  schedule: string | null;
  start_date: number;
  status: "incomplete" | "incomplete_expired" | "trialing" | "active" | "past_due" | "unpaid" | "canceled" | "paused";
  status_details?: { paused: PausedDetails | null };
  test_clock: string | null;
  transfer_data: null;
  trial_end: number | null;
  trial_settings: {
    end_behavior: { billing_cycle_anchor: "now" | "unchanged"; missing_payment_method: "create_invoice" | "cancel" | "pause" };
  };
  trial_start: number | null;
}

export type CancelReason = "cancellation_requested" | "payment_failed" | "payment_disputed";
export type PausedDetails = Record<string, unknown>;

export interface PendingUpdate {
  billing_cycle_anchor: number | null;
  cancel_at_period_end: null;
  discount: null;
  discounts: null;
  expires_at: number;
  metadata: null;
  subscription_items: Item[];
  trial_end: null;
  trial_from_plan: null;
}

/** One price within a subscription. */
export interface Item {
  id: string;
  object: "subscription_item";
  billing_thresholds: null;
  created: number;
  current_period_end: number;
  current_period_start: number;
  current_trial: null;
  discounts: never[];
  metadata: Metadata;
  plan: Plan;
  price: Price;
  quantity: number;
  subscription: string;
  tax_rates: never[];
}

/** What no answer shows: the change behind a pending update. */
export interface SubscriptionNotes {
  pending: PendingChange | null;
}

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

export function subscriptionRoutes({ on, world }: Api): void {
  on<Stripe.SubscriptionListParams>("get", "/v1/subscriptions", ({ input }) => {
    const { status, price } = input as { status?: string; price?: string };
    const rows = [...world.state.subscriptions.values()]
      .filter(
        (row) =>
          status === "all" || (status === "ended" ? !isLive(row) : status ? row.status === status : row.status !== "canceled"),
      )
      .filter((row) => !price || row.items.data.some((item) => item.price.id === price));
    return page(world, "/v1/subscriptions", rows, { ...input, status: undefined }, "subscription", {
      customer: (row) => row.customer,
      test_clock: (row) => row.test_clock,
      collection_method: (row) => row.collection_method,
    });
  });

  on<Stripe.SubscriptionSearchParams>("get", "/v1/subscriptions/search", ({ input }) => {
    return search("/v1/subscriptions/search", [...world.state.subscriptions.values()], input);
  });

  on("get", "/v1/subscriptions/{id}", ({ params }) => getSubscription(world, params.id!));

  on<Stripe.SubscriptionItemListParams>("get", "/v1/subscription_items", ({ input }) => {
    const subscription = getSubscription(world, input.subscription, "subscription");
    return page(world, "/v1/subscription_items", subscription.items.data, input, "subscription_item", {
      subscription: (item) => item.subscription,
    });
  });

  on("get", "/v1/subscription_items/{id}", ({ params }) => {
    const items = [...world.state.subscriptions.values()].flatMap((subscription) => subscription.items.data);
    const item = items.find((row) => row.id === params.id);
    if (!item) throw missing("subscription_item", params.id!);
    return item;
  });
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
