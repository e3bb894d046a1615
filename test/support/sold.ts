import { API_VERSION, eventTypes } from "@berth/domain/billing/stripe/events.ts";
import type { PricingPlan } from "@berth/domain/pricing/plans.ts";

/** A plan's price as it is set at Stripe. */
export const soldAs = (plan: PricingPlan) => ({
  id: `price_${plan.name}`,
  product: `prod_${plan.name}`,
  lookup_key: plan.lookupKey,
  unit_amount: plan.price,
  currency: plan.currency,
  active: true,
  recurring: { interval: "month", interval_count: 1 },
});

/** The webhook endpoint as it is set at Stripe; anything else there fails the nightly comparison. */
export const endpointAt = (origin: string) => ({
  url: `${origin}/webhooks/stripe`,
  status: "enabled",
  api_version: API_VERSION,
  enabled_events: eventTypes,
});
