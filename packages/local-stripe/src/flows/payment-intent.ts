import { type DeclineCode, declines } from "../card.ts";
import { missing } from "../errors.ts";
import { emit } from "../event.ts";
import type { Customer } from "../objects/customer.ts";
import type { PaymentError, PaymentIntent } from "../objects/payment-intent.ts";
import type { PaymentMethod } from "../objects/payment-method.ts";
import { mint, timeOf, type World } from "../world.ts";
import { recordCharge, type Verdict, verdict } from "./charge.ts";
import { getPaymentMethod } from "./payment-method.ts";

/** The payment intent of an id, or the refusal that fits where the id stood. */
export function getPaymentIntent(world: World, id: string, param = "id"): PaymentIntent {
  const intent = world.state.paymentIntents.get(id);
  if (!intent) throw missing("payment_intent", id, param);
  return intent;
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
