import type { Metadata } from "./parts.ts";

/** Something that waits to be billed, or was billed with an invoice: the two sides of a proration, or what an operator added. */
export interface InvoiceItem {
  id: string;
  object: "invoiceitem";
  amount: number;
  currency: string;
  customer: string;
  customer_account: null;
  date: number;
  description: string | null;
  discountable: boolean;
  discounts: never[];
  invoice: string | null;
  livemode: false;
  metadata: Metadata;
  net_amount: number;
  parent: { subscription_details: { subscription: string; subscription_item?: string }; type: "subscription_details" } | null;
  period: { end: number; start: number };
  pricing: { price_details: { price: string; product: string }; type: "price_details"; unit_amount_decimal: string } | null;
  proration: boolean;
  quantity: number;
  quantity_decimal: string;
  tax_rates: never[];
  test_clock: string | null;
}
