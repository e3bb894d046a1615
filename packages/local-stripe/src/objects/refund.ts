import type { Metadata } from "./parts.ts";

/** Money given back. It changes the charge and nothing about the subscription or the invoice that was paid. */
export interface Refund {
  id: string;
  object: "refund";
  amount: number;
  balance_transaction: string;
  charge: string;
  created: number;
  currency: string;
  customer: string;
  customer_account: null;
  destination_details: { card: { type: "refund" }; type: "card" };
  metadata: Metadata;
  payment_intent: string;
  payment_method: string;
  reason: string | null;
  receipt_number: null;
  source_transfer_reversal: null;
  status: "succeeded";
  transfer_reversal: null;
}
