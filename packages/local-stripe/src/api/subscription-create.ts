import type Stripe from "stripe";
import { inOrder } from "../event.ts";
import { createSubscription, quiet } from "../flows/subscription-create.ts";
import type { Api } from "./api.ts";

const order = [
  "payment_method.attached",
  "charge.succeeded",
  "charge.failed",
  "customer.updated",
  "customer.subscription.created",
  "payment_intent.succeeded",
  "payment_intent.created",
  "payment_intent.payment_failed",
  "payment_intent.requires_action",
  "invoice.created",
  "invoice.finalized",
  "invoice.payment_action_required",
  "invoice.payment_failed",
  "invoice.paid",
  "invoice.payment_succeeded",
  "invoice_payment.paid",
];

export function subscriptionCreateRoutes({ on, world }: Api): void {
  on<Stripe.SubscriptionCreateParams>("post", "/v1/subscriptions", ({ input }) =>
    inOrder(world, order, () => createSubscription(world, input), quiet),
  );
}
