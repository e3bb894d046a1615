import { invalid } from "../errors.ts";
import { emit, update } from "../event.ts";
import type { Invoice } from "../objects/invoice.ts";
import type { Subscription } from "../objects/subscription.ts";
import { timeOf, type World } from "../world.ts";
import { cancelNow } from "./cancel.ts";
import { isExhausted } from "./dunning.ts";
import { invoicesOf, subscriptionOf } from "./invoice.ts";
import { applyPending } from "./pending-update.ts";

/** Stop expecting money for a bill. If it was the latest, its subscription is in good standing again. */
export function setUncollectible(world: World, invoice: Invoice): void {
  if (invoice.status !== "open")
    throw invalid(`You can only mark an open invoice as uncollectible; this one is ${invoice.status}.`);
  const subscription = subscriptionOf(world, invoice);
  const latest = subscription && latestFinal(world, subscription)?.id === invoice.id;
  update(world, "invoice.updated", invoice, () => {
    invoice.status = "uncollectible";
    invoice.auto_advance = false;
    invoice.next_payment_attempt = null;
    invoice.status_transitions.marked_uncollectible_at = timeOf(world, invoice.test_clock);
  });
  emit(world, "invoice.marked_uncollectible", invoice);
  if (subscription && latest) settleIfLatest(world, subscription, invoice);
}

/** A bill was paid: what waited for it happens, and its subscription is in good standing if it was the latest. */
export function invoicePaid(world: World, invoice: Invoice): void {
  const subscription = subscriptionOf(world, invoice);
  if (subscription) {
    if (world.state.notes.get(subscription.id)?.pending?.invoice === invoice.id) applyPending(world, subscription);
    settleIfLatest(world, subscription, invoice);
  }
  setDelinquent(world, invoice.customer, false);
}

/** A subscription whose latest final bill is settled is active again; a first bill makes it active. */
function settleIfLatest(world: World, subscription: Subscription, invoice: Invoice): void {
  const owes = subscription.status === "past_due" || subscription.status === "unpaid";
  const begins = subscription.status === "incomplete" && invoice.billing_reason === "subscription_create";
  if (begins || (owes && latestFinal(world, subscription)?.id === invoice.id))
    update(world, "customer.subscription.updated", subscription, () => {
      subscription.status = "active";
    });
}

/** An attempt at a bill failed: a running subscription is past due at once, and meets its end when all attempts are used up. */
export function invoiceFailed(world: World, invoice: Invoice): void {
  const subscription = subscriptionOf(world, invoice);
  if (!subscription || invoice.billing_reason === "subscription_create") return;
  if (world.state.notes.get(subscription.id)?.pending?.invoice === invoice.id) return;
  const judged = !isOvertaken(world, subscription, invoice);
  if (judged && (subscription.status === "active" || subscription.status === "trialing"))
    update(world, "customer.subscription.updated", subscription, () => {
      subscription.status = "past_due";
    });
  setDelinquent(world, invoice.customer, true);
}

/** What becomes of a subscription whose bill was tried for the last time in vain. */
export function endDunning(world: World, invoice: Invoice): void {
  const subscription = subscriptionOf(world, invoice);
  if (subscription?.status !== "past_due" || invoice.status !== "open" || !isExhausted(world, invoice)) return;
  if (isOvertaken(world, subscription, invoice)) return;
  const { final } = world.state.settings.dunning;
  if (final === "unpaid")
    update(world, "customer.subscription.updated", subscription, () => {
      subscription.status = "unpaid";
    });
  if (final === "cancel") {
    invoice.auto_advance = false;
    cancelNow(world, subscription, "payment_failed");
  }
}

/** The newest of a subscription's bills that became final and was not voided. */
function latestFinal(world: World, subscription: Subscription): Invoice | undefined {
  return invoicesOf(world, subscription.id).findLast((invoice) => invoice.status !== "void" && invoice.status !== "draft");
}

/** A subscription is judged by its latest bill: what becomes of an older one, when a later one is settled, says nothing of it. */
function isOvertaken(world: World, subscription: Subscription, invoice: Invoice): boolean {
  const latest = latestFinal(world, subscription);
  return latest !== undefined && latest.id !== invoice.id && (latest.status === "paid" || latest.status === "uncollectible");
}

function setDelinquent(world: World, id: string, delinquent: boolean): void {
  const customer = world.state.customers.get(id);
  if (customer && customer.delinquent !== delinquent)
    update(world, "customer.updated", customer, () => {
      customer.delinquent = delinquent;
    });
}
