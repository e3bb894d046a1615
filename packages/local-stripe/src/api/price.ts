import type Stripe from "stripe";
import { update } from "../event.ts";
import { createPrice, getPrice, planOf, takeLookupKey } from "../flows/price.ts";
import { page } from "../list.ts";
import { mergeMetadata } from "../metadata.ts";
import type { Price } from "../objects/price.ts";
import type { World } from "../world.ts";
import type { Api } from "./api.ts";
import { search } from "./search.ts";

export function priceRoutes({ on, world }: Api): void {
  on<Stripe.PriceCreateParams>("post", "/v1/prices", ({ input }) => createPrice(world, input));

  on<Stripe.PriceListParams>("get", "/v1/prices", ({ input }) => {
    const { lookup_keys: keys, recurring } = input;
    const rows = [...world.state.prices.values()]
      .filter((price) => !keys || (price.lookup_key !== null && keys.includes(price.lookup_key)))
      .filter((price) => !recurring?.interval || price.recurring?.interval === recurring.interval);
    return page(world, "/v1/prices", rows, input, "price", {
      active: (price) => price.active,
      currency: (price) => price.currency,
      product: (price) => price.product,
      type: (price) => price.type,
    });
  });

  on<Stripe.PriceSearchParams>("get", "/v1/prices/search", ({ input }) =>
    search("/v1/prices/search", [...world.state.prices.values()], input),
  );

  on("get", "/v1/prices/{id}", ({ params }) => getPrice(world, params.id!));

  on<Stripe.PriceUpdateParams>("post", "/v1/prices/{id}", ({ params, input }) => {
    const price = getPrice(world, params.id!);
    update(world, "price.updated", price, () => {
      if (input.active !== undefined) price.active = input.active;
      if (input.nickname !== undefined) price.nickname = input.nickname || null;
      if (input.lookup_key !== undefined)
        takeLookupKey(world, price, input.lookup_key || null, input.transfer_lookup_key ?? false);
      price.metadata = mergeMetadata(price.metadata, input.metadata);
    });
    refreshItems(world, price);
    return price;
  });
}

// Items carry their price whole, so a price that changes has to change there as well.
function refreshItems(world: World, price: Price): void {
  for (const subscription of world.state.subscriptions.values())
    for (const item of subscription.items.data)
      if (item.price.id === price.id) {
        item.price = structuredClone(price);
        item.plan = planOf(price);
      }
}
