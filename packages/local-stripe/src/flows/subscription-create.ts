import type Stripe from "stripe";
import { declines } from "../card.ts";
import { invalid, Refusal } from "../errors.ts";
import { emit, update } from "../event.ts";
import { mergeMetadata } from "../metadata.ts";
import type { Customer } from "../objects/customer.ts";
import type { Invoice } from "../objects/invoice.ts";
import type { Price } from "../objects/price.ts";
import type { Subscription } from "../objects/subscription.ts";
import { onlySimulated } from "../simulated.ts";
import { timeOf, type World } from "../world.ts";
import { verdict } from "./charge.ts";
import { roomOnClock } from "./clock-limits.ts";
import { collect, intentFor } from "./collect.ts";
import { getCustomer } from "./customer.ts";
import { draftInvoice, finalizeInvoice, invoicesOf } from "./invoice.ts";
import { periodLine } from "./line.ts";
import { getPaymentMethod, resolvePaymentMethod } from "./payment-method.ts";
import { getPrice } from "./price.ts";
import { startSubscription } from "./subscription.ts";
import { voidInvoice } from "./void-invoice.ts";

// The subscription becomes active before it is first told of, and its bill is paid at once.
export const quiet = ["invoice.updated", "customer.subscription.updated"];

const simulated = [
  "customer",
  "items",
  "metadata",
  "description",
  "default_payment_method",
  "payment_behavior",
  "cancel_at_period_end",
  "collection_method",
  "off_session",
  "currency",
  "proration_behavior",
  "payment_settings",
  "billing_mode",
];

export function createSubscription(world: World, input: Stripe.SubscriptionCreateParams): Subscription {
  onlySimulated(input, simulated, "when it makes a subscription");
  const customer = getCustomer(world, input.customer!, "customer");
  const behavior = input.payment_behavior ?? "allow_incomplete";
  if (behavior === "pending_if_incomplete")
    throw invalid("Setting `payment_behavior` to `pending_if_incomplete` has no effect when creating a subscription.", {
      param: "payment_behavior",
    });
  roomOnClock(world, customer.test_clock, customer.id);
  const items = pricedItems(world, input.items ?? []);
  lockCurrency(customer, items[0]!.price.currency);
  const method = input.default_payment_method
    ? resolvePaymentMethod(world, input.default_payment_method, customer.id, "default_payment_method").id
    : null;
  const charged = method ?? customer.invoice_settings.default_payment_method;
  if (behavior !== "default_incomplete" && charged === null)
    throw invalid(
      "This customer has no attached payment source or default payment method. Please consider adding a default payment method.",
      { code: "resource_missing" },
    );
  if (behavior === "error_if_incomplete") refuseIfUnpayable(world, customer, charged!);
  update(world, "customer.updated", customer, () => {
    customer.currency ??= items[0]!.price.currency;
  });
  const subscription = startSubscription(world, {
    customer,
    items,
    metadata: mergeMetadata({}, input.metadata),
    defaultMethod: method,
  });
  if (input.description) subscription.description = input.description;
  if (input.cancel_at_period_end) subscription.cancel_at_period_end = true;
  const invoice = firstInvoice(world, customer, subscription);
  if (behavior === "default_incomplete") intentFor(world, invoice).status = "requires_confirmation";
  else collect(world, invoice);
  emit(world, "customer.subscription.created", subscription);
  return subscription;
}

/** The prices that a request names, or refusals that name the item. */
export function pricedItems(
  world: World,
  items: Stripe.SubscriptionCreateParams.Item[],
): { price: Price; quantity: number; metadata: Record<string, string> }[] {
  if (items.length === 0) throw invalid("Missing required param: items.", { param: "items", code: "parameter_missing" });
  const found = items.map((item, index) => {
    const price = getPrice(world, item.price ?? "", `items[${index}][price]`);
    if (!price.active)
      throw invalid(`The price specified is inactive. This field only accepts active prices.`, {
        param: `items[${index}][price]`,
      });
    if (!price.recurring)
      throw invalid(
        `The price specified is set to \`type=one_time\` but this field only accepts prices with \`type=recurring\`.`,
        { param: `items[${index}][price]` },
      );
    return { price, quantity: item.quantity ?? 1, metadata: mergeMetadata({}, item.metadata) };
  });
  if (new Set(found.map(({ price }) => price.currency)).size > 1)
    throw invalid("All prices of a subscription must have the same currency.");
  return found;
}

/** Refuse a second currency on one customer. */
export function lockCurrency(customer: Customer, currency: string): void {
  if (customer.currency !== null && customer.currency !== currency)
    throw invalid(
      `You cannot combine currencies on a single customer. This customer has had a subscription or payment in ${customer.currency}, but you are trying to pay in ${currency}.`,
    );
}

/** The first bill, final at once. Its own period is the moment it was made; what was bought is on its lines. */
export function firstInvoice(world: World, customer: Customer, subscription: Subscription): Invoice {
  const now = timeOf(world, customer.test_clock);
  const lines = subscription.items.data.map((item) =>
    periodLine(world, subscription.id, item, world.state.products.get(item.price.product)!.name, {
      start: item.current_period_start,
      end: item.current_period_end,
    }),
  );
  const invoice = draftInvoice(world, {
    customer,
    subscription,
    currency: subscription.currency,
    reason: "subscription_create",
    lines,
    period: { start: now, end: now },
  });
  finalizeInvoice(world, invoice);
  return invoice;
}

/** A first bill that nobody paid for 23 hours: the subscription is over before it began. */
export function expireIncomplete(world: World, subscription: Subscription): void {
  update(world, "customer.subscription.updated", subscription, () => {
    subscription.status = "incomplete_expired";
    subscription.ended_at = timeOf(world, subscription.test_clock);
  });
  for (const invoice of invoicesOf(world, subscription.id)) if (invoice.status === "open") voidInvoice(world, invoice);
}

/** Refuse with 402 what could not be paid at once, before anything is written. */
export function refuseIfUnpayable(world: World, customer: Customer, method: string): void {
  const said = verdict(world, customer.id, getPaymentMethod(world, method), false);
  if (said.kind === "declined") throw new Refusal(402, { type: "card_error", ...declines[said.code], decline_code: said.code });
  if (said.kind === "action")
    throw new Refusal(402, {
      type: "card_error",
      code: "subscription_payment_intent_requires_action",
      message: "Payment for this subscription requires additional user action before it can be completed successfully.",
    });
}
