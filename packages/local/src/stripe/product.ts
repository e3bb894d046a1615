import type Stripe from "stripe";
import type { Api } from "./api.ts";
import { invalid, missing } from "./errors.ts";
import { emit, update } from "./event.ts";
import { page } from "./list.ts";
import { type Metadata, mergeMetadata } from "./metadata.ts";
import { createPrice } from "./price.ts";
import { search } from "./search.ts";
import { mint, type World } from "./world.ts";

/** Something that is sold; what it costs is in its prices. */
export interface Product {
  id: string;
  object: "product";
  active: boolean;
  created: number;
  default_price: string | null;
  description: string | null;
  images: string[];
  livemode: false;
  marketing_features: { name?: string }[];
  metadata: Metadata;
  name: string;
  package_dimensions: null;
  shippable: null;
  statement_descriptor: string | null;
  tax_code: null;
  tax_details: null;
  type: "service";
  unit_label: string | null;
  updated: number;
  url: string | null;
}

/** The product of an id, or the refusal that fits where the id stood. */
export function getProduct(world: World, id: string, param = "id"): Product {
  const product = world.state.products.get(id);
  if (!product) throw missing("product", id, param);
  return product;
}

export function productRoutes({ on, world }: Api): void {
  on<Stripe.ProductCreateParams>("post", "/v1/products", ({ input }) => createProduct(world, input));

  on<Stripe.ProductListParams>("get", "/v1/products", ({ input }) => {
    const { ids } = input;
    const rows = [...world.state.products.values()].filter((product) => !ids || ids.includes(product.id));
    return page(world, "/v1/products", rows, input, "product", {
      active: (product) => product.active,
      url: (product) => product.url,
    });
  });

  on<Stripe.ProductSearchParams>("get", "/v1/products/search", ({ input }) =>
    search("/v1/products/search", [...world.state.products.values()], input),
  );

  on("get", "/v1/products/{id}", ({ params }) => getProduct(world, params.id!));

  on<Stripe.ProductUpdateParams>("post", "/v1/products/{id}", ({ params, input }) => {
    const product = getProduct(world, params.id!);
    update(world, "product.updated", product, () => {
      apply(product, input);
      if (input.default_price !== undefined) product.default_price = input.default_price || null;
      product.updated = world.state.time;
    });
    return product;
  });

  on("delete", "/v1/products/{id}", ({ params }) => {
    const product = getProduct(world, params.id!);
    if ([...world.state.prices.values()].some((price) => price.product === product.id))
      throw invalid("This product cannot be deleted because it has one or more user-created prices.");
    world.state.products.delete(product.id);
    emit(world, "product.deleted", product);
    return { id: product.id, object: "product", deleted: true };
  });
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
  apply(product, input);
  world.state.products.set(product.id, product);
  emit(world, "product.created", product);
  if (input.default_price_data) {
    const price = createPrice(world, { ...(input.default_price_data as Stripe.PriceCreateParams), product: product.id });
    product.default_price = price.id;
  }
  return product;
}

function apply(product: Product, input: Stripe.ProductCreateParams | Stripe.ProductUpdateParams): void {
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
