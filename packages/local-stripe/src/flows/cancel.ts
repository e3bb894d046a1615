import { emit } from "../event.ts";
import type { CancelReason, Subscription } from "../objects/subscription.ts";
import { timeOf, type World } from "../world.ts";
import { invoicesOf } from "./invoice.ts";
import { endSchedule } from "./schedule.ts";
import { paidUntil } from "./subscription.ts";

/** End a subscription at this moment. What is still open stays open, but is not pursued any more. */
export function cancelNow(world: World, subscription: Subscription, reason: CancelReason): void {
  const now = timeOf(world, subscription.test_clock);
  subscription.status = "canceled";
  subscription.canceled_at ??= now;
  subscription.ended_at = now;
  subscription.cancellation_details.reason = reason;
  subscription.pending_update = null;
  for (const invoice of invoicesOf(world, subscription.id))
    if (invoice.status === "open" || invoice.status === "draft")
      Object.assign(invoice, { auto_advance: false, next_payment_attempt: null, automatically_finalizes_at: null });
  world.state.notes.set(subscription.id, { pending: null });
  endSchedule(world, subscription, reason === "payment_failed" ? "aborted" : "canceled");
  emit(world, "customer.subscription.deleted", subscription);
}

/** When a subscription is to end by itself, epoch seconds. */
export function cancelAt(subscription: Subscription): number | null {
  if (subscription.cancel_at_period_end) return paidUntil(subscription);
  return subscription.cancel_at;
}
