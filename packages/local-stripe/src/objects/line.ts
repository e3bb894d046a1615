import type { Metadata } from "./parts.ts";

/** A line of an invoice, in cents. */
export interface Line {
  id: string;
  object: "line_item";
  amount: number;
  currency: string;
  description: string;
  discount_amounts: never[];
  discountable: boolean;
  discounts: never[];
  invoice: string;
  livemode: false;
  metadata: Metadata;
  parent: LineParent;
  period: { end: number; start: number };
  pretax_credit_amounts: never[];
  pricing: { price_details: { price: string; product: string }; type: "price_details"; unit_amount_decimal: string } | null;
  quantity: number;
  quantity_decimal: string;
  subscription: null;
  subtotal: number;
  taxes: never[];
}

interface Origin {
  proration: boolean;
  proration_details: { credited_items: null };
  subscription: string | null;
}

export interface LineParent {
  invoice_item_details: (Origin & { invoice_item: string }) | null;
  subscription_item_details: (Origin & { invoice_item: string | null; subscription_item: string }) | null;
  type: "subscription_item_details" | "invoice_item_details";
}
