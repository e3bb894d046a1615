import type Stripe from "stripe";
import { missing } from "../errors.ts";
import { getSubscription, isLive } from "../flows/subscription.ts";
import { page } from "../list.ts";
import type { Api } from "./api.ts";
import { search } from "./search.ts";

export function subscriptionRoutes({ on, world }: Api): void {
  on<Stripe.SubscriptionListParams>("get", "/v1/subscriptions", ({ input }) => {
    const { status, price } = input as { status?: string; price?: string };
    const rows = [...world.state.subscriptions.values()]
      .filter(
        (row) =>
          status === "all" || (status === "ended" ? !isLive(row) : status ? row.status === status : row.status !== "canceled"),
      )
      .filter((row) => !price || row.items.data.some((item) => item.price.id === price));
    return page(world, "/v1/subscriptions", rows, { ...input, status: undefined }, "subscription", {
      customer: (row) => row.customer,
      test_clock: (row) => row.test_clock,
      collection_method: (row) => row.collection_method,
    });
  });

  on<Stripe.SubscriptionSearchParams>("get", "/v1/subscriptions/search", ({ input }) => {
    return search("/v1/subscriptions/search", [...world.state.subscriptions.values()], input);
  });

  on("get", "/v1/subscriptions/{id}", ({ params }) => getSubscription(world, params.id!));

  on<Stripe.SubscriptionItemListParams>("get", "/v1/subscription_items", ({ input }) => {
    const subscription = getSubscription(world, input.subscription, "subscription");
    return page(world, "/v1/subscription_items", subscription.items.data, input, "subscription_item", {
      subscription: (item) => item.subscription,
    });
  });

  on("get", "/v1/subscription_items/{id}", ({ params }) => {
    const items = [...world.state.subscriptions.values()].flatMap((subscription) => subscription.items.data);
    const item = items.find((row) => row.id === params.id);
    if (!item) throw missing("subscription_item", params.id!);
    return item;
  });
}
