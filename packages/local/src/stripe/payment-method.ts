import type Stripe from "stripe";
import type { Api } from "./api.ts";
import { type Card, cardOf, cardOfToken, declines } from "./card.ts";
import { type Address, getCustomer } from "./customer.ts";
import { invalid, missing, Refusal } from "./errors.ts";
import { emit, update } from "./event.ts";
import { page } from "./list.ts";
import { type Metadata, mergeMetadata } from "./metadata.ts";
import { mint, timeOf, type World } from "./world.ts";

/** A saved way to pay. What the card really does is in its CardRecord, which no answer shows. */
export interface PaymentMethod {
  id: string;
  object: "payment_method";
  allow_redisplay: "unspecified" | "always" | "limited";
  billing_details: { address: Address; email: string | null; name: string | null; phone: string | null; tax_id: null };
  card: ReturnType<typeof wireCard>;
  created: number;
  customer: string | null;
  customer_account: null;
  livemode: false;
  metadata: Metadata;
  type: "card";
}

/** The card behind a payment method, and whether its holder has authenticated it for later use. */
export interface CardRecord {
  number: string;
  setUp: boolean;
}

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

export function paymentMethodRoutes({ on, world }: Api): void {
  on<Stripe.PaymentMethodCreateParams>("post", "/v1/payment_methods", ({ input }) => {
    const { number, token, exp_month, exp_year } = (input.card ?? {}) as {
      number?: string;
      token?: string;
      exp_month?: number;
      exp_year?: number;
    };
    const card = token ? cardOfToken(token) : cardOf(number ?? "");
    if (!card)
      throw new Refusal(402, {
        type: "card_error",
        code: "incorrect_number",
        message: "Your card number is incorrect.",
        param: "number",
      });
    return savePaymentMethod(world, card, {
      name: input.billing_details?.name || null,
      ...(exp_month && exp_year ? { expiry: { month: exp_month, year: exp_year } } : {}),
    });
  });

  on<Stripe.PaymentMethodListParams>("get", "/v1/payment_methods", ({ input }) =>
    methodsOf(world, "/v1/payment_methods", input.customer ?? null, input),
  );

  on<Stripe.CustomerListPaymentMethodsParams>("get", "/v1/customers/{id}/payment_methods", ({ params, input }) => {
    getCustomer(world, params.id!);
    return methodsOf(world, `/v1/customers/${params.id}/payment_methods`, params.id!, input);
  });

  on("get", "/v1/customers/{customer}/payment_methods/{id}", ({ params }) => {
    const method = getPaymentMethod(world, params.id!);
    if (method.customer !== params.customer) throw missing("PaymentMethod", method.id);
    return method;
  });

  on("get", "/v1/payment_methods/{id}", ({ params }) => getPaymentMethod(world, params.id!));

  on<Stripe.PaymentMethodUpdateParams>("post", "/v1/payment_methods/{id}", ({ params, input }) => {
    const method = getPaymentMethod(world, params.id!);
    if (!method.customer) throw invalid("You must save this PaymentMethod to a customer before you can update it.");
    update(world, "payment_method.updated", method, () => {
      method.metadata = mergeMetadata(method.metadata, input.metadata);
      if (input.billing_details?.name !== undefined) method.billing_details.name = input.billing_details.name || null;
      if (input.card?.exp_month !== undefined) method.card.exp_month = input.card.exp_month;
      if (input.card?.exp_year !== undefined) method.card.exp_year = input.card.exp_year;
    });
    return method;
  });

  on<Stripe.PaymentMethodAttachParams>("post", "/v1/payment_methods/{id}/attach", ({ params, input }) => {
    const known = cardOfToken(params.id!);
    const method = known ? savePaymentMethod(world, known, {}) : getPaymentMethod(world, params.id!);
    attachPaymentMethod(world, method, input.customer!);
    return method;
  });

  on("post", "/v1/payment_methods/{id}/detach", ({ params }) => {
    const method = getPaymentMethod(world, params.id!);
    if (!method.customer)
      throw invalid("The payment method you provided is not attached to a customer so detachment is impossible.");
    detachPaymentMethod(world, method);
    return method;
  });
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

function methodsOf(world: World, url: string, customer: string | null, input: object) {
  const rows = [...world.state.paymentMethods.values()].filter((method) => customer !== null && method.customer === customer);
  return page(world, url, rows, { ...input, customer: undefined }, "PaymentMethod", { type: (method) => method.type });
}

function wireCard(card: Card, expiry: { month: number; year: number }) {
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
