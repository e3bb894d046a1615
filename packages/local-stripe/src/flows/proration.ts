import { invalid, missing } from "../errors.ts";
import { periodEnd } from "../interval.ts";
import { type AskedMetadata, mergeMetadata } from "../metadata.ts";
import type { Item, Subscription } from "../objects/subscription.ts";
import type { World } from "../world.ts";
import { getPrice, planOf } from "./price.ts";
import { makeItem } from "./subscription.ts";

/** One side of a change of plan: what is given back for time not used, or asked for time that remains. Cents. */
export interface Portion {
  item: Item;
  amount: number;
  /** A credit is negative. */
  kind: "credit" | "debit" | "period";
  period: { start: number; end: number };
}

/** What a request asks of a subscription's items. */
export interface AskedItem {
  id?: string;
  price?: string;
  quantity?: number;
  deleted?: boolean;
  metadata?: AskedMetadata;
}

/** What the items would be after a change, and from when they would be billed anew. */
export interface Change {
  items: Item[];
  /** Set when the change begins a new rhythm at its moment. */
  restartsAt: number | null;
}

/** The items after a request, on no record yet. Another interval, or an anchor of `now`, begins a new period at once. */
export function changedItems(
  world: World,
  subscription: Subscription,
  asked: readonly AskedItem[],
  at: number,
  restart: boolean,
): Change {
  const items = structuredClone(subscription.items.data);
  for (const [index, ask] of asked.entries()) {
    const param = `items[${index}]`;
    const item = ask.id === undefined ? undefined : items.find((row) => row.id === ask.id);
    if (ask.id !== undefined && !item) throw missing("subscription_item", ask.id, `${param}[id]`);
    const price = ask.price === undefined ? undefined : getPrice(world, ask.price, `${param}[price]`);
    if (price && (!price.active || !price.recurring))
      throw invalid("The price specified is inactive or not recurring.", { param: `${param}[price]` });
    if (price && price.currency !== subscription.currency)
      throw invalid(
        `The price specified only supports \`${price.currency}\`. This doesn't match the expected currency: \`${subscription.currency}\`.`,
        { param: `${param}[price]` },
      );
    if (item && ask.deleted) items.splice(items.indexOf(item), 1);
    else if (item) {
      if (price) Object.assign(item, { price: structuredClone(price), plan: planOf(price) });
      if (ask.quantity !== undefined) item.quantity = ask.quantity;
      item.metadata = mergeMetadata(item.metadata, ask.metadata);
    } else if (price)
      items.push(makeItem(world, subscription.id, { price, quantity: ask.quantity ?? 1 }, subscription.billing_cycle_anchor, at));
    else throw invalid(`You must pass a price for a new item.`, { param: `${param}[price]`, code: "parameter_missing" });
  }
  if (items.length === 0)
    throw invalid("A subscription must have at least one active plan. To cancel the subscription, delete it.");
  const before = subscription.items.data[0]?.price.recurring;
  const otherRhythm = items.some(
    ({ price }) => price.recurring!.interval !== before?.interval || price.recurring!.interval_count !== before.interval_count,
  );
  if (!restart && !otherRhythm) return { items, restartsAt: null };
  for (const item of items) {
    item.current_period_start = at;
    item.current_period_end = periodEnd(at, at, item.price.recurring!);
  }
  return { items, restartsAt: at };
}

/** What a change at a moment gives back and asks for. Each portion is rounded to the cent by itself, halves up. */
export function portions(subscription: Subscription, change: Change, at: number): Portion[] {
  return [...credits(subscription, change.items, at, change.restartsAt !== null), ...debits(subscription, change, at)];
}

/** What is given back when a subscription ends at a moment. */
export function refundPortions(subscription: Subscription, at: number): Portion[] {
  return credits(subscription, [], at, true);
}

function credits(subscription: Subscription, after: readonly Item[], at: number, all: boolean): Portion[] {
  return subscription.items.data
    .filter(
      (item) =>
        all ||
        !sameBill(
          item,
          after.find((row) => row.id === item.id),
        ),
    )
    .map((item) => ({ item, amount: -share(item, at), kind: "credit", period: { start: at, end: item.current_period_end } }));
}

function debits(subscription: Subscription, change: Change, at: number): Portion[] {
  if (change.restartsAt !== null)
    return change.items.map((item) => ({
      item,
      amount: item.price.unit_amount * item.quantity,
      kind: "period",
      period: { start: item.current_period_start, end: item.current_period_end },
    }));
  return change.items
    .filter(
      (item) =>
        !sameBill(
          item,
          subscription.items.data.find((row) => row.id === item.id),
        ),
    )
    .map((item) => ({ item, amount: share(item, at), kind: "debit", period: { start: at, end: item.current_period_end } }));
}

function sameBill(item: Item, other: Item | undefined): boolean {
  return other !== undefined && other.price.id === item.price.id && other.quantity === item.quantity;
}

function share({ price, quantity, current_period_start: start, current_period_end: end }: Item, at: number): number {
  const left = Math.min(1, Math.max(0, (end - at) / (end - start)));
  return Math.floor(price.unit_amount * quantity * left + 0.5);
}
