import type Stripe from "stripe";
import { invalid, missing } from "../errors.ts";
import { emit, update } from "../event.ts";
import { getCharge } from "../flows/charge.ts";
import { getPaymentIntent } from "../flows/payment-intent.ts";
import { page } from "../list.ts";
import { mergeMetadata } from "../metadata.ts";
import type { Charge } from "../objects/charge.ts";
import type { Refund } from "../objects/refund.ts";
import { mint, timeOf, type World } from "../world.ts";
import type { Api } from "./api.ts";

export function refundRoutes({ on, world }: Api): void {
  on<Stripe.RefundCreateParams>("post", "/v1/refunds", ({ input }) => {
    const chargeId =
      input.charge ??
      (input.payment_intent ? getPaymentIntent(world, input.payment_intent, "payment_intent").latest_charge : null);
    if (!chargeId) throw invalid("One of the following params should be provided for this request: payment_intent or charge.");
    return refundCharge(world, getCharge(world, chargeId, "charge"), input);
  });

  on<Stripe.RefundListParams>("get", "/v1/refunds", ({ input }) =>
    page(world, "/v1/refunds", [...world.state.refunds.values()], input, "refund", {
      charge: (row) => row.charge,
      payment_intent: (row) => row.payment_intent,
    }),
  );

  on("get", "/v1/refunds/{id}", ({ params }) => {
    const refund = world.state.refunds.get(params.id!);
    if (!refund) throw missing("refund", params.id!);
    return refund;
  });
}

function refundCharge(world: World, charge: Charge, input: Stripe.RefundCreateParams): Refund {
  const left = charge.amount_captured - charge.amount_refunded;
  if (charge.refunded) throw invalid(`Charge ${charge.id} has already been refunded.`, { code: "charge_already_refunded" });
  if (charge.disputed) throw invalid("This charge has been charged back and cannot be refunded.", { code: "charge_disputed" });
  const amount = input.amount ?? left;
  if (amount <= 0 || amount > left)
    throw invalid(`Refund amount (${amount}) is greater than unrefunded amount on charge (${left})`, { param: "amount" });
  const refund: Refund = {
    id: mint(world, "refund"),
    object: "refund",
    amount,
    balance_transaction: mint(world, "balance"),
    charge: charge.id,
    created: timeOf(world, world.state.customers.get(charge.customer)?.test_clock ?? null),
    currency: charge.currency,
    customer: charge.customer,
    customer_account: null,
    destination_details: { card: { type: "refund" }, type: "card" },
    metadata: mergeMetadata({}, input.metadata),
    payment_intent: charge.payment_intent,
    payment_method: charge.payment_method,
    reason: input.reason ?? null,
    receipt_number: null,
    source_transfer_reversal: null,
    status: "succeeded",
    transfer_reversal: null,
  };
  world.state.refunds.set(refund.id, refund);
  emit(world, "refund.created", refund);
  update(world, "charge.refunded", charge, () => {
    charge.amount_refunded += amount;
    charge.refunded = charge.amount_refunded === charge.amount_captured;
  });
  return refund;
}
