import type Stripe from "stripe";
import { invalid, missing } from "../errors.ts";
import { emit } from "../event.ts";
import { getCustomer } from "../flows/customer.ts";
import { blankItem } from "../flows/invoice-item.ts";
import { getSubscription } from "../flows/subscription.ts";
import { page } from "../list.ts";
import { mergeMetadata } from "../metadata.ts";
import type { InvoiceItem } from "../objects/invoice-item.ts";
import { timeOf, type World } from "../world.ts";
import type { Api } from "./api.ts";

export function invoiceItemRoutes({ on, world }: Api): void {
  on<Stripe.InvoiceItemCreateParams>("post", "/v1/invoiceitems", ({ input }) => {
    const customer = getCustomer(world, input.customer!, "customer");
    if (input.amount === undefined || !input.currency)
      throw invalid("This account adds invoice items by `amount` and `currency`.", {
        param: "amount",
        code: "parameter_missing",
      });
    const subscription = input.subscription ? getSubscription(world, input.subscription, "subscription") : undefined;
    const now = timeOf(world, customer.test_clock);
    const item: InvoiceItem = {
      ...blankItem(world, customer.id, input.currency, now, customer.test_clock),
      amount: input.amount,
      net_amount: input.amount,
      description: input.description ?? null,
      metadata: mergeMetadata({}, input.metadata),
      parent: subscription ? { subscription_details: { subscription: subscription.id }, type: "subscription_details" } : null,
    };
    world.state.invoiceItems.set(item.id, item);
    emit(world, "invoiceitem.created", item);
    return item;
  });

  on<Stripe.InvoiceItemListParams>("get", "/v1/invoiceitems", ({ input }) => {
    const rows = [...world.state.invoiceItems.values()].filter(
      (item) => input.pending === undefined || (item.invoice === null) === input.pending,
    );
    return page(world, "/v1/invoiceitems", rows, input, "invoiceitem", {
      customer: (item) => item.customer,
      invoice: (item) => item.invoice,
    });
  });

  on("get", "/v1/invoiceitems/{id}", ({ params }) => getInvoiceItem(world, params.id!));

  on("delete", "/v1/invoiceitems/{id}", ({ params }) => {
    const item = getInvoiceItem(world, params.id!);
    if (item.invoice !== null)
      throw invalid("This invoice item is attached to an invoice that is no longer editable.", { code: "invoice_not_editable" });
    world.state.invoiceItems.delete(item.id);
    emit(world, "invoiceitem.deleted", item);
    return { id: item.id, object: "invoiceitem", deleted: true };
  });
}

function getInvoiceItem(world: World, id: string): InvoiceItem {
  const item = world.state.invoiceItems.get(id);
  if (!item) throw missing("invoiceitem", id);
  return item;
}
