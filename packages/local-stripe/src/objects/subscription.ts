import type { List, Metadata } from "./parts.ts";
import type { Plan, Price } from "./price.ts";

/** An update that takes effect only when its bill is paid: that bill, the items it brings, and a new anchor if it has one. */
export interface PendingChange {
  invoice: string;
  items: Item[];
  restartsAt: number | null;
}

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
