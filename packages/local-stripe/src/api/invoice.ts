import type Stripe from "stripe";
import { declines } from "../card.ts";
import { invalid, Refusal } from "../errors.ts";
import { update } from "../event.ts";
import { collect, markPaid } from "../flows/collect.ts";
import { finalizeInvoice, getInvoice, methodFor, subscriptionOf } from "../flows/invoice.ts";
import { paymentOf } from "../flows/invoice-payment.ts";
import { resolvePaymentMethod } from "../flows/payment-method.ts";
import { setUncollectible } from "../flows/standing.ts";
import { voidInvoice } from "../flows/void-invoice.ts";
import { page } from "../list.ts";
import { mergeMetadata } from "../metadata.ts";
import type { Invoice } from "../objects/invoice.ts";
import { timeOf, type World } from "../world.ts";
import type { Api } from "./api.ts";
import { search } from "./search.ts";

// What is made final by hand is charged within the hour, as a renewal is.
const collectedAfterSeconds = 3600;

export function invoiceRoutes({ on, world }: Api): void {
  on<Stripe.InvoiceListParams>("get", "/v1/invoices", ({ input }) => {
    const { subscription } = input;
    const rows = [...world.state.invoices.values()].filter(
      (invoice) => !subscription || subscriptionOf(world, invoice)?.id === subscription,
    );
    return page(world, "/v1/invoices", rows, { ...input, subscription: undefined }, "invoice", {
      customer: (invoice) => invoice.customer,
      status: (invoice) => invoice.status,
      collection_method: (invoice) => invoice.collection_method,
    });
  });

  on<Stripe.InvoiceSearchParams>("get", "/v1/invoices/search", ({ input }) =>
    search("/v1/invoices/search", [...world.state.invoices.values()], input),
  );

  on("get", "/v1/invoices/{id}", ({ params }) => getInvoice(world, params.id!));

  on<Stripe.InvoiceUpdateParams>("post", "/v1/invoices/{id}", ({ params, input }) => {
    const invoice = getInvoice(world, params.id!);
    update(world, "invoice.updated", invoice, () => {
      invoice.metadata = mergeMetadata(invoice.metadata, input.metadata);
      if (input.auto_advance !== undefined) invoice.auto_advance = input.auto_advance;
      if (input.description !== undefined) invoice.description = input.description || null;
      if (input.default_payment_method !== undefined)
        invoice.default_payment_method = input.default_payment_method
          ? resolvePaymentMethod(world, input.default_payment_method, invoice.customer, "default_payment_method").id
          : null;
    });
    return invoice;
  });

  on<Stripe.InvoiceListLineItemsParams>("get", "/v1/invoices/{id}/lines", ({ params, input }) => {
    const { lines } = getInvoice(world, params.id!);
    return page(world, `/v1/invoices/${params.id}/lines`, lines.data.toReversed(), input, "line item");
  });

  on<Stripe.InvoiceFinalizeInvoiceParams>("post", "/v1/invoices/{id}/finalize", ({ params }) => {
    const invoice = getInvoice(world, params.id!);
    if (invoice.status !== "draft")
      throw invalid("This invoice is already finalized, you can't re-finalize a non-draft invoice.", {
        code: "invoice_not_editable",
      });
    finalizeInvoice(world, invoice);
    refuseUnfinalized(invoice);
    if (invoice.amount_due === 0) collect(world, invoice);
    else if (invoice.auto_advance) invoice.next_payment_attempt = timeOf(world, invoice.test_clock) + collectedAfterSeconds;
    return invoice;
  });

  on<Stripe.InvoicePayParams>("post", "/v1/invoices/{id}/pay", ({ params, input }) =>
    pay(world, getInvoice(world, params.id!), input),
  );

  on("post", "/v1/invoices/{id}/void", ({ params }) => {
    const invoice = getInvoice(world, params.id!);
    voidInvoice(world, invoice);
    return invoice;
  });

  on("post", "/v1/invoices/{id}/mark_uncollectible", ({ params }) => {
    const invoice = getInvoice(world, params.id!);
    setUncollectible(world, invoice);
    return invoice;
  });
}

function pay(world: World, invoice: Invoice, input: Stripe.InvoicePayParams): Invoice {
  if (invoice.status === "paid") throw invalid("Invoice is already paid");
  if (invoice.status === "void") throw invalid("This invoice is void and cannot be paid.", { code: "invoice_not_editable" });
  if (invoice.status === "draft") finalizeInvoice(world, invoice);
  refuseUnfinalized(invoice);
  if (input.paid_out_of_band) {
    markPaid(world, invoice, { counted: false, outside: true });
    return invoice;
  }
  const method = input.payment_method
    ? resolvePaymentMethod(world, input.payment_method, invoice.customer, "payment_method").id
    : methodFor(world, invoice);
  if (!method)
    throw invalid(
      "There is no `default_payment_method` set on this Customer or Invoice. Please either specify a payment method or set a default one.",
      { code: "resource_missing" },
    );
  const outcome = collect(world, invoice, { method });
  const intent = world.state.paymentIntents.get(paymentOf(world, invoice.id)?.payment.payment_intent ?? "");
  if (outcome === "action")
    throw invalid("This payment requires additional user action before it can be completed successfully.", {
      code: "invoice_payment_intent_requires_action",
    });
  if (outcome === "declined" && intent?.last_payment_error) {
    const { charge, decline_code } = intent.last_payment_error;
    throw new Refusal(402, { type: "card_error", ...declines[decline_code as keyof typeof declines], decline_code, charge });
  }
  return invoice;
}

function refuseUnfinalized({ status, last_finalization_error: error }: Invoice): void {
  if (status === "draft" && error) throw invalid(error.message, { code: error.code });
}
