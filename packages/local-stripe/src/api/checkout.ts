import type Stripe from "stripe";
import { invalid } from "../errors.ts";
import { expireCheckout, getCheckout } from "../flows/checkout.ts";
import { blankSession } from "../flows/checkout-session.ts";
import { getCustomer } from "../flows/customer.ts";
import { getPrice } from "../flows/price.ts";
import { lockCurrency } from "../flows/subscription-create.ts";
import { page, whole } from "../list.ts";
import { mergeMetadata } from "../metadata.ts";
import type { CheckoutItem, CheckoutRecord } from "../objects/checkout.ts";
import { onlySimulated } from "../simulated.ts";
import { mint, timeOf, type World } from "../world.ts";
import type { Api } from "./api.ts";

// Locale, addresses and the like change how the real page looks and nothing that a program sees.
const simulated = [
  "mode",
  "customer",
  "client_reference_id",
  "line_items",
  "success_url",
  "cancel_url",
  "expires_at",
  "metadata",
  "subscription_data",
  "allow_promotion_codes",
  "billing_address_collection",
  "customer_update",
  "locale",
  "ui_mode",
  "payment_method_collection",
];

const shortestSeconds = 30 * 60;
const longestSeconds = 24 * 60 * 60;

export function checkoutRoutes({ on, world }: Api): void {
  on<Stripe.Checkout.SessionCreateParams>("post", "/v1/checkout/sessions", ({ input }) => createCheckout(world, input).session);

  on<Stripe.Checkout.SessionListParams>("get", "/v1/checkout/sessions", ({ input }) => {
    const rows = [...world.state.checkouts.values()].map(({ session }) => session);
    return page(world, "/v1/checkout/sessions", rows, input, "checkout.session", {
      customer: (session) => session.customer,
      status: (session) => session.status,
      subscription: (session) => session.subscription,
    });
  });

  on("get", "/v1/checkout/sessions/{id}", ({ params }) => getCheckout(world, params.id!).session);

  on("get", "/v1/checkout/sessions/{id}/line_items", ({ params }) => {
    const { items } = getCheckout(world, params.id!);
    const { total_count: _, ...list } = whole(`/v1/checkout/sessions/${params.id}/line_items`, items);
    return list;
  });

  on<Stripe.Checkout.SessionUpdateParams>("post", "/v1/checkout/sessions/{id}", ({ params, input }) => {
    const { session } = getCheckout(world, params.id!);
    session.metadata = mergeMetadata(session.metadata, input.metadata);
    return session;
  });

  on("post", "/v1/checkout/sessions/{id}/expire", ({ params }) => {
    const { session } = getCheckout(world, params.id!);
    if (session.status !== "open")
      throw invalid(
        `Only Checkout Sessions with a status in ["open"] can be expired. This Session has a status of ${session.status}.`,
      );
    expireCheckout(world, session);
    return session;
  });
}

function createCheckout(world: World, input: Stripe.Checkout.SessionCreateParams): CheckoutRecord {
  onlySimulated(input, simulated, "on its checkout page");
  onlySimulated(input.subscription_data ?? {}, ["metadata", "description"], "in what a checkout begins");
  if (input.mode !== "subscription")
    throw invalid("This account only sells subscriptions: set `mode` to `subscription`.", { param: "mode" });
  if (!input.success_url)
    throw invalid("You must specify `success_url` for a hosted page.", { param: "success_url", code: "parameter_missing" });
  if (!input.customer)
    throw invalid("This account makes its customers before their checkout: set `customer`.", {
      param: "customer",
      code: "parameter_missing",
    });
  const customer = getCustomer(world, input.customer, "customer");
  const items = (input.line_items ?? []).map((line, index) => checkoutItem(world, line, index));
  const [first] = items;
  if (!first) throw invalid("Missing required param: line_items.", { param: "line_items", code: "parameter_missing" });
  lockCurrency(customer, first.currency);
  const now = timeOf(world, customer.test_clock);
  const expiresAt = input.expires_at ?? now + longestSeconds;
  if (expiresAt < now + shortestSeconds)
    throw invalid("The `expires_at` timestamp must be at least 30 minutes from Checkout Session creation.", {
      param: "expires_at",
    });
  if (expiresAt > now + longestSeconds)
    throw invalid("The `expires_at` timestamp must be less than 24 hours from Checkout Session creation.", {
      param: "expires_at",
    });
  const session = blankSession(mint(world, "checkout"), customer, {
    now,
    expiresAt,
    baseUrl: world.baseUrl,
    currency: first.currency,
    amount: items.reduce((sum, item) => sum + item.amount_total, 0),
  });
  session.success_url = input.success_url;
  session.cancel_url = input.cancel_url ?? null;
  session.client_reference_id = input.client_reference_id ?? null;
  session.allow_promotion_codes = input.allow_promotion_codes ?? null;
  session.metadata = mergeMetadata({}, input.metadata);
  const record = {
    session,
    items,
    subscriptionMetadata: mergeMetadata({}, input.subscription_data?.metadata),
    intent: null,
    method: null,
  };
  world.state.checkouts.set(session.id, record);
  return record;
}

function checkoutItem(world: World, line: Stripe.Checkout.SessionCreateParams.LineItem, index: number): CheckoutItem {
  const param = `line_items[${index}][price]`;
  if (!line.price) throw invalid("This account sells by price: set `price`.", { param, code: "parameter_missing" });
  const price = getPrice(world, line.price, param);
  if (!price.active) throw invalid("The price specified is inactive. This field only accepts active prices.", { param });
  if (!price.recurring)
    throw invalid("You must provide at least one recurring price in `subscription` mode when using prices.", { param });
  const quantity = line.quantity ?? 1;
  const amount = price.unit_amount * quantity;
  return {
    id: mint(world, "checkoutItem"),
    object: "item",
    adjustable_quantity: null,
    amount_discount: 0,
    amount_subtotal: amount,
    amount_tax: 0,
    amount_total: amount,
    currency: price.currency,
    description: world.state.products.get(price.product)!.name,
    metadata: {},
    price: structuredClone(price),
    quantity,
  };
}
