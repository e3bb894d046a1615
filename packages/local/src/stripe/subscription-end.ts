import type Stripe from "stripe";
import type { Api } from "./api.ts";
import { cancelNow } from "./cancel.ts";
import { collect } from "./collect.ts";
import { getCustomer } from "./customer.ts";
import { missing } from "./errors.ts";
import { draftInvoice, finalizeInvoice } from "./invoice.ts";
import { recordPortions, takePendingItems } from "./invoice-item.ts";
import { refundPortions } from "./proration.ts";
import { getSubscription, isLive, type Subscription } from "./subscription.ts";
import { managed } from "./subscription-update.ts";
import { timeOf, type World } from "./world.ts";

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

/** End a subscription now. `prorate` gives unused time back, `invoiceNow` bills that and all that waits at once. */
export function endSubscription(
  world: World,
  subscription: Subscription,
  { prorate, invoiceNow }: { prorate: boolean; invoiceNow: boolean },
): void {
  const now = timeOf(world, subscription.test_clock);
  cancelNow(world, subscription, "cancellation_requested");
  if (prorate) recordPortions(world, subscription, refundPortions(subscription, now), now);
  const waiting = takePendingItems(world, subscription);
  if (!invoiceNow || waiting.lines.length === 0) return;
  const invoice = draftInvoice(world, {
    customer: getCustomer(world, subscription.customer),
    subscription,
    currency: subscription.currency,
    reason: "subscription_update",
    lines: waiting.lines,
    period: { start: now, end: now },
  });
  waiting.claim(invoice.id);
  finalizeInvoice(world, invoice);
  collect(world, invoice);
}
