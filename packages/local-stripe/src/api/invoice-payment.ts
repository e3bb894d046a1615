import type Stripe from "stripe";
import { missing } from "../errors.ts";
import { page } from "../list.ts";
import type { Api } from "./api.ts";

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
