import { inOrder, update } from "../event.ts";
import { periodEnd } from "../interval.ts";
import type { Invoice } from "../objects/invoice.ts";
import type { Schedule } from "../objects/schedule.ts";
import type { Item, Subscription } from "../objects/subscription.ts";
import { type Due, timeOf, type World } from "../world.ts";
import { collect } from "./collect.ts";
import { type Draft, draftInvoice, finalizeInvoice, subscriptionOf } from "./invoice.ts";
import { takePendingItems } from "./invoice-item.ts";
import { periodLine } from "./line.ts";
import { enter, enterWithPeriod } from "./schedule-phase.ts";
import { endDunning, setUncollectible } from "./standing.ts";
import { paidUntil } from "./subscription.ts";
import { voidInvoice } from "./void-invoice.ts";

/** A renewal's bill is a draft for an hour before it becomes final and is charged. */
const draftSeconds = 3600;

const paidOrder = [
  "invoice.finalized",
  "payment_intent.created",
  "charge.succeeded",
  "charge.failed",
  "payment_intent.succeeded",
  "payment_intent.payment_failed",
  "payment_intent.requires_action",
];

/** Begin the next period: the items roll over and a draft for them appears. Nothing is owed before that draft is final. */
export function renew(world: World, subscription: Subscription): void {
  const end = paidUntil(subscription);
  const start = subscription.items.data.find((item) => item.current_period_end === end)!.current_period_start;
  const customer = world.state.customers.get(subscription.customer)!;
  let schedule: Schedule | undefined;
  let rolled: Item[] = [];
  update(world, "customer.subscription.updated", subscription, () => {
    schedule = enterWithPeriod(world, subscription, end);
    rolled = subscription.items.data.filter((item) => item.current_period_end === end);
    for (const item of rolled) {
      item.current_period_start = end;
      item.current_period_end = periodEnd(subscription.billing_cycle_anchor, end, item.price.recurring!);
    }
  });
  if (schedule) enter(world, schedule);
  const lines = rolled.map((item) =>
    periodLine(world, subscription.id, item, world.state.products.get(item.price.product)!.name, {
      start: item.current_period_start,
      end: item.current_period_end,
    }),
  );
  const pursued = subscription.status !== "unpaid" && subscription.pause_collection?.behavior !== "keep_as_draft";
  const waiting = takePendingItems(world, subscription);
  const draft: Draft = {
    customer,
    subscription,
    currency: subscription.currency,
    reason: "subscription_cycle",
    lines: [...waiting.lines, ...lines],
    period: { start, end },
  };
  const invoice = draftInvoice(
    world,
    pursued ? { ...draft, finalizesAt: timeOf(world, subscription.test_clock) + draftSeconds + 1 } : draft,
  );
  waiting.claim(invoice.id);
  if (!pursued) invoice.auto_advance = false;
}

/** The hour is over: the draft becomes final and is charged, unless collection is paused. */
function finalizeAndCollect(world: World, invoice: Invoice): void {
  inOrder(world, paidOrder, () => {
    finalizeInvoice(world, invoice);
    if (invoice.status !== "open") return;
    const pause = subscriptionOf(world, invoice)?.pause_collection?.behavior;
    if (pause === "void") voidInvoice(world, invoice);
    else if (pause === "mark_uncollectible") setUncollectible(world, invoice);
    else collect(world, invoice);
  });
}

/** The day of the next attempt has come. */
function retryInvoice(world: World, invoice: Invoice): void {
  collect(world, invoice, { retry: invoice.attempt_count > 0 });
  endDunning(world, invoice);
}

/** A draft becomes final an hour after it was made; an open bill is tried again when its next attempt is due. */
export function* invoiceDues(world: World, clock: string | null): Generator<Due> {
  for (const invoice of world.state.invoices.values()) {
    if (invoice.test_clock !== clock || invoice.next_payment_attempt === null) continue;
    const at = invoice.next_payment_attempt;
    if (invoice.status === "draft") yield { at, run: () => finalizeAndCollect(world, invoice) };
    else if (invoice.status === "open" && invoice.auto_advance) yield { at, run: () => retryInvoice(world, invoice) };
  }
}
