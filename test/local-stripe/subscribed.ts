import type Stripe from "stripe";
import { afterEach, beforeEach } from "vitest";
import { type Bench, createBench, type Sold, sell, startAt, subscribe } from "./harness.ts";

export let bench: Bench;
export let sold: Sold;
export let subscription: Stripe.Subscription;
export let item: string;

export const day = 86_400;
export const untilBoundary = () => subscription.items.data[0]!.current_period_end - bench.control.now();
export const period = () => subscription.items.data[0]!.current_period_end - startAt;
export const now = () => bench.stripe.subscriptions.retrieve(subscription.id, { expand: ["latest_invoice", "schedule"] });
export const latest = async () => (await now()).latest_invoice as Stripe.Invoice;
export const upgrade = (more: Stripe.SubscriptionUpdateParams = {}) =>
  bench.stripe.subscriptions.update(subscription.id, {
    items: [{ id: item, price: sold.prices.pro.id, quantity: 1 }],
    proration_behavior: "always_invoice",
    payment_behavior: "pending_if_incomplete",
    expand: ["latest_invoice"],
    ...more,
  });
export const lookup = async () => (await now()).items.data[0]!.price.lookup_key;

/** A subscription to the small plan, of its own for each test. */
export function useSubscription(): void {
  beforeEach(async () => {
    bench = await createBench();
    sold = await sell(bench.stripe);
    subscription = await subscribe(bench.stripe, sold);
    item = subscription.items.data[0]!.id;
    bench.happened();
  });
  afterEach(() => bench.close());
}
