import { type Card, declines } from "../card.ts";
import { missing } from "../errors.ts";
import { emit, inOrder, update } from "../event.ts";
import type { CheckoutRecord, CheckoutSession } from "../objects/checkout.ts";
import type { Customer } from "../objects/customer.ts";
import type { PaymentIntent } from "../objects/payment-intent.ts";
import { type Due, timeOf, type World } from "../world.ts";
import { markPaid } from "./collect.ts";
import { tie } from "./invoice-payment.ts";
import { charge, openIntent } from "./payment-intent.ts";
import { savePaymentMethod } from "./payment-method.ts";
import { startSubscription } from "./subscription.ts";
import { firstInvoice, quiet } from "./subscription-create.ts";

export type CheckoutOutcome =
  | { kind: "complete" }
  | { kind: "action" }
  | { kind: "declined"; message: string }
  | { kind: "closed" };

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

/** Close a session that nobody paid. */
export function expireCheckout(world: World, session: CheckoutSession): void {
  session.status = "expired";
  session.url = null;
  emit(world, "checkout.session.expired", session);
}

/** A checkout that nobody finishes expires. */
export function* checkoutDues(world: World, clock: string | null): Generator<Due> {
  for (const { session } of world.state.checkouts.values()) {
    const of = world.state.customers.get(session.customer ?? "")?.test_clock ?? null;
    if (session.status === "open" && of === clock) yield { at: session.expires_at, run: () => expireCheckout(world, session) };
  }
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
