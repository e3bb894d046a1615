import type Stripe from "stripe";
import type { Api } from "./api.ts";
import type { Card } from "./card.ts";
import { declines } from "./card.ts";
import { blankSession, type CheckoutSession } from "./checkout-session.ts";
import { markPaid } from "./collect.ts";
import { type Customer, getCustomer } from "./customer.ts";
import { invalid, missing } from "./errors.ts";
import { emit, inOrder, update } from "./event.ts";
import { tie } from "./invoice-payment.ts";
import { page, whole } from "./list.ts";
import { type Metadata, mergeMetadata } from "./metadata.ts";
import { charge, openIntent, type PaymentIntent } from "./payment-intent.ts";
import { savePaymentMethod } from "./payment-method.ts";
import { getPrice, type Price } from "./price.ts";
import { onlySimulated } from "./simulated.ts";
import { startSubscription } from "./subscription.ts";
import { firstInvoice, lockCurrency } from "./subscription-create.ts";
import { mint, timeOf, type World } from "./world.ts";

/** A line that a checkout page sells. */
export interface CheckoutItem {
  id: string;
  object: "item";
  adjustable_quantity: null;
  amount_discount: number;
  amount_subtotal: number;
  amount_tax: number;
  amount_total: number;
  currency: string;
  description: string;
  metadata: Metadata;
  price: Price;
  quantity: number;
}

/** A session with what its answers do not show. The intent is the one of attempts made so far; the method is the card last typed. */
export interface CheckoutRecord {
  session: CheckoutSession;
  items: CheckoutItem[];
  subscriptionMetadata: Metadata;
  intent: string | null;
  method: string | null;
}

export type CheckoutOutcome =
  | { kind: "complete" }
  | { kind: "action" }
  | { kind: "declined"; message: string }
  | { kind: "closed" };

// Locale, addresses and the like change how the real page looks and nothing that a program sees.
const simulated = [
  "mode",
  "customer",
  "client_reference_id",
  "line_items",
  "success_url",
  "cancel_url",
  "expires_at",
  "metadata",
  "subscription_data",
  "allow_promotion_codes",
  "billing_address_collection",
  "customer_update",
  "locale",
  "ui_mode",
  "payment_method_collection",
];

const shortestSeconds = 30 * 60;
const longestSeconds = 24 * 60 * 60;

// The subscription becomes active before it is first told of, and its bill is paid at once.
export const quiet = ["invoice.updated", "customer.subscription.updated"];

const completionOrder = [
  "payment_method.attached",
  "checkout.session.completed",
  "customer.updated",
  "customer.subscription.created",
  "payment_intent.succeeded",
  "payment_intent.created",
  "invoice.created",
  "invoice.finalized",
  "invoice.paid",
  "invoice.payment_succeeded",
  "invoice_payment.paid",
];

/** The checkout of an id, or the refusal that fits. */
export function getCheckout(world: World, id: string): CheckoutRecord {
  const record = world.state.checkouts.get(id);
  if (!record) throw missing("checkout.session", id);
  return record;
}

export function checkoutRoutes({ on, world }: Api): void {
  on<Stripe.Checkout.SessionCreateParams>("post", "/v1/checkout/sessions", ({ input }) => createCheckout(world, input).session);

  on<Stripe.Checkout.SessionListParams>("get", "/v1/checkout/sessions", ({ input }) => {
    const rows = [...world.state.checkouts.values()].map(({ session }) => session);
    return page(world, "/v1/checkout/sessions", rows, input, "checkout.session", {
      customer: (session) => session.customer,
      status: (session) => session.status,
      subscription: (session) => session.subscription,
    });
  });

  on("get", "/v1/checkout/sessions/{id}", ({ params }) => getCheckout(world, params.id!).session);

  on("get", "/v1/checkout/sessions/{id}/line_items", ({ params }) => {
    const { items } = getCheckout(world, params.id!);
    const { total_count: _, ...list } = whole(`/v1/checkout/sessions/${params.id}/line_items`, items);
    return list;
  });

  on<Stripe.Checkout.SessionUpdateParams>("post", "/v1/checkout/sessions/{id}", ({ params, input }) => {
    const { session } = getCheckout(world, params.id!);
    session.metadata = mergeMetadata(session.metadata, input.metadata);
    return session;
  });

  on("post", "/v1/checkout/sessions/{id}/expire", ({ params }) => {
    const { session } = getCheckout(world, params.id!);
    if (session.status !== "open")
      throw invalid(
        `Only Checkout Sessions with a status in ["open"] can be expired. This Session has a status of ${session.status}.`,
      );
    expireCheckout(world, session);
    return session;
  });
}

function createCheckout(world: World, input: Stripe.Checkout.SessionCreateParams): CheckoutRecord {
  onlySimulated(input, simulated, "on its checkout page");
  onlySimulated(input.subscription_data ?? {}, ["metadata", "description"], "in what a checkout begins");
  if (input.mode !== "subscription")
    throw invalid("This account only sells subscriptions: set `mode` to `subscription`.", { param: "mode" });
  if (!input.success_url)
    throw invalid("You must specify `success_url` for a hosted page.", { param: "success_url", code: "parameter_missing" });
  if (!input.customer)
    throw invalid("This account makes its customers before their checkout: set `customer`.", {
      param: "customer",
      code: "parameter_missing",
    });
  const customer = getCustomer(world, input.customer, "customer");
  const items = (input.line_items ?? []).map((line, index) => checkoutItem(world, line, index));
  const [first] = items;
  if (!first) throw invalid("Missing required param: line_items.", { param: "line_items", code: "parameter_missing" });
  lockCurrency(customer, first.currency);
  const now = timeOf(world, customer.test_clock);
  const expiresAt = input.expires_at ?? now + longestSeconds;
  if (expiresAt < now + shortestSeconds)
    throw invalid("The `expires_at` timestamp must be at least 30 minutes from Checkout Session creation.", {
      param: "expires_at",
    });
  if (expiresAt > now + longestSeconds)
    throw invalid("The `expires_at` timestamp must be less than 24 hours from Checkout Session creation.", {
      param: "expires_at",
    });
  const session = blankSession(mint(world, "checkout"), customer, {
    now,
    expiresAt,
    baseUrl: world.baseUrl,
    currency: first.currency,
    amount: items.reduce((sum, item) => sum + item.amount_total, 0),
  });
  session.success_url = input.success_url;
  session.cancel_url = input.cancel_url ?? null;
  session.client_reference_id = input.client_reference_id ?? null;
  session.allow_promotion_codes = input.allow_promotion_codes ?? null;
  session.metadata = mergeMetadata({}, input.metadata);
  const record = {
    session,
    items,
    subscriptionMetadata: mergeMetadata({}, input.subscription_data?.metadata),
    intent: null,
    method: null,
  };
  world.state.checkouts.set(session.id, record);
  return record;
}

/** Close a session that nobody paid. */
export function expireCheckout(world: World, session: CheckoutSession): void {
  session.status = "expired";
  session.url = null;
  emit(world, "checkout.session.expired", session);
}

/** Pay a checkout with a card typed on its page. Nothing but the attempt is on record unless it succeeds. */
export function payCheckout(
  world: World,
  record: CheckoutRecord,
  card: Card,
  typed: { name: string | null; expiry: { month: number; year: number } },
): CheckoutOutcome {
  const customer = world.state.customers.get(record.session.customer);
  if (record.session.status !== "open" || !customer) return { kind: "closed" };
  const method = savePaymentMethod(world, card, { ...typed, email: customer.email, at: timeOf(world, customer.test_clock) });
  record.method = method.id;
  return attempt(world, record, customer, false);
}

/** What the card's bank answered to its holder: it is paid, or declined. */
export function authenticateCheckout(world: World, record: CheckoutRecord, approved: boolean): CheckoutOutcome {
  const customer = world.state.customers.get(record.session.customer);
  if (record.session.status !== "open" || !customer || !record.method) return { kind: "closed" };
  if (approved) return attempt(world, record, customer, true);
  const intent = world.state.paymentIntents.get(record.intent ?? "");
  if (intent) Object.assign(intent, { status: "requires_payment_method", next_action: null });
  if (intent) emit(world, "payment_intent.payment_failed", intent);
  return {
    kind: "declined",
    message: "We are unable to authenticate your payment method. Please choose a different payment method and try again.",
  };
}

function attempt(world: World, record: CheckoutRecord, customer: Customer, authenticated: boolean): CheckoutOutcome {
  return inOrder(
    world,
    ["charge.failed", "payment_intent.payment_failed", "charge.succeeded", ...completionOrder],
    (): CheckoutOutcome => {
      const intent = intentOf(world, record, customer);
      const said = charge(world, customer, intent, record.method!, authenticated);
      if (said.kind === "action") return said;
      if (said.kind === "declined") return { kind: "declined", message: declines[said.code].message };
      complete(world, record, customer, intent);
      return { kind: "complete" };
    },
    quiet,
  );
}

function intentOf(world: World, record: CheckoutRecord, customer: Customer): PaymentIntent {
  const existing = world.state.paymentIntents.get(record.intent ?? "");
  if (existing) return existing;
  const intent = openIntent(world, customer, {
    amount: record.session.amount_total,
    currency: record.session.currency,
    description: "Subscription creation",
  });
  record.intent = intent.id;
  return intent;
}

/** The money is there: only now is there a subscription and a bill. */
function complete(world: World, record: CheckoutRecord, customer: Customer, intent: PaymentIntent): void {
  const { session } = record;
  const method = world.state.paymentMethods.get(record.method!)!;
  method.customer = customer.id;
  emit(world, "payment_method.attached", method);
  update(world, "customer.updated", customer, () => {
    customer.currency ??= session.currency;
    customer.name ??= method.billing_details.name;
  });
  const subscription = startSubscription(world, {
    customer,
    items: record.items,
    metadata: record.subscriptionMetadata,
    defaultMethod: method.id,
  });
  const invoice = firstInvoice(world, customer, subscription);
  tie(world, invoice, intent);
  markPaid(world, invoice, { counted: true });
  emit(world, "customer.subscription.created", subscription);
  Object.assign(session, {
    status: "complete",
    payment_status: "paid",
    url: null,
    subscription: subscription.id,
    invoice: invoice.id,
    customer_details: { ...session.customer_details, name: method.billing_details.name },
  });
  emit(world, "checkout.session.completed", session);
}

function checkoutItem(world: World, line: Stripe.Checkout.SessionCreateParams.LineItem, index: number): CheckoutItem {
  const param = `line_items[${index}][price]`;
  if (!line.price) throw invalid("This account sells by price: set `price`.", { param, code: "parameter_missing" });
  const price = getPrice(world, line.price, param);
  if (!price.active) throw invalid("The price specified is inactive. This field only accepts active prices.", { param });
  if (!price.recurring)
    throw invalid("You must provide at least one recurring price in `subscription` mode when using prices.", { param });
  const quantity = line.quantity ?? 1;
  const amount = price.unit_amount * quantity;
  return {
    id: mint(world, "checkoutItem"),
    object: "item",
    adjustable_quantity: null,
    amount_discount: 0,
    amount_subtotal: amount,
    amount_tax: 0,
    amount_total: amount,
    currency: price.currency,
    description: world.state.products.get(price.product)!.name,
    metadata: {},
    price: structuredClone(price),
    quantity,
  };
}
