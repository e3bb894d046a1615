import { invalid } from "../errors.ts";
import { whole } from "../list.ts";
import type { State, World } from "../world.ts";

type Wire = Record<string, unknown>;

const deepestExpansion = 4;

// The longest prefixes come first, since a schedule's id also begins like a subscription's.
const tables: readonly [string, (state: State) => Map<string, unknown>][] = [
  ["sub_sched_", (state) => state.schedules],
  ["sub_", (state) => state.subscriptions],
  ["cus_", (state) => state.customers],
  ["prod_", (state) => state.products],
  ["price_", (state) => state.prices],
  ["inpay_", (state) => state.invoicePayments],
  ["in_", (state) => state.invoices],
  ["ii_", (state) => state.invoiceItems],
  ["pm_", (state) => state.paymentMethods],
  ["pi_", (state) => state.paymentIntents],
  ["seti_", (state) => state.setupIntents],
  ["ch_", (state) => state.charges],
  ["re_", (state) => state.refunds],
  ["dp_", (state) => state.disputes],
  ["clock_", (state) => state.testClocks],
  ["bpc_", (state) => state.portalConfigurations],
];

/** Fields that an answer has only when they are asked for. */
const onRequest: Record<string, (world: World, object: Wire) => unknown> = {
  "invoice.payments": (world, invoice) =>
    whole(
      "/v1/invoice_payments",
      [...world.state.invoicePayments.values()].filter((payment) => payment.invoice === invoice.id),
    ),
  "invoice.confirmation_secret": (world, invoice) => {
    const payment = [...world.state.invoicePayments.values()].find((row) => row.invoice === invoice.id);
    const intent = payment && world.state.paymentIntents.get(payment.payment.payment_intent);
    return intent ? { client_secret: intent.client_secret, type: "payment_intent" } : null;
  },
  "checkout.session.line_items": (world, session) => {
    const record = world.state.checkouts.get(session.id as string);
    return whole(`/v1/checkout/sessions/${session.id}/line_items`, record?.items ?? []);
  },
  "customer.subscriptions": (world, customer) =>
    whole(
      `/v1/customers/${customer.id}/subscriptions`,
      [...world.state.subscriptions.values()].filter((row) => row.customer === customer.id && !row.ended_at),
    ),
  "charge.refunds": (world, charge) =>
    whole(
      `/v1/charges/${charge.id}/refunds`,
      [...world.state.refunds.values()].filter((refund) => refund.charge === charge.id),
    ),
  "billing_portal.configuration.features.subscription_update.products": (world, configuration) =>
    world.state.portalProducts.get(configuration.id as string) ?? [],
};

/** A copy of an answer with the asked paths replaced by the objects they name. */
export function expanded(world: World, answer: unknown, asked: readonly string[]): unknown {
  const copy = structuredClone(answer) as Wire;
  for (const path of asked) {
    const keys = path.split(".");
    if (keys.length > deepestExpansion)
      throw invalid(`You cannot expand more than ${deepestExpansion} levels of a property. Property: ${path}`, {
        param: "expand",
      });
    expandPath(world, copy, keys, path);
  }
  return copy;
}

interface Place {
  /** The nearest object with a kind of its own, and the way from it to here. */
  root: Wire;
  trail: string[];
}

function expandPath(
  world: World,
  node: Wire,
  keys: readonly string[],
  path: string,
  from: Place = { root: node, trail: [] },
): void {
  const [key, ...rest] = keys;
  if (key === undefined) return;
  const { root, trail } = typeof node.object === "string" ? { root: node, trail: [] } : from;
  const refusal = invalid(`This property cannot be expanded (${path}).`, { param: "expand" });
  if (node[key] === undefined) {
    const produce = onRequest[[root.object, ...trail, key].join(".")];
    if (!produce) throw refusal;
    node[key] = structuredClone(produce(world, root));
  }
  const value = node[key];
  if (value === null) return;
  if (typeof value === "string") {
    const object = key === "id" ? undefined : lookup(world, value);
    if (!object) throw refusal;
    node[key] = structuredClone(object);
  } else if (typeof value !== "object") throw refusal;
  const below: Place = { root, trail: [...trail, key] };
  const child = node[key] as Wire | unknown[];
  if (!Array.isArray(child)) {
    expandPath(world, child, rest, path, below);
    return;
  }
  node[key] = child.map((item) => {
    if (typeof item === "string") return structuredClone(lookup(world, item)) ?? item;
    expandPath(world, item as Wire, rest, path, below);
    return item;
  });
}

function lookup(world: World, id: string): unknown {
  const table = tables.find(([prefix]) => id.startsWith(prefix))?.[1](world.state);
  return table?.get(id) ?? world.state.deletedCustomers.get(id);
}
