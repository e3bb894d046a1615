import type { Metadata } from "./parts.ts";

/** A card saved for later without a charge; the billing portal makes one for each card it takes. */
export interface SetupIntent {
  id: string;
  object: "setup_intent";
  customer: string;
  created: number;
  payment_method: string | null;
  status: "requires_payment_method" | "requires_action" | "succeeded";
  metadata: Metadata;
  [unused: string]: unknown;
}
