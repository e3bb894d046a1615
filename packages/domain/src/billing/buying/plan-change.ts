import type Stripe from "stripe";
import * as z from "zod";
import { type PricingPlanName, pricingPlanNames } from "../../pricing/plans.ts";

export const PlanChange = z.object({
  from: z.enum(pricingPlanNames),
  plan: z.enum(pricingPlanNames),
  kind: z.enum(["upgrade", "downgrade", "keep"]),
  /** `payment_needed`: nothing changes until the page at `url` is paid, within a day. */
  status: z.enum(["preview", "done", "planned", "payment_needed"]),
  at: z.iso.datetime(),
  /** Cents charged now. */
  due: z.number().int(),
  currency: z.string(),
  url: z.string().nullable(),
  /** Usage beyond the new plan keeps running, and nothing can be added until it fits. */
  over: z.object({ slots: z.number().int(), targets: z.number().int() }),
});
export type PlanChange = z.infer<typeof PlanChange>;

/** Recorded before Stripe is called, so that a repeat sends exactly the same. */
export const Request = z.object({
  id: z.string(),
  from: z.enum(pricingPlanNames),
  plan: z.enum(pricingPlanNames),
  at: z.number().int(),
});
export type Request = z.infer<typeof Request>;

export interface Subject {
  readonly stripe: Stripe;
  readonly customer: string;
  readonly subscription: Stripe.Subscription;
  readonly item: Stripe.SubscriptionItem;
  readonly from: PricingPlanName;
}
