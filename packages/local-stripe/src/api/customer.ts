import type Stripe from "stripe";
import { missing } from "../errors.ts";
import { emit, update } from "../event.ts";
import { cancelNow } from "../flows/cancel.ts";
import { roomOnClock } from "../flows/clock-limits.ts";
import { getCustomer, moveBalance } from "../flows/customer.ts";
import { page } from "../list.ts";
import { mergeMetadata } from "../metadata.ts";
import type { Customer } from "../objects/customer.ts";
import type { Address } from "../objects/parts.ts";
import { mint, timeOf, type World } from "../world.ts";
import type { Api } from "./api.ts";
import { search } from "./search.ts";

export function customerRoutes({ on, world }: Api): void {
  on<Stripe.CustomerCreateParams>("post", "/v1/customers", ({ input }) => createCustomer(world, input));

  on<Stripe.CustomerListParams>("get", "/v1/customers", ({ input }) =>
    page(world, "/v1/customers", [...world.state.customers.values()], input, "customer", {
      email: (customer) => customer.email,
      test_clock: (customer) => customer.test_clock,
    }),
  );

  on<Stripe.CustomerSearchParams>("get", "/v1/customers/search", ({ input }) =>
    search("/v1/customers/search", [...world.state.customers.values()], input),
  );

  on("get", "/v1/customers/{id}", ({ params }) => world.state.deletedCustomers.get(params.id!) ?? getCustomer(world, params.id!));

  on<Stripe.CustomerUpdateParams>("post", "/v1/customers/{id}", ({ params, input }) => {
    const customer = getCustomer(world, params.id!);
    update(world, "customer.updated", customer, () => apply(world, customer, input));
    return customer;
  });

  on("delete", "/v1/customers/{id}", ({ params }) => deleteCustomer(world, getCustomer(world, params.id!)));

  on<Stripe.CustomerListBalanceTransactionsParams>("get", "/v1/customers/{id}/balance_transactions", ({ params, input }) => {
    const rows = [...world.state.customerBalances.values()].filter((row) => row.customer === params.id);
    return page(world, `/v1/customers/${params.id}/balance_transactions`, rows, input, "customer balance transaction");
  });

  on<Stripe.CustomerCreateBalanceTransactionParams>("post", "/v1/customers/{id}/balance_transactions", ({ params, input }) => {
    const customer = getCustomer(world, params.id!);
    return moveBalance(world, customer, input.amount, "adjustment", null, input.currency);
  });
}

function createCustomer(world: World, input: Stripe.CustomerCreateParams): Customer {
  const clock = input.test_clock ?? null;
  if (clock !== null && !world.state.testClocks.has(clock)) throw missing("test clock", clock, "test_clock");
  roomOnClock(world, clock);
  const customer: Customer = {
    id: mint(world, "customer"),
    object: "customer",
    address: null,
    balance: 0,
    created: timeOf(world, clock),
    currency: null,
    default_source: null,
    delinquent: false,
    description: null,
    discount: null,
    email: null,
    invoice_prefix: mint(world, "token").slice(0, 8).toUpperCase(),
    invoice_settings: { custom_fields: null, default_payment_method: null, footer: null, rendering_options: null },
    livemode: false,
    metadata: {},
    name: null,
    next_invoice_sequence: 1,
    phone: null,
    preferred_locales: [],
    shipping: null,
    tax_exempt: "none",
    test_clock: clock,
  };
  apply(world, customer, input);
  world.state.customers.set(customer.id, customer);
  emit(world, "customer.created", customer);
  return customer;
}

function apply(world: World, customer: Customer, input: Stripe.CustomerCreateParams | Stripe.CustomerUpdateParams): void {
  if (input.email !== undefined) customer.email = input.email || null;
  if (input.name !== undefined) customer.name = input.name || null;
  if (input.phone !== undefined) customer.phone = input.phone || null;
  if (input.description !== undefined) customer.description = input.description || null;
  if (input.balance !== undefined) customer.balance = input.balance;
  if (input.address !== undefined) customer.address = input.address ? fullAddress(input.address) : null;
  if (input.preferred_locales !== undefined) customer.preferred_locales = input.preferred_locales;
  if (input.tax_exempt !== undefined) customer.tax_exempt = (input.tax_exempt || "none") as Customer["tax_exempt"];
  customer.metadata = mergeMetadata(customer.metadata, input.metadata);
  const method = input.invoice_settings?.default_payment_method;
  if (method !== undefined) {
    if (method && world.state.paymentMethods.get(method)?.customer !== customer.id)
      throw missing("PaymentMethod", method, "invoice_settings[default_payment_method]");
    customer.invoice_settings.default_payment_method = method || null;
  }
}

/** A deleted customer's subscriptions end at once; only its id can be read afterwards. */
function deleteCustomer(world: World, customer: Customer): { id: string; object: "customer"; deleted: true } {
  for (const subscription of world.state.subscriptions.values())
    if (subscription.customer === customer.id && !subscription.ended_at) cancelNow(world, subscription, "cancellation_requested");
  for (const method of world.state.paymentMethods.values()) if (method.customer === customer.id) method.customer = null;
  const deleted = { id: customer.id, object: "customer", deleted: true } as const;
  emit(world, "customer.deleted", customer);
  world.state.customers.delete(customer.id);
  world.state.deletedCustomers.set(customer.id, deleted);
  return deleted;
}

function fullAddress(address: Stripe.AddressParam): Address {
  const {
    city = null,
    country = null,
    line1 = null,
    line2 = null,
    postal_code = null,
    state = null,
  } = address as Partial<Address>;
  return { city, country, line1, line2, postal_code, state };
}
