import type Stripe from "stripe";
import { invalid } from "../errors.ts";
import { inOrder } from "../event.ts";
import { getSubscription, isLive } from "../flows/subscription.ts";
import { managed, updateSubscription } from "../flows/subscription-update.ts";
import type { Subscription } from "../objects/subscription.ts";
import { onlySimulated } from "../simulated.ts";
import type { Api } from "./api.ts";

const order = [
  "customer.updated",
  "charge.succeeded",
  "charge.failed",
  "payment_intent.created",
  "payment_intent.succeeded",
  "payment_intent.payment_failed",
  "payment_intent.requires_action",
  "invoice.created",
  "invoice.finalized",
  "invoice.payment_action_required",
  "invoice.payment_failed",
  "invoice.paid",
  "invoice.payment_succeeded",
  "customer.subscription.updated",
  "subscription_schedule.updated",
  "invoiceitem.created",
  "invoice_payment.paid",
];

const simulated = [
  "items",
  "metadata",
  "description",
  "default_payment_method",
  "payment_behavior",
  "proration_behavior",
  "proration_date",
  "billing_cycle_anchor",
  "cancel_at",
  "cancel_at_period_end",
  "cancellation_details",
  "pause_collection",
  "off_session",
];

/** What a pending update may carry; everything else has to be asked for by itself. */
const pendable = new Set([
  "items",
  "proration_behavior",
  "proration_date",
  "payment_behavior",
  "billing_cycle_anchor",
  "expand",
  "off_session",
  "trial_end",
  "trial_from_plan",
]);

export function subscriptionUpdateRoutes({ on, world }: Api): void {
  on<Stripe.SubscriptionUpdateParams>("post", "/v1/subscriptions/{id}", ({ params, input }) => {
    const subscription = getSubscription(world, params.id!);
    onlySimulated(input, simulated, "when it changes a subscription");
    refuse(subscription, input);
    inOrder(world, order, () => updateSubscription(world, subscription, input), ["invoice.updated"]);
    return subscription;
  });
}

function refuse(subscription: Subscription, input: Stripe.SubscriptionUpdateParams): void {
  const asked = Object.keys(input).filter((key) => key !== "expand");
  if (!isLive(subscription) && asked.some((key) => key !== "metadata" && key !== "cancellation_details"))
    throw invalid("A canceled subscription can only update its cancellation_details and metadata.", {
      code: "invalid_canceled_subscription_fields",
    });
  if (subscription.schedule && (input.cancel_at !== undefined || input.cancel_at_period_end !== undefined))
    throw managed(subscription);
  if (input.payment_behavior !== "pending_if_incomplete") return;
  const stray = asked.find((key) => !pendable.has(key));
  if (stray)
    throw invalid(
      `When \`payment_behavior\` is set to \`pending_if_incomplete\`, you cannot update \`${stray}\`. Only supported fields can be updated with pending updates.`,
      { param: stray },
    );
  if (subscription.schedule)
    throw invalid("Pending updates are not supported on subscriptions with an attached schedule.", { param: "payment_behavior" });
}
