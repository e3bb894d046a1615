import { type Card, type DeclineCode, declines, isDeclineCode } from "../card.ts";
import { missing } from "../errors.ts";
import { emit } from "../event.ts";
import type { Charge } from "../objects/charge.ts";
import type { Customer } from "../objects/customer.ts";
import type { Metadata } from "../objects/parts.ts";
import type { PaymentMethod } from "../objects/payment-method.ts";
import { mint, timeOf, type World } from "../world.ts";
import { cardBehind } from "./payment-method.ts";

export type Verdict = { kind: "ok" } | { kind: "declined"; code: DeclineCode } | { kind: "action" };

/** The charge of an id, or the refusal that fits where the id stood. */
export function getCharge(world: World, id: string, param = "id"): Charge {
  const charge = world.state.charges.get(id);
  if (!charge) throw missing("charge", id, param);
  return charge;
}

/**
 * What the bank says to a charge. What a test has ordered comes before what the card does; an authenticated cardholder is
 * not asked again.
 */
export function verdict(world: World, customer: string, method: PaymentMethod, authenticated: boolean): Verdict {
  const { failing, failNext } = world.state.settings;
  const ordered = failNext.shift() ?? failing[customer] ?? failing.all;
  if (ordered !== undefined && ordered !== "authentication_required")
    return { kind: "declined", code: isDeclineCode(ordered) ? ordered : "generic_decline" };
  const card = cardBehind(world, method);
  if (card.declines) return { kind: "declined", code: card.declines };
  if (!authenticated && (ordered === "authentication_required" || asksHolder(card, world.state.cards.get(method.id)!.setUp)))
    return { kind: "action" };
  return { kind: "ok" };
}

function asksHolder(card: Card, setUp: boolean): boolean {
  return card.authenticates === "always" || (card.authenticates === "until_set_up" && !setUp);
}

/** Put a charge on record, with its event. */
export function recordCharge(
  world: World,
  customer: Customer,
  method: PaymentMethod,
  intent: { id: string; amount: number; currency: string; description: string | null; metadata: Metadata },
  decline: DeclineCode | null,
): Charge {
  const failure = decline && declines[decline];
  const charge: Charge = {
    id: mint(world, "charge"),
    object: "charge",
    amount: intent.amount,
    amount_captured: failure ? 0 : intent.amount,
    amount_refunded: 0,
    application: null,
    application_fee: null,
    application_fee_amount: null,
    balance_transaction: failure ? null : mint(world, "balance"),
    billing_details: structuredClone(method.billing_details),
    calculated_statement_descriptor: "BERTH",
    captured: !failure,
    created: timeOf(world, customer.test_clock),
    currency: intent.currency,
    customer: customer.id,
    description: intent.description,
    disputed: false,
    failure_balance_transaction: null,
    failure_code: failure?.code ?? null,
    failure_message: failure?.message ?? null,
    fraud_details: {},
    livemode: false,
    metadata: { ...intent.metadata },
    on_behalf_of: null,
    outcome: outcome(decline, failure?.message ?? null),
    paid: !failure,
    payment_intent: intent.id,
    payment_method: method.id,
    payment_method_details: { card: chargedCard(method), type: "card" },
    receipt_email: null,
    receipt_number: null,
    receipt_url: null,
    refunded: false,
    review: null,
    shipping: null,
    source: null,
    source_transfer: null,
    statement_descriptor: null,
    statement_descriptor_suffix: null,
    status: failure ? "failed" : "succeeded",
    transfer_data: null,
    transfer_group: null,
  };
  if (!failure) charge.receipt_url = `${world.baseUrl}/receipts/${charge.id}`;
  world.state.charges.set(charge.id, charge);
  emit(world, failure ? "charge.failed" : "charge.succeeded", charge);
  return charge;
}

function outcome(decline: DeclineCode | null, message: string | null): object {
  const none = { advice_code: null, network_advice_code: null, network_decline_code: null };
  if (!decline)
    return {
      ...none,
      network_status: "approved_by_network",
      reason: null,
      risk_level: "normal",
      seller_message: "Payment complete.",
      type: "authorized",
    };
  return {
    ...none,
    network_status: "declined_by_network",
    reason: decline,
    risk_level: "normal",
    seller_message: message,
    type: "issuer_declined",
  };
}

function chargedCard({ card }: PaymentMethod): object {
  return {
    amount_authorized: null,
    authorization_code: null,
    brand: card.brand,
    checks: { ...card.checks },
    country: card.country,
    electronic_commerce_indicator: null,
    exp_month: card.exp_month,
    exp_year: card.exp_year,
    extended_authorization: { status: "disabled" },
    fingerprint: card.fingerprint,
    funding: card.funding,
    incremental_authorization: { status: "unavailable" },
    installments: null,
    last4: card.last4,
    mandate: null,
    multicapture: { status: "unavailable" },
    network: card.brand,
    network_token: { used: false },
    network_transaction_id: null,
    overcapture: { maximum_amount_capturable: 0, status: "unavailable" },
    regulated_status: "unregulated",
    three_d_secure: null,
    transaction_link_id: null,
    wallet: null,
  };
}
