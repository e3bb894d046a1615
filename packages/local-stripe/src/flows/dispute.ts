import { invalid, missing } from "../errors.ts";
import { emit, update } from "../event.ts";
import type { Charge } from "../objects/charge.ts";
import type { Dispute } from "../objects/dispute.ts";
import { mint, timeOf, type World } from "../world.ts";
import { getCharge } from "./charge.ts";

const responseSeconds = 7 * 86_400;

const evidenceFields = [
  "access_activity_log",
  "billing_address",
  "cancellation_policy",
  "cancellation_policy_disclosure",
  "cancellation_rebuttal",
  "customer_communication",
  "customer_email_address",
  "customer_name",
  "customer_purchase_ip",
  "customer_signature",
  "duplicate_charge_documentation",
  "duplicate_charge_explanation",
  "duplicate_charge_id",
  "product_description",
  "receipt",
  "refund_policy",
  "refund_policy_disclosure",
  "refund_refusal_explanation",
  "service_date",
  "service_documentation",
  "shipping_address",
  "shipping_carrier",
  "shipping_date",
  "shipping_documentation",
  "shipping_tracking_number",
  "uncategorized_file",
  "uncategorized_text",
];

/** The dispute of an id, or the refusal that fits. */
export function getDispute(world: World, id: string): Dispute {
  const dispute = world.state.disputes.get(id);
  if (!dispute) throw missing("dispute", id);
  return dispute;
}

/** Dispute a charge, as its cardholder's bank would. */
export function disputeCharge(world: World, chargeId: string, reason: string): Dispute {
  const charge = getCharge(world, chargeId, "charge");
  if (!charge.paid || charge.disputed) throw invalid("Only a successful charge can be disputed, and only once.");
  const now = timeOf(world, world.state.customers.get(charge.customer)?.test_clock ?? null);
  const dispute: Dispute = {
    id: mint(world, "dispute"),
    object: "dispute",
    amount: charge.amount,
    balance_transactions: [],
    charge: charge.id,
    created: now,
    currency: charge.currency,
    enhanced_eligibility_types: [],
    evidence: { ...Object.fromEntries(evidenceFields.map((field) => [field, null])), enhanced_evidence: {} },
    evidence_details: {
      due_by: now + responseSeconds,
      enhanced_eligibility: {},
      has_evidence: false,
      past_due: false,
      submission_count: 0,
      submission_method: "not_submitted",
    },
    intended_submission_method: null,
    is_charge_refundable: false,
    livemode: false,
    metadata: {},
    payment_intent: charge.payment_intent,
    payment_method_details: {
      card: { brand: brandOf(charge), case_type: "chargeback", network: brandOf(charge), network_reason_code: "10.4" },
      type: "card",
    },
    reason,
    status: "needs_response",
  };
  world.state.disputes.set(dispute.id, dispute);
  update(world, "charge.updated", charge, () => {
    charge.disputed = true;
  });
  emit(world, "charge.dispute.created", dispute);
  emit(world, "charge.dispute.funds_withdrawn", dispute);
  return dispute;
}

/** End a dispute. */
export function closeDispute(world: World, dispute: Dispute, status: "won" | "lost"): void {
  if (dispute.status !== "needs_response") throw invalid(`This dispute is already closed: ${dispute.status}.`);
  dispute.status = status;
  if (status === "won") emit(world, "charge.dispute.funds_reinstated", dispute);
  emit(world, "charge.dispute.closed", dispute);
}

function brandOf({ payment_method_details: details }: Charge): string {
  return (details as { card: { brand: string } }).card.brand;
}
