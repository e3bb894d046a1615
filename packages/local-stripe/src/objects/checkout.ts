import type { Customer } from "./customer.ts";
import type { Metadata } from "./parts.ts";
import type { Price } from "./price.ts";

/**
 * A page on which a customer buys: `open` -> `complete` or `expired`. It has a `url` only while it is open, and a subscription and
 * an invoice only once it is complete, however often paying failed before.
 */
export interface CheckoutSession {
  id: string;
  object: "checkout.session";
  allow_promotion_codes: boolean | null;
  amount_subtotal: number;
  amount_total: number;
  cancel_url: string | null;
  client_reference_id: string | null;
  created: number;
  currency: string;
  customer: string;
  customer_details: CustomerDetails;
  expires_at: number;
  invoice: string | null;
  livemode: false;
  metadata: Metadata;
  mode: "subscription";
  payment_status: "unpaid" | "paid" | "no_payment_required";
  status: "open" | "complete" | "expired";
  subscription: string | null;
  success_url: string | null;
  url: string | null;
  [unused: string]: unknown;
}

interface CustomerDetails {
  address: Customer["address"];
  business_name: null;
  email: string | null;
  individual_name: null;
  name: string | null;
  phone: string | null;
  tax_exempt: string;
  tax_ids: never[];
}

/** A line that a checkout page sells. */
export interface CheckoutItem {
  id: string;
  object: "item";
  adjustable_quantity: null;
  amount_discount: number;
  amount_subtotal: number;
  amount_tax: number;
  amount_total: number;
  currency: string;
  description: string;
  metadata: Metadata;
  price: Price;
  quantity: number;
}

/** A session with what its answers do not show. The intent is the one of attempts made so far; the method is the card last typed. */
export interface CheckoutRecord {
  session: CheckoutSession;
  items: CheckoutItem[];
  subscriptionMetadata: Metadata;
  intent: string | null;
  method: string | null;
}
