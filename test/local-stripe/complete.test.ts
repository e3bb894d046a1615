import { API_VERSION, eventTypes } from "@berth/domain/billing/stripe/events.ts";
import { Ajv } from "ajv";
import type Stripe from "stripe";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Bench, connect, createBench, description, sell, subscribe } from "./harness.ts";

/** A schema of the description as far as this file reads it. */
interface Schema {
  readonly required?: readonly string[];
  readonly properties?: Readonly<Record<string, { readonly enum?: readonly string[] }>>;
}
const described = description();
const { schemas } = (described as unknown as { components: { schemas: Record<string, Schema> } }).components;
const ajv = new Ajv({ strict: false, validateFormats: false }).addSchema(described, "spec");

/** What the product and its tests look at: answers it asks for, and what the events of its endpoint are about. */
const kinds = [
  "billing_portal.configuration",
  "billing_portal.session",
  "charge",
  "checkout.session",
  "customer",
  "dispute",
  "event",
  "invoice",
  "invoice_payment",
  "invoiceitem",
  "line_item",
  "payment_intent",
  "payment_method",
  "price",
  "product",
  "refund",
  "subscription",
  "subscription_item",
  "subscription_schedule",
  "test_helpers.test_clock",
  "webhook_endpoint",
] as const;

type Thing = Readonly<Record<string, unknown>>;
const found = new Map<string, Thing[]>();

/** Takes note of every object in a body, however deep, by its kind. */
function note(node: unknown): void {
  if (typeof node !== "object" || node === null) return;
  const thing = node as Thing;
  if (typeof thing.object === "string" && thing.deleted !== true && thing.object !== "list")
    found.set(thing.object, [...(found.get(thing.object) ?? []), thing]);
  for (const value of Object.values(node)) note(value);
}

let bench: Bench;
let stripe: Stripe;

/** Everything that happens to a customer, seen through answers and through events. */
beforeAll(async () => {
  bench = await createBench();
  const day = 86_400;
  stripe = connect(bench.server, async (input, init) => {
    const answer = await fetch(input, init);
    if (answer.status === 200) note(await answer.clone().json());
    return answer;
  });
  const sold = await sell(stripe);
  const { id: customer } = sold.customer;
  const subscription = await subscribe(stripe, sold);
  const item = subscription.items.data[0]!;
  await stripe.webhookEndpoints.create({ url: "http://127.0.0.1:9/", enabled_events: [...eventTypes], api_version: API_VERSION });
  await stripe.webhookEndpoints.list();
  const change = { items: [{ id: item.id, price: sold.prices.pro.id }] };
  await stripe.invoices.createPreview({ customer, subscription: subscription.id, subscription_details: change });
  await stripe.subscriptions.update(subscription.id, { ...change, proration_behavior: "create_prorations" });
  await stripe.invoiceItems.list({ customer });
  const schedule = await stripe.subscriptionSchedules.create({ from_subscription: subscription.id });
  await stripe.subscriptionSchedules.release(schedule.id);
  bench.control.failCards("all", "generic_decline");
  bench.control.advance(31 * day + 7200);
  await stripe.subscriptions.list({ customer, expand: ["data.latest_invoice", "data.schedule", "data.default_payment_method"] });
  bench.control.fixCards("all");
  const { data: bills } = await stripe.invoices.list({ customer, expand: ["data.payments"] });
  await stripe.invoices.pay(bills[0]!.id!);
  const { data: charges } = await stripe.charges.list({ customer });
  bench.control.dispute(charges.find(({ paid }) => paid)!.id);
  await stripe.disputes.list({ charge: charges.find(({ paid }) => paid)!.id });
  await stripe.refunds.create({ charge: charges.findLast(({ paid }) => paid)!.id, amount: 100 });
  await stripe.paymentIntents.list({ customer });
  await stripe.invoicePayments.list();
  const configuration = await stripe.billingPortal.configurations.create({ features: { invoice_history: { enabled: true } } });
  await stripe.billingPortal.sessions.create({ customer, configuration: configuration.id, return_url: "http://127.0.0.1/" });
  const sessions = await stripe.checkout.sessions.list({ customer });
  await stripe.checkout.sessions.listLineItems(sessions.data[0]!.id);
  await stripe.testHelpers.testClocks.create({ frozen_time: bench.control.now() });
  await stripe.subscriptions.cancel(subscription.id);
  await stripe.events.list({ limit: 100 });
});
afterAll(() => bench.close());

describe("every field that the description requires is there, in answers and in what events are about", () => {
  test.each(kinds)("%s", (kind) => {
    const { required = [] } = schemas[kind] ?? {};
    expect(required.length).toBeGreaterThan(0);
    const seen = found.get(kind) ?? [];
    expect(seen.length, `no ${kind} was seen`).toBeGreaterThan(0);
    const missing = new Set(seen.flatMap((thing) => required.filter((name) => !Object.hasOwn(thing, name))));
    expect([...missing]).toEqual([]);
  });
});

describe("an answer that lacks any field the description requires, or has it in another type, does not pass", () => {
  test.each(kinds)("%s", (kind) => {
    const validate = ajv.compile({ $ref: `spec#/components/schemas/${kind}` });
    const whole = (found.get(kind) ?? []).find((thing) => validate(thing));
    expect(whole, `no ${kind} is valid`).toBeDefined();
    for (const name of schemas[kind]?.required ?? []) {
      const { [name]: _, ...less } = whole ?? {};
      expect(validate(less), `${kind} without ${name}`).toBe(false);
    }
    expect(validate({ ...whole, object: 7 })).toBe(false);
  });
});
