import type { Metadata } from "./parts.ts";

/** What customers may do in the billing portal. The first configuration is the default. */
export interface PortalConfiguration {
  id: string;
  object: "billing_portal.configuration";
  active: boolean;
  application: null;
  business_profile: { headline: string | null; privacy_policy_url: string | null; terms_of_service_url: string | null };
  created: number;
  default_return_url: string | null;
  features: PortalFeatures;
  is_default: boolean;
  livemode: false;
  login_page: { enabled: false; url: null };
  metadata: Metadata;
  name: string | null;
  updated: number;
}

export interface PortalFeatures {
  customer_update: { allowed_updates: string[]; enabled: boolean };
  invoice_history: { enabled: boolean };
  payment_method_update: { enabled: boolean; payment_method_configuration: null };
  subscription_cancel: {
    cancellation_reason: { enabled: boolean; feedback_options: null; options: string[] };
    enabled: boolean;
    mode: "at_period_end" | "immediately";
    proration_behavior: string;
  };
  subscription_pause: { duration: { interval_options: never[]; type: "indefinite" }; enabled: boolean };
  subscription_update: {
    billing_cycle_anchor: string | null;
    default_allowed_updates: string[];
    enabled: boolean;
    proration_behavior: "none" | "create_prorations" | "always_invoice";
    schedule_at_period_end: { conditions: { type: string }[] };
    trial_update_behavior: "end_trial";
  };
}

export interface PortalProduct {
  product: string;
  prices: string[];
  adjustable_quantity: { enabled: boolean; maximum: null; minimum: number };
}

/** A customer's visit to the portal. Its address is the key to it and works for an hour. */
export interface PortalSession {
  id: string;
  object: "billing_portal.session";
  configuration: string;
  created: number;
  customer: string;
  customer_account: null;
  flow: null;
  livemode: false;
  locale: null;
  on_behalf_of: null;
  return_url: string | null;
  url: string;
}
