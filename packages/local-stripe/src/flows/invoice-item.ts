import { emit } from "../event.ts";
import type { InvoiceItem } from "../objects/invoice-item.ts";
import type { Line } from "../objects/line.ts";
import type { Item, Subscription } from "../objects/subscription.ts";
import { mint, type World } from "../world.ts";
import { blankLine } from "./line.ts";
import type { Portion } from "./proration.ts";

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

function pricingOf({ price }: Item): InvoiceItem["pricing"] {
  return {
    price_details: { price: price.id, product: price.product },
    type: "price_details",
    unit_amount_decimal: price.unit_amount_decimal,
  };
}

export function blankItem(world: World, customer: string, currency: string, at: number, testClock: string | null): InvoiceItem {
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
