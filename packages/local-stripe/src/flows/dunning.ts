import type { Invoice } from "../objects/invoice.ts";
import type { Subscription } from "../objects/subscription.ts";
import { timeOf, type World } from "../world.ts";

const daySeconds = 86_400;

/**
 * Set when an unpaid bill is tried again. Days are counted from the first failure. Only bills of a running period are tried
 * again: a first bill has 23 hours, the bill of a pending update as long as the update waits.
 */
export function scheduleRetry(world: World, invoice: Invoice, subscription: Subscription | undefined, retried: boolean): void {
  const { collections, settings } = world.state;
  const now = timeOf(world, invoice.test_clock);
  const waits = world.state.notes.get(subscription?.id ?? "")?.pending?.invoice === invoice.id;
  if (!subscription || waits || invoice.billing_reason === "subscription_create" || !invoice.auto_advance) {
    invoice.next_payment_attempt = null;
    return;
  }
  const record = collections.get(invoice.id) ?? { firstFailedAt: now, retries: 0 };
  if (retried) record.retries += 1;
  collections.set(invoice.id, record);
  const day = settings.dunning.offsetDays[record.retries];
  invoice.next_payment_attempt = day === undefined ? null : record.firstFailedAt + Math.round(day * daySeconds);
}

/** Whether every scheduled attempt at an invoice has been made. */
export function isExhausted(world: World, invoice: Invoice): boolean {
  const record = world.state.collections.get(invoice.id);
  return record !== undefined && record.retries >= world.state.settings.dunning.offsetDays.length;
}
