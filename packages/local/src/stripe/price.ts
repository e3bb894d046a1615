import type Stripe from "stripe";
import type { Api } from "./api.ts";
import { invalid, missing } from "./errors.ts";
import { emit, update } from "./event.ts";
import { page } from "./list.ts";
import { type Metadata, mergeMetadata } from "./metadata.ts";
import { createProduct, getProduct } from "./product.ts";
import { search } from "./search.ts";
import { mint, type World } from "./world.ts";

export type Interval = "day" | "week" | "month" | "year";

/** What a product costs, in cents. Its amount never changes; a lookup key can be moved to another price. */
export interface Price {
  id: string;
  object: "price";
  active: boolean;
  billing_scheme: "per_unit";
  created: number;
  currency: string;
  custom_unit_amount: null;
  livemode: false;
  lookup_key: string | null;
  metadata: Metadata;
  nickname: string | null;
  product: string;
  recurring: { interval: Interval; interval_count: number; meter: null; trial_period_days: null; usage_type: "licensed" } | null;
  tax_behavior: "unspecified" | "inclusive" | "exclusive";
  tiers_mode: null;
  transform_quantity: null;
  type: "recurring" | "one_time";
  unit_amount: number;
  unit_amount_decimal: string;
}

/** The legacy twin of a recurring price, which live answers still carry. */
export type Plan = ReturnType<typeof planOf>;

/** The price of an id, or the refusal that fits where the id stood. */
export function getPrice(world: World, id: string, param = "id"): Price {
  const price = world.state.prices.get(id);
  if (!price) throw missing("price", id, param);
  return price;
}

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

/** Create a price, for a product that exists or one described in place. */
export function createPrice(world: World, input: Stripe.PriceCreateParams): Price {
  if (input.unit_amount === undefined)
    throw invalid("You must specify either `unit_amount` or `unit_amount_decimal`.", { param: "unit_amount" });
  const product = input.product
    ? getProduct(world, input.product, "product")
    : input.product_data && createProduct(world, { name: input.product_data.name, metadata: input.product_data.metadata ?? {} });
  if (!product) throw invalid("You must specify either `product` or `product_data` when creating a price.", { param: "product" });
  const price: Price = {
    id: mint(world, "price"),
    object: "price",
    active: input.active ?? true,
    billing_scheme: "per_unit",
    created: world.state.time,
    currency: input.currency.toLowerCase(),
    custom_unit_amount: null,
    livemode: false,
    lookup_key: null,
    metadata: mergeMetadata({}, input.metadata),
    nickname: input.nickname || null,
    product: product.id,
    recurring: input.recurring
      ? {
          interval: input.recurring.interval as Interval,
          interval_count: input.recurring.interval_count ?? 1,
          meter: null,
          trial_period_days: null,
          usage_type: "licensed",
        }
      : null,
    tax_behavior: (input.tax_behavior ?? "unspecified") as Price["tax_behavior"],
    tiers_mode: null,
    transform_quantity: null,
    type: input.recurring ? "recurring" : "one_time",
    unit_amount: input.unit_amount,
    unit_amount_decimal: String(input.unit_amount),
  };
  if (input.lookup_key) takeLookupKey(world, price, input.lookup_key, input.transfer_lookup_key ?? false);
  world.state.prices.set(price.id, price);
  if (price.recurring) emit(world, "plan.created", planOf(price));
  emit(world, "price.created", price);
  return price;
}

/** The plan object that goes with a recurring price. */
export function planOf(price: Price) {
  return {
    id: price.id,
    object: "plan",
    active: price.active,
    amount: price.unit_amount,
    amount_decimal: price.unit_amount_decimal,
    billing_scheme: price.billing_scheme,
    created: price.created,
    currency: price.currency,
    interval: price.recurring?.interval ?? "month",
    interval_count: price.recurring?.interval_count ?? 1,
    livemode: false,
    metadata: price.metadata,
    meter: null,
    nickname: price.nickname,
    product: price.product,
    tiers_mode: null,
    transform_usage: null,
    trial_period_days: null,
    usage_type: "licensed",
  };
}

function takeLookupKey(world: World, price: Price, key: string | null, transfer: boolean): void {
  const holder =
    key === null ? undefined : [...world.state.prices.values()].find((row) => row.lookup_key === key && row.id !== price.id);
  if (holder && !transfer) throw invalid(`A price (\`${holder.id}\`) already uses that lookup key.`, { param: "lookup_key" });
  if (holder)
    update(world, "price.updated", holder, () => {
      holder.lookup_key = null;
    });
  price.lookup_key = key;
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
