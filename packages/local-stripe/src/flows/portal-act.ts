import type { Card } from "../card.ts";
import { emit, inOrder, update } from "../event.ts";
import { later } from "../interval.ts";
import type { Customer } from "../objects/customer.ts";
import type { PaymentMethod } from "../objects/payment-method.ts";
import type { PortalConfiguration } from "../objects/portal.ts";
import type { Price } from "../objects/price.ts";
import type { Subscription } from "../objects/subscription.ts";
import { timeOf, type World } from "../world.ts";
import { attachPaymentMethod, cardBehind, detachPaymentMethod, savePaymentMethod } from "./payment-method.ts";
import { makePhase, phaseItem, scheduleFrom, scheduleOf } from "./schedule.ts";
import { releaseSchedule } from "./schedule-phase.ts";
import { recordSetup } from "./setup-intent.ts";
import { isLive } from "./subscription.ts";
import { endSubscription } from "./subscription-end.ts";
import { updateSubscription } from "./subscription-update.ts";

/** What customers do in the portal, as it shows in the account's objects and events. */

/** Save a card and make it the one that is charged: for the customer, and for each subscription that had one of its own. */
export function addCard(
  world: World,
  customer: Customer,
  card: Card,
  typed: { name: string | null; expiry: { month: number; year: number } },
): { method: PaymentMethod; asks: boolean } {
  const method = savePaymentMethod(world, card, { ...typed, email: customer.email, at: timeOf(world, customer.test_clock) });
  const asks = card.authenticates !== undefined;
  if (!asks) keepCard(world, customer, method);
  return { method, asks };
}

/** The card's holder agreed to its being saved. */
export function keepCard(world: World, customer: Customer, method: PaymentMethod): void {
  attachPaymentMethod(world, method, customer.id);
  if (cardBehind(world, method).authenticates) world.state.cards.get(method.id)!.setUp = true;
  recordSetup(world, customer, method.id);
  makeDefault(world, customer, method);
}

/** Charge this card from now on. */
export function makeDefault(world: World, customer: Customer, method: PaymentMethod): void {
  update(world, "customer.updated", customer, () => {
    customer.invoice_settings.default_payment_method = method.id;
  });
  for (const subscription of world.state.subscriptions.values())
    if (subscription.customer === customer.id && isLive(subscription) && subscription.default_payment_method)
      update(world, "customer.subscription.updated", subscription, () => {
        subscription.default_payment_method = method.id;
      });
}

/** Take a card off the account; one that is charged stays. */
export function removeCard(world: World, customer: Customer, method: PaymentMethod): boolean {
  const charged = [...world.state.subscriptions.values()].some(
    (row) => row.customer === customer.id && isLive(row) && row.default_payment_method === method.id,
  );
  if (charged || method.customer !== customer.id) return false;
  detachPaymentMethod(world, method);
  return true;
}

/** Cancel as the configuration says. A pending change of plan is dropped when the cancellation is confirmed, without a word. */
export function cancelInPortal(
  world: World,
  configuration: PortalConfiguration,
  subscription: Subscription,
  feedback: string | null,
): void {
  const schedule = scheduleOf(world, subscription);
  if (schedule) {
    const released = schedule.subscription;
    releaseSchedule(world, schedule);
    schedule.released_subscription = null;
    cancel(world, configuration, subscription);
    update(world, "subscription_schedule.updated", schedule, () => {
      schedule.released_subscription = released;
    });
  } else cancel(world, configuration, subscription);
  if (schedule || feedback)
    update(world, "customer.subscription.updated", subscription, () => {
      subscription.cancellation_details.feedback = feedback ?? "other";
    });
}

/** Take a cancellation back. */
export function renewInPortal(world: World, subscription: Subscription): void {
  updateSubscription(world, subscription, { cancel_at_period_end: false });
}

/**
 * Switch to another price. Where the configuration says so, a cheaper one comes at the end of the period, by a schedule of two
 * phases; any other comes at once, when it is paid.
 */
export function switchPlan(
  world: World,
  configuration: PortalConfiguration,
  subscription: Subscription,
  price: Price,
): "now" | "later" | "unpaid" {
  const rules = configuration.features.subscription_update;
  const item = subscription.items.data[0]!;
  const cheaper =
    price.unit_amount < item.price.unit_amount &&
    rules.schedule_at_period_end.conditions.some(({ type }) => type === "decreasing_item_amount");
  const schedule = scheduleOf(world, subscription);
  if (schedule) releaseSchedule(world, schedule);
  if (cheaper) {
    scheduleSwitch(world, subscription, price);
    return "later";
  }
  inOrder(
    world,
    ["invoice.created", "invoice.finalized", "invoice.paid", "invoice.payment_succeeded", "customer.subscription.updated"],
    () =>
      updateSubscription(world, subscription, {
        items: [{ id: item.id, price: price.id }],
        proration_behavior: rules.proration_behavior,
        ...(rules.proration_behavior === "always_invoice" ? { payment_behavior: "pending_if_incomplete" as const } : {}),
      }),
  );
  return subscription.pending_update ? "unpaid" : "now";
}

function scheduleSwitch(world: World, subscription: Subscription, price: Price): void {
  const schedule = scheduleFrom(world, subscription);
  const [running] = schedule.phases;
  world.state.schedules.set(schedule.id, schedule);
  emit(world, "subscription_schedule.created", schedule);
  update(world, "customer.subscription.updated", subscription, () => {
    subscription.schedule = schedule.id;
  });
  const dates = { start_date: running!.end_date, end_date: later(running!.end_date, price.recurring!) };
  update(world, "subscription_schedule.updated", schedule, () => {
    const { quantity } = subscription.items.data[0]!;
    schedule.phases.push(makePhase(subscription.currency, dates, [phaseItem({ price, quantity, metadata: {} })], "none"));
  });
}

function cancel(world: World, { features }: PortalConfiguration, subscription: Subscription): void {
  if (features.subscription_cancel.mode === "at_period_end")
    updateSubscription(world, subscription, { cancel_at_period_end: true });
  else
    endSubscription(world, subscription, {
      prorate: features.subscription_cancel.proration_behavior !== "none",
      invoiceNow: features.subscription_cancel.proration_behavior === "always_invoice",
    });
}
