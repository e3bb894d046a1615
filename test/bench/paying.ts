import { pricingPlans } from "@berth/domain/pricing/plans.ts";
import type Stripe from "stripe";
import { endpointAt, soldAs } from "../support/sold.ts";

/** A Stripe at which so many customers pay for the second plan, each with a subscription and its first invoice; it takes reads only. */
export function payingAtStripe(count: number): Stripe {
  const sold = pricingPlans[1];
  if (!sold) throw new Error("there is no second plan");
  const month = { current_period_start: 1_803_816_000, current_period_end: 1_806_494_400 };
  const subscription = (i: number) => ({
    id: `sub_${i}`,
    customer: `cus_${i}`,
    status: "active",
    created: month.current_period_start,
    ended_at: null,
    currency: sold.currency,
    items: { data: [{ ...month, price: soldAs(sold), quantity: 1 }] },
    cancel_at: null,
    cancel_at_period_end: false,
    cancellation_details: null,
    pending_update: null,
    pause_collection: null,
    schedule: null,
    latest_invoice: `in_${i}`,
  });
  const invoice = (i: number) => ({
    id: `in_${i}`,
    status: "paid",
    created: month.current_period_start,
    status_transitions: { finalized_at: month.current_period_start },
    amount_remaining: 0,
    billing_reason: "subscription_cycle",
    last_finalization_error: null,
    parent: { subscription_details: { subscription: `sub_${i}` } },
  });
  const number = (id: string) => Number(id.slice(id.indexOf("_") + 1));
  const page = <T>(data: T[], has_more = false) => Promise.resolve({ data, has_more });
  const none = () => page([]);
  return {
    customers: { retrieve: async (id: string) => ({ id, livemode: true }) },
    subscriptions: {
      list: ({ customer, starting_after: after, limit }: { customer?: string; starting_after?: string; limit: number }) => {
        if (customer !== undefined) return page([subscription(number(customer))]);
        const from = after === undefined ? 0 : number(after) + 1;
        const to = Math.min(from + limit, count);
        return page(
          Array.from({ length: to - from }, (_, i) => subscription(from + i)),
          to < count,
        );
      },
    },
    invoices: { list: ({ customer }: { customer: string }) => page([invoice(number(customer))]) },
    charges: { list: none },
    prices: { list: () => page(pricingPlans.map(soldAs)) },
    events: { list: async function* () {} },
    webhookEndpoints: { list: () => page([endpointAt("https://berth.test")]) },
    billingPortal: { configurations: { list: none } },
  } as unknown as Stripe;
}
