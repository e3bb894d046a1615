import type Stripe from "stripe";
import { invalid } from "../errors.ts";
import { getCustomer } from "../flows/customer.ts";
import { addUp, sketch } from "../flows/invoice.ts";
import { lineOf, pendingItems, portionWords } from "../flows/invoice-item.ts";
import { blankLine, periodLine } from "../flows/line.ts";
import { type AskedItem, type Change, changedItems, type Portion, portions } from "../flows/proration.ts";
import { getSubscription, isLive, paidUntil } from "../flows/subscription.ts";
import { periodLines } from "../flows/subscription-update.ts";
import { periodEnd } from "../interval.ts";
import type { BillingReason, Invoice } from "../objects/invoice.ts";
import type { Line } from "../objects/line.ts";
import type { Item, Subscription } from "../objects/subscription.ts";
import { timeOf, type World } from "../world.ts";
import type { Api } from "./api.ts";

/** What a change would be billed at, or what the next renewal will be, with nothing put on record. */
export function previewRoutes({ on, world }: Api): void {
  on<Stripe.InvoiceCreatePreviewParams>("post", "/v1/invoices/create_preview", ({ input }) => {
    const subscription = input.subscription
      ? getSubscription(world, input.subscription, "subscription")
      : liveOf(world, input.customer);
    if (!subscription || !isLive(subscription))
      throw invalid(`No upcoming invoices for customer: ${input.customer ?? subscription?.customer}`, {
        code: "invoice_upcoming_none",
        status: 404,
      });
    const details = input.subscription_details ?? {};
    const at = details.proration_date ?? timeOf(world, subscription.test_clock);
    const restart = details.billing_cycle_anchor?.type === "now";
    const asked = details.items as AskedItem[] | undefined;
    const change: Change =
      asked || restart
        ? changedItems(world, subscription, asked ?? [], at, restart)
        : { items: subscription.items.data, restartsAt: null };
    const parts =
      details.proration_behavior === "none"
        ? []
        : portions(subscription, change, at).filter(() => asked !== undefined || restart);
    const atOnce = parts.length > 0 && (details.proration_behavior === "always_invoice" || change.restartsAt !== null);
    const lines = [
      ...pendingItems(world, subscription).map((row) => lineOf(world, row)),
      ...portionLines(world, subscription, parts, at),
      ...(atOnce ? periodLines(world, subscription, parts) : nextPeriod(world, subscription, change.items)),
    ];
    if (!atOnce && subscription.cancel_at_period_end && lines.length === 0)
      throw invalid(`No upcoming invoices for customer: ${subscription.customer}`, {
        code: "invoice_upcoming_none",
        status: 404,
      });
    return previewed(
      world,
      subscription,
      lines,
      atOnce ? "subscription_update" : "upcoming",
      atOnce ? at : paidUntil(subscription),
    );
  });
}

function previewed(world: World, subscription: Subscription, lines: Line[], reason: BillingReason, at: number): Invoice {
  const [first] = subscription.items.data;
  const invoice = sketch(world, {
    customer: getCustomer(world, subscription.customer),
    subscription,
    currency: subscription.currency,
    reason,
    lines,
    period: { start: first!.current_period_start, end: first!.current_period_end },
  });
  invoice.id = `upcoming_${invoice.id}`;
  for (const line of invoice.lines.data) line.invoice = invoice.id;
  invoice.lines.url = `/v1/invoices/${invoice.id}/lines`;
  invoice.created = at;
  invoice.next_payment_attempt = reason === "upcoming" ? at + 3600 : at;
  addUp(invoice);
  invoice.ending_balance = invoice.total + invoice.starting_balance - invoice.amount_due;
  return invoice;
}

function portionLines(world: World, subscription: Subscription, parts: readonly Portion[], at: number): Line[] {
  return parts
    .filter(({ kind }) => kind !== "period")
    .map((part) => ({
      ...blankLine(world, part.item.price, part.item.quantity, part.period),
      amount: part.amount,
      subtotal: part.amount,
      discountable: false,
      description: portionWords(world, part, at),
      parent: {
        invoice_item_details: null,
        subscription_item_details: {
          invoice_item: null,
          proration: true,
          proration_details: { credited_items: null },
          subscription: subscription.id,
          subscription_item: part.item.id,
        },
        type: "subscription_item_details",
      },
    }));
}

function nextPeriod(world: World, subscription: Subscription, items: readonly Item[]): Line[] {
  if (subscription.cancel_at_period_end) return [];
  return items.map((item) => {
    const start = item.current_period_end;
    const period = { start, end: periodEnd(subscription.billing_cycle_anchor, start, item.price.recurring!) };
    return periodLine(world, subscription.id, item, world.state.products.get(item.price.product)!.name, period);
  });
}

function liveOf(world: World, customer: string | undefined): Subscription | undefined {
  if (customer) getCustomer(world, customer, "customer");
  return [...world.state.subscriptions.values()].findLast((row) => row.customer === customer && isLive(row));
}
