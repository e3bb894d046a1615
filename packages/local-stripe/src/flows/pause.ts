import { emit } from "../event.ts";
import { periodEnd } from "../interval.ts";
import type { Subscription } from "../objects/subscription.ts";
import { timeOf, type World } from "../world.ts";
import { collect } from "./collect.ts";
import { getCustomer } from "./customer.ts";
import { draftInvoice, finalizeInvoice } from "./invoice.ts";
import { recordPortions, takePendingItems } from "./invoice-item.ts";
import { periodLine } from "./line.ts";
import { refundPortions } from "./proration.ts";

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
