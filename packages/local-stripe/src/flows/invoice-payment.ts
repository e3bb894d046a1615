import type { InvoicePayment } from "../objects/invoice-payment.ts";
import { mint, type World } from "../world.ts";

/** The tie of an invoice to the intent that is to pay it, if one was opened. */
export function paymentOf(world: World, invoice: string): InvoicePayment | undefined {
  return [...world.state.invoicePayments.values()].find(
    (payment) => payment.invoice === invoice && payment.status !== "canceled",
  );
}

/** Tie an invoice to an intent. */
export function tie(
  world: World,
  invoice: { id: string; currency: string },
  intent: { id: string; amount: number; created: number },
): InvoicePayment {
  const payment: InvoicePayment = {
    id: mint(world, "invoicePayment"),
    object: "invoice_payment",
    amount_paid: null,
    amount_requested: intent.amount,
    created: intent.created,
    currency: invoice.currency,
    invoice: invoice.id,
    is_default: true,
    livemode: false,
    payment: { type: "payment_intent", payment_intent: intent.id },
    status: "open",
    status_transitions: { canceled_at: null, paid_at: null },
  };
  world.state.invoicePayments.set(payment.id, payment);
  return payment;
}
