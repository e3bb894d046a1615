import { hardDeclines } from "../card.ts";
import { invalid } from "../errors.ts";
import { emit, update } from "../event.ts";
import type { Invoice } from "../objects/invoice.ts";
import type { PaymentIntent } from "../objects/payment-intent.ts";
import { timeOf, type World } from "../world.ts";
import { scheduleRetry } from "./dunning.ts";
import { methodFor, subscriptionOf } from "./invoice.ts";
import { paymentOf, tie } from "./invoice-payment.ts";
import { charge as chargeIntent, declineIntent, openIntent } from "./payment-intent.ts";
import { resolvePaymentMethod } from "./payment-method.ts";
import { invoiceFailed, invoicePaid } from "./standing.ts";

export type Outcome = "paid" | "declined" | "action" | "no_method" | "counted" | "draft";

export interface Attempt {
  /** A scheduled retry; it alone adds to a count that has begun. */
  retry?: boolean;
  /** The customer is there and has just authenticated. */
  authenticated?: boolean;
  /** Charge this payment method and no other. */
  method?: string;
}

/**
 * Try to take what an open invoice asks for, and let its subscription, its customer and its next attempt follow from the outcome.
 * A retry after a hard decline of the same card counts, but makes no charge.
 */
export function collect(world: World, invoice: Invoice, attempt: Attempt = {}): Outcome {
  if (invoice.status === "draft") return "draft";
  if (invoice.amount_due === 0) {
    markPaid(world, invoice, { counted: false });
    return "paid";
  }
  const customer = world.state.customers.get(invoice.customer)!;
  const method = attempt.method ?? methodFor(world, invoice);
  if (method === null) {
    failed(world, invoice, attempt, true);
    return "no_method";
  }
  const intent = intentFor(world, invoice);
  if (attempt.retry && isHopeless(intent, method)) {
    count(world, invoice, attempt, true);
    return "counted";
  }
  const said = chargeIntent(world, customer, intent, method, attempt.authenticated ?? false);
  if (said.kind === "ok") {
    markPaid(world, invoice, { counted: true, retry: attempt.retry ?? false });
    return "paid";
  }
  failed(world, invoice, attempt, said.kind === "declined", said.kind === "action");
  return said.kind;
}

/** Confirm an intent by hand: pay the invoice behind it with this payment method or the one it has. */
export function confirmInvoicePayment(world: World, intent: PaymentIntent, method: string | undefined): void {
  const payment = [...world.state.invoicePayments.values()].find((row) => row.payment.payment_intent === intent.id);
  const invoice = payment && world.state.invoices.get(payment.invoice);
  if (!invoice) throw invalid("This PaymentIntent belongs to a Checkout Session and is confirmed on its page.");
  const chosen = method
    ? resolvePaymentMethod(world, method, intent.customer, "payment_method").id
    : (intent.payment_method ?? methodFor(world, invoice));
  if (!chosen)
    throw invalid("You cannot confirm this PaymentIntent because it's missing a payment method.", {
      code: "payment_intent_unexpected_state",
    });
  collect(world, invoice, { method: chosen });
}

/** The intent that is to pay an invoice, opened if there is none yet. */
export function intentFor(world: World, invoice: Invoice): PaymentIntent {
  const tied = paymentOf(world, invoice.id);
  if (tied) return world.state.paymentIntents.get(tied.payment.payment_intent)!;
  const customer = world.state.customers.get(invoice.customer)!;
  const description = invoice.billing_reason === "subscription_create" ? "Subscription creation" : "Subscription update";
  const intent = openIntent(world, customer, { amount: invoice.amount_due, currency: invoice.currency, description });
  tie(world, invoice, intent);
  return intent;
}

/** Set an invoice paid, by its intent, by nothing being due, or outside Stripe. */
export function markPaid(
  world: World,
  invoice: Invoice,
  { counted, retry = false, outside = false }: { counted: boolean; retry?: boolean; outside?: boolean },
): void {
  const at = timeOf(world, invoice.test_clock);
  update(world, "invoice.updated", invoice, () => {
    invoice.status = "paid";
    invoice.attempted = true;
    if (counted && (invoice.attempt_count === 0 || retry)) invoice.attempt_count += 1;
    invoice.amount_paid = invoice.amount_due;
    invoice.amount_remaining = 0;
    invoice.auto_advance = false;
    invoice.next_payment_attempt = null;
    invoice.status_transitions.paid_at = at;
  });
  const payment = paymentOf(world, invoice.id);
  emit(world, "invoice.paid", invoice);
  if (!outside) emit(world, "invoice.payment_succeeded", invoice);
  invoicePaid(world, invoice);
  if (!payment) return;
  if (outside) Object.assign(payment, { status: "canceled", status_transitions: { canceled_at: at, paid_at: null } });
  else {
    Object.assign(payment, {
      status: "paid",
      amount_paid: invoice.amount_paid,
      status_transitions: { canceled_at: null, paid_at: at },
    });
    emit(world, "invoice_payment.paid", payment);
  }
}

/** Refuse an authentication that was asked for: the bank says no to the charge. */
export function failAuthentication(world: World, invoice: Invoice, intent: PaymentIntent): void {
  const customer = world.state.customers.get(invoice.customer)!;
  const method = world.state.paymentMethods.get(intent.payment_method ?? "");
  if (method) declineIntent(world, customer, intent, method, "authentication_required");
  failed(world, invoice, {}, true);
}

function failed(world: World, invoice: Invoice, attempt: Attempt, declined: boolean, action = false): void {
  // A first bill that only waits for its holder has not been attempted in the sense of the count.
  count(world, invoice, attempt, declined || invoice.billing_reason === "subscription_cycle");
  if (action) emit(world, "invoice.payment_action_required", invoice);
  if (declined || invoice.billing_reason !== "subscription_create") emit(world, "invoice.payment_failed", invoice);
  invoiceFailed(world, invoice);
}

function count(world: World, invoice: Invoice, attempt: Attempt, counts: boolean): void {
  update(world, "invoice.updated", invoice, () => {
    invoice.attempted = true;
    if (counts && (invoice.attempt_count === 0 || attempt.retry)) invoice.attempt_count += 1;
    scheduleRetry(world, invoice, subscriptionOf(world, invoice), attempt.retry ?? false);
  });
}

function isHopeless(intent: PaymentIntent, method: string): boolean {
  if (intent.status === "requires_action") return intent.payment_method === method;
  const error = intent.last_payment_error;
  return error !== null && error.payment_method.id === method && hardDeclines.has(error.decline_code);
}
