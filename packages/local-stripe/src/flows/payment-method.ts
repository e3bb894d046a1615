import { type Card, cardOf, cardOfToken, declines } from "../card.ts";
import { invalid, missing, Refusal } from "../errors.ts";
import { emit, update } from "../event.ts";
import type { PaymentMethod, ShownCard } from "../objects/payment-method.ts";
import { mint, timeOf, type World } from "../world.ts";
import { getCustomer } from "./customer.ts";

/** The payment method of an id, or the refusal that fits where the id stood. */
export function getPaymentMethod(world: World, id: string, param = "id"): PaymentMethod {
  const method = world.state.paymentMethods.get(id);
  if (!method) throw missing("PaymentMethod", id, param);
  return method;
}

/** The test card behind a payment method. */
export function cardBehind(world: World, method: PaymentMethod): Card {
  return cardOf(world.state.cards.get(method.id)!.number)!;
}

/** Make a payment method of a test card. */
export function savePaymentMethod(
  world: World,
  card: Card,
  {
    name = null,
    email = null,
    expiry = { month: 12, year: 2040 },
    at = world.state.time,
  }: { name?: string | null; email?: string | null; expiry?: { month: number; year: number }; at?: number },
): PaymentMethod {
  const method: PaymentMethod = {
    id: mint(world, "paymentMethod"),
    object: "payment_method",
    allow_redisplay: "unspecified",
    billing_details: {
      address: { city: null, country: null, line1: null, line2: null, postal_code: null, state: null },
      email,
      name,
      phone: null,
      tax_id: null,
    },
    card: wireCard(card, expiry),
    created: at,
    customer: null,
    customer_account: null,
    livemode: false,
    metadata: {},
    type: "card",
  };
  world.state.paymentMethods.set(method.id, method);
  world.state.cards.set(method.id, { number: card.number, setUp: false });
  return method;
}

/** Save a payment method on a customer. A card that is declined at once cannot be saved. */
export function attachPaymentMethod(world: World, method: PaymentMethod, customerId: string): void {
  const customer = getCustomer(world, customerId, "customer");
  if (method.customer === customer.id) return;
  const card = cardBehind(world, method);
  if (card.declines && !card.attaches) {
    const { code, message } = declines[card.declines];
    throw new Refusal(402, { type: "card_error", code, decline_code: card.declines, message });
  }
  method.customer = customer.id;
  method.created = timeOf(world, customer.test_clock);
  emit(world, "payment_method.attached", method);
}

/** Take a payment method off its customer, and off everything that would have charged it. */
export function detachPaymentMethod(world: World, method: PaymentMethod): void {
  const customer = getCustomer(world, method.customer!);
  const previous = { customer: method.customer };
  method.customer = null;
  emit(world, "payment_method.detached", method, previous);
  if (customer.invoice_settings.default_payment_method === method.id)
    update(world, "customer.updated", customer, () => {
      customer.invoice_settings.default_payment_method = null;
    });
  for (const subscription of world.state.subscriptions.values())
    if (subscription.default_payment_method === method.id && !subscription.ended_at)
      update(world, "customer.subscription.updated", subscription, () => {
        subscription.default_payment_method = null;
      });
}

/** The payment method that a request names: one that exists, or a test one, which is then saved on the customer. */
export function resolvePaymentMethod(world: World, id: string, customer: string, param: string): PaymentMethod {
  const known = cardOfToken(id);
  const method = known ? savePaymentMethod(world, known, {}) : getPaymentMethod(world, id, param);
  if (method.customer !== null && method.customer !== customer)
    throw invalid(
      `The customer does not have a payment method with the ID ${id}. The payment method must be attached to the customer.`,
      { param, code: "resource_missing" },
    );
  if (method.customer === null) {
    if (!known)
      throw invalid(
        `The customer does not have a payment method with the ID ${id}. The payment method must be attached to the customer.`,
        { param, code: "resource_missing" },
      );
    attachPaymentMethod(world, method, customer);
  }
  return method;
}

function wireCard(card: Card, expiry: { month: number; year: number }): ShownCard {
  return {
    brand: card.brand,
    checks: { address_line1_check: null, address_postal_code_check: null, cvc_check: "pass" },
    country: "US",
    display_brand: card.brand,
    exp_month: expiry.month,
    exp_year: expiry.year,
    fingerprint: `fp${card.number.slice(-14)}`,
    funding: "credit",
    generated_from: null,
    last4: card.number.slice(-4),
    networks: { available: [card.brand], preferred: null },
    regulated_status: "unregulated",
    three_d_secure_usage: { supported: true },
    wallet: null,
  };
}
