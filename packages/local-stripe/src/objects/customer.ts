import type { Address, Metadata } from "./parts.ts";

/** Who pays. Its test clock, if any, is set when it is created and never changes; its currency is fixed by its first bill. */
export interface Customer {
  id: string;
  object: "customer";
  address: Address | null;
  balance: number;
  created: number;
  currency: string | null;
  default_source: null;
  delinquent: boolean;
  description: string | null;
  discount: null;
  email: string | null;
  invoice_prefix: string;
  invoice_settings: { custom_fields: null; default_payment_method: string | null; footer: null; rendering_options: null };
  livemode: false;
  metadata: Metadata;
  name: string | null;
  next_invoice_sequence: number;
  phone: string | null;
  preferred_locales: string[];
  shipping: null;
  tax_exempt: "none" | "exempt" | "reverse";
  test_clock: string | null;
}

/** A change of what Stripe owes the customer (negative) or the customer owes (positive), in cents. */
export interface CustomerBalanceTransaction {
  id: string;
  object: "customer_balance_transaction";
  amount: number;
  checkout_session: null;
  created: number;
  credit_note: null;
  currency: string;
  customer: string;
  customer_account: null;
  description: string | null;
  ending_balance: number;
  invoice: string | null;
  livemode: false;
  metadata: Metadata;
  type: "adjustment" | "applied_to_invoice" | "unapplied_from_invoice";
}
