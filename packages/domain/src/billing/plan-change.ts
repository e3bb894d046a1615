import type Stripe from "stripe";
import * as z from "zod";
import { type PlanName, planNames } from "../plan/plan.ts";

/** What a change of plan did, or would do. */
export const PlanChange = z.object({
  from: z.enum(planNames),
  plan: z.enum(planNames),
  kind: z.enum(["upgrade", "downgrade", "keep"]),
  /** `payment_needed`: it happens when the page at `url` is paid, within a day; until then nothing has changed. */
  status: z.enum(["preview", "done", "planned", "payment_needed"]),
  /** When the plan is, or would be, in force. */
  at: z.iso.datetime(),
  /** Cents charged now. */
  due: z.number().int(),
  currency: z.string(),
  url: z.string().nullable(),
  /** How many of what is used the plan does not cover; it keeps running, and nothing is added until it fits. */
  over: z.object({ slots: z.number().int(), targets: z.number().int() }),
});
export type PlanChange = z.infer<typeof PlanChange>;

/** A change on record before Stripe is asked, so that a repeat asks for exactly the same. */
export const Request = z.object({ id: z.string(), from: z.enum(planNames), plan: z.enum(planNames), at: z.number().int() });
export type Request = z.infer<typeof Request>;

/** The subscription a change is about. */
export interface Subject {
  readonly stripe: Stripe;
  readonly customer: string;
  readonly subscription: Stripe.Subscription;
  readonly item: Stripe.SubscriptionItem;
  readonly from: PlanName;
}
