import type Stripe from "stripe";
import { invalid, missing } from "../errors.ts";
import { emit, update } from "../event.ts";
import { mergeMetadata } from "../metadata.ts";
import type { Interval, Plan, Price, Product } from "../objects/price.ts";
import { mint, type World } from "../world.ts";

/** The price of an id, or the refusal that fits where the id stood. */
export function getPrice(world: World, id: string, param = "id"): Price {
  const price = world.state.prices.get(id);
  if (!price) throw missing("price", id, param);
  return price;
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
export function planOf(price: Price): Plan {
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

export function takeLookupKey(world: World, price: Price, key: string | null, transfer: boolean): void {
  const holder =
    key === null ? undefined : [...world.state.prices.values()].find((row) => row.lookup_key === key && row.id !== price.id);
  if (holder && !transfer) throw invalid(`A price (\`${holder.id}\`) already uses that lookup key.`, { param: "lookup_key" });
  if (holder)
    update(world, "price.updated", holder, () => {
      holder.lookup_key = null;
    });
  price.lookup_key = key;
}

/** The product of an id, or the refusal that fits where the id stood. */
export function getProduct(world: World, id: string, param = "id"): Product {
  const product = world.state.products.get(id);
  if (!product) throw missing("product", id, param);
  return product;
}

/** Create a product and, where asked, the price it comes with. */
export function createProduct(world: World, input: Stripe.ProductCreateParams): Product {
  if (input.id && world.state.products.has(input.id))
    throw invalid("Product already exists.", { code: "resource_already_exists", param: "id" });
  const product: Product = {
    id: input.id ?? mint(world, "product"),
    object: "product",
    active: true,
    created: world.state.time,
    default_price: null,
    description: null,
    images: [],
    livemode: false,
    marketing_features: [],
    metadata: {},
    name: input.name,
    package_dimensions: null,
    shippable: null,
    statement_descriptor: null,
    tax_code: null,
    tax_details: null,
    type: "service",
    unit_label: null,
    updated: world.state.time,
    url: null,
  };
  applyToProduct(product, input);
  world.state.products.set(product.id, product);
  emit(world, "product.created", product);
  if (input.default_price_data) {
    const price = createPrice(world, { ...(input.default_price_data as Stripe.PriceCreateParams), product: product.id });
    product.default_price = price.id;
  }
  return product;
}

export function applyToProduct(product: Product, input: Stripe.ProductCreateParams | Stripe.ProductUpdateParams): void {
  if (input.name !== undefined) product.name = input.name;
  if (input.active !== undefined) product.active = input.active;
  if (input.description !== undefined) product.description = input.description || null;
  if (input.url !== undefined) product.url = input.url || null;
  if (input.images !== undefined) product.images = input.images || [];
  if (input.marketing_features !== undefined)
    product.marketing_features = (input.marketing_features || []) as Product["marketing_features"];
  if (input.statement_descriptor !== undefined) product.statement_descriptor = input.statement_descriptor || null;
  if (input.unit_label !== undefined) product.unit_label = input.unit_label || null;
  product.metadata = mergeMetadata(product.metadata, input.metadata);
}
