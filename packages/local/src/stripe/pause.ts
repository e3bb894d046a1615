import type Stripe from "stripe";
import type { Api } from "./api.ts";
import { collect } from "./collect.ts";
import { getCustomer } from "./customer.ts";
import { invalid, missing } from "./errors.ts";
import { emit } from "./event.ts";
import { periodEnd } from "./interval.ts";
import { draftInvoice, finalizeInvoice } from "./invoice.ts";
import { recordPortions, takePendingItems } from "./invoice-item.ts";
import { periodLine } from "./line.ts";
import { refundPortions } from "./proration.ts";
import { getSubscription, isLive, type Subscription } from "./subscription.ts";
import { timeOf, type World } from "./world.ts";

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

/** Pause now, giving back unused time where asked. */
export function pauseSubscription(world: World, subscription: Subscription, refunds: boolean): void {
  const now = timeOf(world, subscription.test_clock);
  const before = { status: subscription.status };
  subscription.status = "paused";
  subscription.status_details = {
    paused: { subscription: { type: "pause_requested" }, transitioned_at: now, type: "subscription" },
  };
  if (refunds) recordPortions(world, subscription, refundPortions(subscription, now), now);
  emit(world, "customer.subscription.paused", subscription);
  emit(world, "customer.subscription.updated", subscription, before);
}

/** Go on: with a new period from now, billed at once, or in the period there was, if that has not ended. */
export function resumeSubscription(world: World, subscription: Subscription, restart: boolean): void {
  const now = timeOf(world, subscription.test_clock);
  const before = structuredClone({ status: subscription.status, status_details: subscription.status_details });
  subscription.status = "active";
  delete subscription.status_details;
  const anew = restart || subscription.items.data.some((item) => item.current_period_end <= now);
  if (anew) beginPeriod(subscription, now, restart);
  emit(world, "customer.subscription.resumed", subscription);
  emit(world, "customer.subscription.updated", subscription, before);
  if (!anew) return;
  const waiting = takePendingItems(world, subscription);
  const lines = subscription.items.data.map((item) =>
    periodLine(world, subscription.id, item, world.state.products.get(item.price.product)!.name, {
      start: item.current_period_start,
      end: item.current_period_end,
    }),
  );
  const invoice = draftInvoice(world, {
    customer: getCustomer(world, subscription.customer),
    subscription,
    currency: subscription.currency,
    reason: "subscription_update",
    lines: [...waiting.lines, ...lines],
    period: { start: now, end: now },
  });
  waiting.claim(invoice.id);
  finalizeInvoice(world, invoice);
  collect(world, invoice);
}

function beginPeriod(subscription: Subscription, now: number, restart: boolean): void {
  if (restart) subscription.billing_cycle_anchor = now;
  for (const item of subscription.items.data) {
    item.current_period_start = now;
    item.current_period_end = periodEnd(subscription.billing_cycle_anchor, now, item.price.recurring!);
  }
}
