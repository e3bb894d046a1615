import type Stripe from "stripe";
import { missing } from "../errors.ts";
import { getSubscription, isLive } from "../flows/subscription.ts";
import { endSubscription } from "../flows/subscription-end.ts";
import { managed } from "../flows/subscription-update.ts";
import type { Api } from "./api.ts";

export function subscriptionEndRoutes({ on, world }: Api): void {
  on<Stripe.SubscriptionCancelParams>("delete", "/v1/subscriptions/{id}", ({ params, input }) => {
    const subscription = getSubscription(world, params.id!);
    if (!isLive(subscription)) throw missing("subscription", subscription.id);
    if (subscription.schedule) throw managed(subscription);
    const { comment, feedback } = input.cancellation_details ?? {};
    if (comment) subscription.cancellation_details.comment = comment;
    if (feedback) subscription.cancellation_details.feedback = feedback;
    endSubscription(world, subscription, { prorate: input.prorate ?? false, invoiceNow: input.invoice_now ?? false });
    return subscription;
  });
}
