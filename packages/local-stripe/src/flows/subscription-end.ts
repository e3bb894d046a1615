import type { Subscription } from "../objects/subscription.ts";
import { timeOf, type World } from "../world.ts";
import { cancelNow } from "./cancel.ts";
import { collect } from "./collect.ts";
import { getCustomer } from "./customer.ts";
import { draftInvoice, finalizeInvoice } from "./invoice.ts";
import { recordPortions, takePendingItems } from "./invoice-item.ts";
import { refundPortions } from "./proration.ts";

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
