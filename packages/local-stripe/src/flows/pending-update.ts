import { emit, update } from "../event.ts";
import type { Item, PendingChange, Subscription } from "../objects/subscription.ts";
import { timeOf, type World } from "../world.ts";
import { mirrorItem } from "./subscription.ts";
import { voidInvoice } from "./void-invoice.ts";

/** An update that is not paid within this time is given up. */
const pendingSeconds = 23 * 60 * 60;

/** Give a subscription the items of a change. */
export function applyItems(subscription: Subscription, items: Item[], restartsAt: number | null): void {
  subscription.items.data = items;
  if (restartsAt !== null) subscription.billing_cycle_anchor = restartsAt;
  mirrorItem(subscription);
}

/** Show a change as pending: its bill was not paid at once. */
export function holdPending(world: World, subscription: Subscription, change: PendingChange): void {
  update(world, "customer.subscription.updated", subscription, () => {
    subscription.latest_invoice = change.invoice;
    subscription.pending_update = {
      billing_cycle_anchor: change.restartsAt,
      cancel_at_period_end: null,
      discount: null,
      discounts: null,
      expires_at: timeOf(world, subscription.test_clock) + pendingSeconds,
      metadata: null,
      subscription_items: change.items,
      trial_end: null,
      trial_from_plan: null,
    };
  });
}

/** The bill of a pending update was paid: the update takes effect. */
export function applyPending(world: World, subscription: Subscription): void {
  const notes = world.state.notes.get(subscription.id)!;
  const change = notes.pending;
  if (!change) return;
  const waited = subscription.pending_update !== null;
  notes.pending = null;
  update(world, "customer.subscription.updated", subscription, () => {
    applyItems(subscription, change.items, change.restartsAt);
    subscription.pending_update = null;
  });
  if (waited) emit(world, "customer.subscription.pending_update_applied", subscription);
}

/** A pending update was not paid in time, or another takes its place: nothing changes, and its bill is taken back. */
export function expirePending(world: World, subscription: Subscription): void {
  const notes = world.state.notes.get(subscription.id)!;
  const invoice = world.state.invoices.get(notes.pending?.invoice ?? "");
  notes.pending = null;
  subscription.pending_update = null;
  emit(world, "customer.subscription.pending_update_expired", subscription);
  if (invoice?.status === "open") voidInvoice(world, invoice);
}
