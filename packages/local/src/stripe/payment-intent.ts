import type Stripe from "stripe";
import type { Api } from "./api.ts";
import { type DeclineCode, declines } from "./card.ts";
import { recordCharge, type Verdict, verdict } from "./charge.ts";
import { confirmInvoicePayment } from "./collect.ts";
import type { Customer } from "./customer.ts";
import { invalid, missing } from "./errors.ts";
import { emit } from "./event.ts";
import { page } from "./list.ts";
import type { Metadata } from "./metadata.ts";
import { getPaymentMethod, type PaymentMethod } from "./payment-method.ts";
import { search } from "./search.ts";
import { mint, timeOf, type World } from "./world.ts";

/**
 * The wish to be paid an amount: `requires_payment_method` -> `requires_confirmation` -> `requires_action` -> `succeeded`, or
 * `canceled`. A failed charge puts it back to `requires_payment_method` with its `last_payment_error`.
 */
export interface PaymentIntent {
  id: string;
  object: "payment_intent";
  allowed_payment_method_types: null;
  amount: number;
  amount_capturable: number;
  amount_details: { tip: object };
  amount_received: number;
  application: null;
  application_fee_amount: null;
  automatic_payment_methods: null;
  canceled_at: number | null;
  cancellation_reason: "void_invoice" | "abandoned" | null;
  capture_method: "automatic";
  client_secret: string;
  confirmation_method: "automatic";
  created: number;
  currency: string;
  customer: string;
  customer_account: null;
  description: string | null;
  excluded_payment_method_types: null;
  last_payment_error: PaymentError | null;
  latest_charge: string | null;
  livemode: false;
  managed_payments: null;
  metadata: Metadata;
  next_action: { type: "redirect_to_url"; redirect_to_url: { return_url: null; url: string } } | null;
  on_behalf_of: null;
  payment_method: string | null;
  payment_method_configuration_details: null;
  payment_method_options: {
    card: { installments: null; mandate_options: null; network: null; request_three_d_secure: "automatic" };
  };
  payment_method_types: string[];
  payment_record: null;
  processing: null;
  receipt_email: null;
  review: null;
  setup_future_usage: "off_session" | null;
  shipping: null;
  source: null;
  statement_descriptor: null;
  statement_descriptor_suffix: null;
  status: "requires_payment_method" | "requires_confirmation" | "requires_action" | "succeeded" | "canceled";
  transfer_data: null;
  transfer_group: null;
}

export interface PaymentError {
  type: "card_error";
  code: string;
  decline_code: string;
  message: string;
  charge: string;
  payment_method: PaymentMethod;
}

/** The payment intent of an id, or the refusal that fits where the id stood. */
export function getPaymentIntent(world: World, id: string, param = "id"): PaymentIntent {
  const intent = world.state.paymentIntents.get(id);
  if (!intent) throw missing("payment_intent", id, param);
  return intent;
}

export function paymentIntentRoutes({ on, world }: Api): void {
  on<Stripe.PaymentIntentListParams>("get", "/v1/payment_intents", ({ input }) =>
    page(world, "/v1/payment_intents", [...world.state.paymentIntents.values()], input, "payment_intent", {
      customer: (intent) => intent.customer,
    }),
  );
  on<Stripe.PaymentIntentSearchParams>("get", "/v1/payment_intents/search", ({ input }) =>
    search("/v1/payment_intents/search", [...world.state.paymentIntents.values()], input),
  );

  on("get", "/v1/payment_intents/{id}", ({ params }) => getPaymentIntent(world, params.id!));
  on<Stripe.PaymentIntentConfirmParams>("post", "/v1/payment_intents/{id}/confirm", ({ params, input }) => {
    const intent = getPaymentIntent(world, params.id!);
    if (intent.status === "succeeded" || intent.status === "canceled")
      throw invalid(`You cannot confirm this PaymentIntent because it has a status of ${intent.status}.`, {
        code: "payment_intent_unexpected_state",
      });
    confirmInvoicePayment(world, intent, input.payment_method);
    return intent;
  });
}

/** Open a payment intent for an amount. */
export function openIntent(
  world: World,
  customer: Customer,
  { amount, currency, description }: { amount: number; currency: string; description: string | null },
): PaymentIntent {
  const id = mint(world, "paymentIntent");
  const intent: PaymentIntent = {
    id,
    object: "payment_intent",
    allowed_payment_method_types: null,
    amount,
    amount_capturable: 0,
    amount_details: { tip: {} },
    amount_received: 0,
    application: null,
    application_fee_amount: null,
    automatic_payment_methods: null,
    canceled_at: null,
    cancellation_reason: null,
    capture_method: "automatic",
    client_secret: `${id}_secret_${mint(world, "token")}`,
    confirmation_method: "automatic",
    created: timeOf(world, customer.test_clock),
    currency,
    customer: customer.id,
    customer_account: null,
    description,
    excluded_payment_method_types: null,
    last_payment_error: null,
    latest_charge: null,
    livemode: false,
    managed_payments: null,
    metadata: {},
    next_action: null,
    on_behalf_of: null,
    payment_method: null,
    payment_method_configuration_details: null,
    payment_method_options: {
      card: { installments: null, mandate_options: null, network: null, request_three_d_secure: "automatic" },
    },
    payment_method_types: ["card"],
    payment_record: null,
    processing: null,
    receipt_email: null,
    review: null,
    setup_future_usage: "off_session",
    shipping: null,
    source: null,
    statement_descriptor: null,
    statement_descriptor_suffix: null,
    status: "requires_payment_method",
    transfer_data: null,
    transfer_group: null,
  };
  world.state.paymentIntents.set(id, intent);
  emit(world, "payment_intent.created", intent);
  return intent;
}

/** Try to charge a payment method for an intent. An authenticated card counts as set up for later use. */
export function charge(
  world: World,
  customer: Customer,
  intent: PaymentIntent,
  methodId: string,
  authenticated: boolean,
): Verdict {
  const method = getPaymentMethod(world, methodId, "payment_method");
  const said = verdict(world, customer.id, method, authenticated);
  if (said.kind === "ok") {
    const record = recordCharge(world, customer, method, intent, null);
    if (authenticated) world.state.cards.get(method.id)!.setUp = true;
    Object.assign(intent, {
      status: "succeeded",
      payment_method: method.id,
      latest_charge: record.id,
      amount_received: intent.amount,
      last_payment_error: null,
      next_action: null,
    });
    emit(world, "payment_intent.succeeded", intent);
  } else if (said.kind === "action") {
    const url = `${world.baseUrl}/authenticate/${intent.id}`;
    Object.assign(intent, {
      status: "requires_action",
      payment_method: method.id,
      next_action: { type: "redirect_to_url", redirect_to_url: { return_url: null, url } },
    });
    emit(world, "payment_intent.requires_action", intent);
  } else declineIntent(world, customer, intent, method, said.code);
  return said;
}

/** Put a declined charge on an intent's record. */
export function declineIntent(
  world: World,
  customer: Customer,
  intent: PaymentIntent,
  method: PaymentMethod,
  code: DeclineCode,
): void {
  const record = recordCharge(world, customer, method, intent, code);
  const error: PaymentError = {
    type: "card_error",
    ...declines[code],
    decline_code: code,
    charge: record.id,
    payment_method: structuredClone(method),
  };
  Object.assign(intent, {
    status: "requires_payment_method",
    payment_method: null,
    latest_charge: record.id,
    last_payment_error: error,
    next_action: null,
  });
  emit(world, "payment_intent.payment_failed", intent);
}

/** Give up on an intent. */
export function cancelIntent(world: World, intent: PaymentIntent, reason: "void_invoice" | "abandoned"): void {
  if (intent.status === "succeeded" || intent.status === "canceled") return;
  const canceledAt = timeOf(world, world.state.customers.get(intent.customer)?.test_clock ?? null);
  Object.assign(intent, { status: "canceled", canceled_at: canceledAt, cancellation_reason: reason, next_action: null });
  emit(world, "payment_intent.canceled", intent);
}
