import type { Metadata } from "./parts.ts";

/**
 * What a subscription will become, phase by phase: `active` -> `released` or `completed` at the end of its last phase, or `canceled`.
 * Only the API makes schedules here, and only from a subscription that exists.
 */
export interface Schedule {
  id: string;
  object: "subscription_schedule";
  application: null;
  billing_mode: { flexible: { proration_discounts: "included" }; type: "flexible"; updated_at: number };
  canceled_at: number | null;
  completed_at: number | null;
  created: number;
  current_phase: { end_date: number; start_date: number } | null;
  customer: string;
  customer_account: null;
  default_settings: object;
  end_behavior: "release" | "cancel";
  livemode: false;
  metadata: Metadata;
  pause_schedules: never[];
  phases: Phase[];
  released_at: number | null;
  released_subscription: string | null;
  status: "active" | "canceled" | "completed" | "released";
  subscription: string | null;
  test_clock: string | null;
}

export interface Phase {
  add_invoice_items: never[];
  application_fee_percent: null;
  billing_cycle_anchor: null;
  billing_thresholds: null;
  collection_method: null;
  currency: string;
  default_payment_method: null;
  default_tax_rates: never[];
  description: null;
  discounts: never[];
  end_date: number;
  invoice_settings: null;
  items: PhaseItem[];
  metadata: Metadata;
  on_behalf_of: null;
  proration_behavior: "none" | "create_prorations" | "always_invoice";
  start_date: number;
  transfer_data: null;
  trial_end: null;
}

export interface PhaseItem {
  billing_thresholds: null;
  discounts: never[];
  metadata: Metadata;
  plan: string;
  price: string;
  quantity: number;
  tax_rates: never[];
}
