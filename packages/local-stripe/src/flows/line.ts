import type { Line } from "../objects/line.ts";
import type { Price } from "../objects/price.ts";
import type { Item } from "../objects/subscription.ts";
import { mint, type World } from "../world.ts";

/** The line for a whole period of a subscription's item. */
export function periodLine(
  world: World,
  subscription: string,
  item: Pick<Item, "id" | "price" | "quantity" | "metadata">,
  productName: string,
  period: Line["period"],
): Line {
  const { price, quantity } = item;
  return {
    ...blankLine(world, price, quantity, period),
    amount: price.unit_amount * quantity,
    subtotal: price.unit_amount * quantity,
    description: `${quantity} × ${productName} (at ${money(price.unit_amount, price.currency)} / ${rhythmWords(price)})`,
    metadata: { ...item.metadata },
    parent: {
      invoice_item_details: null,
      subscription_item_details: {
        invoice_item: null,
        proration: false,
        proration_details: { credited_items: null },
        subscription,
        subscription_item: item.id,
      },
      type: "subscription_item_details",
    },
  };
}

/** A line with nothing in it but its price. */
export function blankLine(
  world: World,
  price: Pick<Price, "id" | "product" | "currency" | "unit_amount_decimal">,
  quantity: number,
  period: Line["period"],
): Omit<Line, "amount" | "subtotal" | "description" | "parent"> {
  return {
    id: mint(world, "line"),
    object: "line_item",
    currency: price.currency,
    discount_amounts: [],
    discountable: true,
    discounts: [],
    invoice: "",
    livemode: false,
    metadata: {},
    period,
    pretax_credit_amounts: [],
    pricing: {
      price_details: { price: price.id, product: price.product },
      type: "price_details",
      unit_amount_decimal: price.unit_amount_decimal,
    },
    quantity,
    quantity_decimal: String(quantity),
    subscription: null,
    taxes: [],
  };
}

/** An amount of cents in words: `$9.00`. */
export function money(cents: number, currency: string): string {
  return new Intl.NumberFormat("en-US", { style: "currency", currency: currency.toUpperCase() }).format(cents / 100);
}

/** `month`, or `3 months`. */
export function rhythmWords({ recurring }: Price): string {
  if (!recurring) return "once";
  return recurring.interval_count === 1 ? recurring.interval : `${recurring.interval_count} ${recurring.interval}s`;
}
