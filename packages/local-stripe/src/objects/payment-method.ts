import type { Address, Metadata } from "./parts.ts";

/** What an answer shows of a card. */
export interface ShownCard {
  brand: string;
  checks: { address_line1_check: null; address_postal_code_check: null; cvc_check: "pass" };
  country: "US";
  display_brand: string;
  exp_month: number;
  exp_year: number;
  fingerprint: string;
  funding: "credit";
  generated_from: null;
  last4: string;
  networks: { available: string[]; preferred: null };
  regulated_status: "unregulated";
  three_d_secure_usage: { supported: true };
  wallet: null;
}

/** A saved way to pay. What the card really does is in its CardRecord, which no answer shows. */
export interface PaymentMethod {
  id: string;
  object: "payment_method";
  allow_redisplay: "unspecified" | "always" | "limited";
  billing_details: { address: Address; email: string | null; name: string | null; phone: string | null; tax_id: null };
  card: ShownCard;
  created: number;
  customer: string | null;
  customer_account: null;
  livemode: false;
  metadata: Metadata;
  type: "card";
}

/** The card behind a payment method, and whether its holder has authenticated it for later use. */
export interface CardRecord {
  number: string;
  setUp: boolean;
}
