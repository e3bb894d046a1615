import type Stripe from "stripe";
import { invalid, missing } from "../errors.ts";
import { pauseSubscription, resumeSubscription } from "../flows/pause.ts";
import { getSubscription, isLive } from "../flows/subscription.ts";
import type { Api } from "./api.ts";

/** Pausing and resuming a whole subscription. While it is paused no period begins and nothing is billed. */
export function pauseRoutes({ on, world }: Api): void {
  on<Stripe.SubscriptionPauseParams>("post", "/v1/subscriptions/{id}/pause", ({ params, input }) => {
    const subscription = getSubscription(world, params.id!);
    if (!isLive(subscription)) throw missing("subscription", subscription.id);
    if (subscription.schedule) throw invalid("Cannot pause subscriptions with attached schedules.");
    if (subscription.status !== "active" && subscription.status !== "trialing")
      throw invalid(`You cannot pause a subscription that is ${subscription.status}.`);
    const refunds =
      input.bill_for?.unused_time_from?.type === "now" || input.bill_for?.unused_time_from?.type === "item_current_period_start";
    pauseSubscription(world, subscription, refunds);
    return subscription;
  });

  on<Stripe.SubscriptionResumeParams>("post", "/v1/subscriptions/{id}/resume", ({ params, input }) => {
    const subscription = getSubscription(world, params.id!);
    if (!isLive(subscription)) throw missing("subscription", subscription.id);
    if (subscription.status !== "paused") throw invalid("You can only resume a subscription if it is `paused`.");
    resumeSubscription(world, subscription, input.billing_cycle_anchor?.type !== "unchanged");
    return subscription;
  });
}
