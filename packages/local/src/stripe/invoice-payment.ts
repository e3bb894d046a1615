import type Stripe from "stripe";
import type { Api } from "./api.ts";
import { missing } from "./errors.ts";
import { page } from "./list.ts";
import { mint, type World } from "./world.ts";

/** The tie between an invoice and a payment intent that pays it. */
export interface InvoicePayment {
  id: string;
  object: "invoice_payment";
  amount_paid: number | null;
  amount_requested: number;
  created: number;
  currency: string;
  invoice: string;
  is_default: boolean;
  livemode: false;
  payment: { type: "payment_intent"; payment_intent: string };
  status: "open" | "paid" | "canceled";
  status_transitions: { canceled_at: number | null; paid_at: number | null };
}

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

export function invoicePaymentRoutes({ on, world }: Api): void {
  on<Stripe.InvoicePaymentListParams>("get", "/v1/invoice_payments", ({ input }) =>
    page(world, "/v1/invoice_payments", [...world.state.invoicePayments.values()], input, "invoice_payment", {
      invoice: (payment) => payment.invoice,
      status: (payment) => payment.status,
    }),
  );
  on("get", "/v1/invoice_payments/{id}", ({ params }) => {
    const payment = world.state.invoicePayments.get(params.id!);
    if (!payment) throw missing("invoice_payment", params.id!);
    return payment;
  });
}
