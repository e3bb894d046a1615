import type Stripe from "stripe";
import { invalid } from "../errors.ts";
import { emit, update } from "../event.ts";
import { applyToProduct, createProduct, getProduct } from "../flows/price.ts";
import { page } from "../list.ts";
import type { Api } from "./api.ts";
import { search } from "./search.ts";

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
      applyToProduct(product, input);
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
