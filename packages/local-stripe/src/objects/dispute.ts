import type { Metadata } from "./parts.ts";

/** A cardholder's bank takes a charge back: `needs_response` -> `won` or `lost`. It changes nothing about the subscription. */
export interface Dispute {
  id: string;
  object: "dispute";
  amount: number;
  balance_transactions: never[];
  charge: string;
  created: number;
  currency: string;
  enhanced_eligibility_types: never[];
  evidence: object;
  evidence_details: object;
  intended_submission_method: null;
  is_charge_refundable: boolean;
  livemode: false;
  metadata: Metadata;
  payment_intent: string;
  payment_method_details: object;
  reason: string;
  status: "needs_response" | "won" | "lost";
}
