import type Stripe from "stripe";
import type { Api } from "./api.ts";
import { getCustomer } from "./customer.ts";
import { invalid, missing } from "./errors.ts";
import { emit } from "./event.ts";
import { blankLine, type Line } from "./line.ts";
import { page } from "./list.ts";
import { type Metadata, mergeMetadata } from "./metadata.ts";
import type { Portion } from "./proration.ts";
import { getSubscription, type Item, type Subscription } from "./subscription.ts";
import { mint, timeOf, type World } from "./world.ts";

/** Something that waits to be billed, or was billed with an invoice: the two sides of a proration, or what an operator added. */
export interface InvoiceItem {
  id: string;
  object: "invoiceitem";
  amount: number;
  currency: string;
  customer: string;
  customer_account: null;
  date: number;
  description: string | null;
  discountable: boolean;
  discounts: never[];
  invoice: string | null;
  livemode: false;
  metadata: Metadata;
  net_amount: number;
  parent: { subscription_details: { subscription: string; subscription_item?: string }; type: "subscription_details" } | null;
  period: { end: number; start: number };
  pricing: { price_details: { price: string; product: string }; type: "price_details"; unit_amount_decimal: string } | null;
  proration: boolean;
  quantity: number;
  quantity_decimal: string;
  tax_rates: never[];
  test_clock: string | null;
}

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

/** Put the portions of a change on record as items that wait, or that belong to an invoice. */
export function recordPortions(
  world: World,
  subscription: Subscription,
  portions: readonly Portion[],
  at: number,
): InvoiceItem[] {
  return portions
    .filter(({ kind }) => kind !== "period")
    .map((portion) => {
      const { item, amount, period } = portion;
      const row: InvoiceItem = {
        ...blankItem(world, subscription.customer, subscription.currency, at, subscription.test_clock),
        amount,
        net_amount: amount,
        description: portionWords(world, portion, at),
        parent: {
          subscription_details: { subscription: subscription.id, subscription_item: item.id },
          type: "subscription_details",
        },
        period,
        pricing: pricingOf(item),
        proration: true,
        quantity: item.quantity,
        quantity_decimal: String(item.quantity),
      };
      world.state.invoiceItems.set(row.id, row);
      emit(world, "invoiceitem.created", row);
      return row;
    });
}

/** The lines of an invoice for what was put on record. */
export function lineOf(world: World, row: InvoiceItem): Line {
  const price = row.pricing && world.state.prices.get(row.pricing.price_details.price);
  const base = price ? blankLine(world, price, row.quantity, row.period) : { ...plainLine(world, row), pricing: null };
  const origin = {
    invoice_item: row.id,
    proration: row.proration,
    proration_details: { credited_items: null },
    subscription: row.parent?.subscription_details.subscription ?? null,
  };
  const subscriptionItem = row.parent?.subscription_details.subscription_item;
  return {
    ...base,
    amount: row.amount,
    subtotal: row.amount,
    description: row.description ?? "",
    metadata: { ...row.metadata },
    parent: subscriptionItem
      ? {
          invoice_item_details: null,
          subscription_item_details: { ...origin, subscription_item: subscriptionItem },
          type: "subscription_item_details",
        }
      : { invoice_item_details: origin, subscription_item_details: null, type: "invoice_item_details" },
  };
}

/** Take what waits to be billed with a subscription's next invoice, as its lines; `claim` names the invoice once there is one. */
export function takePendingItems(world: World, subscription: Subscription): { lines: Line[]; claim: (invoice: string) => void } {
  const rows = pendingItems(world, subscription);
  return {
    lines: rows.map((row) => lineOf(world, row)),
    claim: (invoice) => {
      for (const row of rows) row.invoice = invoice;
    },
  };
}

/** What waits to be billed: a subscription's own, and what its customer owes apart from any. */
export function pendingItems(world: World, subscription: Subscription): InvoiceItem[] {
  return [...world.state.invoiceItems.values()].filter(
    (row) =>
      row.invoice === null &&
      row.customer === subscription.customer &&
      (!row.parent || row.parent.subscription_details.subscription === subscription.id),
  );
}

/** What a portion of a change is called on a bill. */
export function portionWords(world: World, { item, kind }: Portion, at: number): string {
  const day = new Intl.DateTimeFormat("en-GB", { day: "2-digit", month: "short", year: "numeric", timeZone: "UTC" }).format(
    at * 1000,
  );
  const name = world.state.products.get(item.price.product)!.name;
  return `${kind === "credit" ? "Unused" : "Remaining"} time on ${item.quantity > 1 ? `${item.quantity} × ` : ""}${name} after ${day}`;
}

function getInvoiceItem(world: World, id: string): InvoiceItem {
  const item = world.state.invoiceItems.get(id);
  if (!item) throw missing("invoiceitem", id);
  return item;
}

function pricingOf({ price }: Item): InvoiceItem["pricing"] {
  return {
    price_details: { price: price.id, product: price.product },
    type: "price_details",
    unit_amount_decimal: price.unit_amount_decimal,
  };
}

function blankItem(world: World, customer: string, currency: string, at: number, testClock: string | null): InvoiceItem {
  return {
    id: mint(world, "invoiceItem"),
    object: "invoiceitem",
    amount: 0,
    currency,
    customer,
    customer_account: null,
    date: at,
    description: null,
    discountable: false,
    discounts: [],
    invoice: null,
    livemode: false,
    metadata: {},
    net_amount: 0,
    parent: null,
    period: { start: at, end: at },
    pricing: null,
    proration: false,
    quantity: 1,
    quantity_decimal: "1",
    tax_rates: [],
    test_clock: testClock,
  };
}

function plainLine(world: World, row: InvoiceItem): Omit<Line, "amount" | "subtotal" | "description" | "parent" | "pricing"> {
  const { pricing: _, ...line } = blankLine(
    world,
    { id: "", product: "", currency: row.currency, unit_amount_decimal: "0" },
    row.quantity,
    row.period,
  );
  return line;
}
