import { departures, resourceSchema } from "@berth/local-stripe/openapi.ts";
import { Ajv } from "ajv";
import type Stripe from "stripe";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Bench, createBench, description, sell, subscribe } from "./harness.ts";

let bench: Bench;

beforeAll(async () => {
  bench = await createBench();
});
afterAll(() => bench.close());

const day = 86_400;

/** A subscription that lives through most of what can happen to one. */
async function aLife(): Promise<void> {
  const { stripe, control } = bench;
  const sold = await sell(stripe);
  const subscription = await subscribe(stripe, sold);
  const items = [{ id: subscription.items.data[0]!.id, price: sold.prices.pro.id }];
  control.advance(day);
  control.failNextCharge("insufficient_funds");
  const pending = await stripe.subscriptions.update(subscription.id, {
    items,
    proration_behavior: "always_invoice",
    payment_behavior: "pending_if_incomplete",
  });
  await stripe.invoices.pay(pending.latest_invoice as string);
  const schedule = await stripe.subscriptionSchedules.create({ from_subscription: subscription.id });
  await stripe.subscriptionSchedules.release(schedule.id);
  control.failCards("all", "authentication_required");
  control.advance(31 * day);
  control.fixCards("all");
  control.failCards("all", "generic_decline");
  control.advance(15 * day);
  control.fixCards("all");
  const open = (await stripe.invoices.list({ subscription: subscription.id, status: "open" })).data;
  for (const invoice of open) await stripe.invoices.pay(invoice.id!);
  const [charge] = (await stripe.charges.list({ customer: sold.customer.id })).data;
  control.closeDispute(control.dispute(charge!.id), "lost");
  await stripe.subscriptions.pause(subscription.id);
  await stripe.subscriptions.resume(subscription.id);
  await stripe.subscriptions.cancel(subscription.id, { prorate: true, invoice_now: true });
  await stripe.customers.del(sold.customer.id);
}

test("the object of every event is as the API description says, by our own check and by ajv", async () => {
  await aLife();
  const events = bench.control.events();
  expect(new Set(events.map((event) => event.type)).size).toBeGreaterThan(30);
  const ajv = new Ajv({ strict: false, validateFormats: false });
  ajv.addSchema(description(), "spec");
  const wrong = events.flatMap(({ type, data }) => {
    const object = data.object as { object: string };
    const validate = ajv.getSchema(`spec#/components/schemas/${object.object}`)!;
    validate(data.object);
    return [
      ...departures(resourceSchema(object.object)!, data.object),
      ...(validate.errors ?? []).map((error) => `${error.instancePath} ${error.message}`),
    ].map((line) => `${type}: ${line}`);
  });
  expect(wrong).toEqual([]);
});

test("previous attributes stand on updates alone, and hold what was there before", () => {
  const events = bench.control.events();
  const withPrevious = new Set(events.filter((event) => event.data.previous_attributes).map((event) => event.type));
  expect(
    [...withPrevious].filter(
      (type) => !type.endsWith(".updated") && type !== "charge.refunded" && type !== "payment_method.detached",
    ),
  ).toEqual([]);
  const pastDue = events.find(
    (event) => event.type === "customer.subscription.updated" && (event.data.object as { status?: string }).status === "past_due",
  )!;
  expect(pastDue.data.previous_attributes).toMatchObject({ status: "active" });
});

test("events are listed newest first, by type, by several types, and by time, for thirty days", async () => {
  const { stripe } = bench;
  const all = bench.control.events();
  const list = async (params: Stripe.EventListParams) => (await stripe.events.list({ limit: 100, ...params })).data;
  const paid = await list({ type: "invoice.paid" });
  expect(paid.length).toBeGreaterThan(0);
  expect(paid.map((event) => event.created)).toEqual(paid.map((event) => event.created).toSorted((one, other) => other - one));
  expect(new Set((await list({ types: ["invoice.paid", "customer.deleted"] })).map((event) => event.type))).toEqual(
    new Set(["invoice.paid", "customer.deleted"]),
  );
  expect((await list({ type: "charge.*" })).every((event) => event.type.startsWith("charge."))).toBe(true);
  expect((await list({ created: { gte: bench.control.now() } })).every((event) => event.created >= bench.control.now())).toBe(
    true,
  );
  expect(paid.every((event) => event.created > bench.control.now() - 30 * day)).toBe(true);
  expect(all.some((event) => event.created < bench.control.now() - 30 * day)).toBe(true);
});

test("the same seed tells the same story, ids and all", async () => {
  const story = async () => {
    const one = await createBench({ seed: 42 });
    await subscribe(one.stripe, await sell(one.stripe));
    const ids = one.control.events().map((event) => [event.type, event.id, event.data.object.id]);
    await one.close();
    return ids;
  };
  expect(await story()).toEqual(await story());
});

test("under rough delivery every event still arrives, some twice, and not in order", async () => {
  const rough = await createBench({ seed: 5 });
  rough.control.chaos("rough");
  for (let index = 0; index < 4; index += 1) await subscribe(rough.stripe, await sell(rough.stripe));
  await rough.control.idle();
  const generated = rough.control.events().map((event) => event.id);
  const arrived = rough.received.map(({ event }) => event.id);
  expect(new Set(arrived)).toEqual(new Set(generated));
  expect(arrived.length).toBeGreaterThan(generated.length);
  expect(arrived.filter((id, index) => arrived.indexOf(id) === index)).not.toEqual(generated);
  await rough.close();
});
