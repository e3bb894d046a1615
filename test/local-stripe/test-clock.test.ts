import Stripe from "stripe";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type Bench, createBench, sell, subscribe } from "./harness.ts";

let bench: Bench;

beforeEach(async () => {
  bench = await createBench();
});
afterEach(() => bench.close());

const frozen = Date.UTC(2030, 0, 1) / 1000;
const month = 31 * 86_400;

const ready = async (id: string) => {
  for (;;) {
    const clock = await bench.stripe.testHelpers.testClocks.retrieve(id);
    if (clock.status === "ready") return clock;
  }
};

test("objects of a customer on a clock live at its time, and signatures carry the real one", async () => {
  const clock = await bench.stripe.testHelpers.testClocks.create({ frozen_time: frozen, name: "renewal" });
  const subscription = await subscribe(bench.stripe, await sell(bench.stripe, { testClock: clock.id }));
  expect(subscription).toMatchObject({ created: frozen, test_clock: clock.id });
  await bench.control.idle();
  const { event, headers } = bench.received.find((row) => row.event.type === "customer.subscription.created")!;
  expect(event.created).toBe(frozen);
  expect(headers["stripe-signature"]).not.toContain(`t=${frozen}`);
});

test("advancing answers at once, refuses changes with 429 while events go out, and is ready at its target", async () => {
  const clock = await bench.stripe.testHelpers.testClocks.create({ frozen_time: frozen });
  const sold = await sell(bench.stripe, { testClock: clock.id });
  const subscription = await subscribe(bench.stripe, sold);
  bench.happened();
  const advancing = await bench.stripe.testHelpers.testClocks.advance(clock.id, { frozen_time: frozen + month + 3600 });
  expect(advancing).toMatchObject({
    status: "advancing",
    frozen_time: frozen,
    status_details: { advancing: { target_frozen_time: frozen + month + 3600 } },
  });
  expect(await ready(clock.id)).toMatchObject({ frozen_time: frozen + month + 3600, status_details: {} });
  const types = bench.happened();
  expect([types[0], types.at(-1)]).toEqual(["test_helpers.test_clock.advancing", "test_helpers.test_clock.ready"]);
  expect(types).toContain("invoice.paid");
  expect(await bench.stripe.subscriptions.retrieve(subscription.id, { expand: ["latest_invoice"] })).toMatchObject({
    latest_invoice: { status: "paid", created: frozen + month },
  });
});

test("a change while the clock moves is 429 with the recorded words, and passes afterwards", async () => {
  const clock = await bench.stripe.testHelpers.testClocks.create({ frozen_time: frozen });
  const sold = await sell(bench.stripe, { testClock: clock.id });
  const subscription = await subscribe(bench.stripe, sold);
  bench.control.settings({ clockStepMs: 100 });
  await bench.stripe.testHelpers.testClocks.advance(clock.id, { frozen_time: frozen + month + 3600 });
  const change = () => bench.stripe.subscriptions.update(subscription.id, { metadata: { a: "1" } });
  await expect(change()).rejects.toMatchObject({
    statusCode: 429,
    message: `Test clock advancement underway - cannot perform modifications: ${clock.id}`,
  });
  await expect(bench.stripe.customers.update(sold.customer.id, { name: "Ann" })).rejects.toBeInstanceOf(
    Stripe.errors.StripeRateLimitError,
  );
  expect((await bench.stripe.subscriptions.retrieve(subscription.id)).metadata).toEqual({ org_id: "t_1" });
  expect((await bench.stripe.customers.create({})).test_clock).toBeNull();
  await ready(clock.id);
  expect((await bench.stripe.subscriptions.update(subscription.id, { metadata: { a: "2" } })).metadata).toMatchObject({ a: "2" });
});

test("a clock moves forward only, by two intervals of the shortest subscription at most, or two years without one", async () => {
  const clock = await bench.stripe.testHelpers.testClocks.create({ frozen_time: frozen });
  const advance = (to: number) => bench.stripe.testHelpers.testClocks.advance(clock.id, { frozen_time: to });
  await expect(advance(frozen)).rejects.toMatchObject({ statusCode: 400 });
  await expect(advance(frozen + 3 * 366 * 86_400)).rejects.toMatchObject({ statusCode: 400 });
  await subscribe(bench.stripe, await sell(bench.stripe, { testClock: clock.id }));
  await expect(advance(frozen + 3 * month)).rejects.toThrow("two intervals");
});

test("a clock holds three customers, and one that is deleted takes them with it", async () => {
  const clock = await bench.stripe.testHelpers.testClocks.create({ frozen_time: frozen });
  const make = () => bench.stripe.customers.create({ test_clock: clock.id });
  const first = await make();
  await make();
  await make();
  await expect(make()).rejects.toBeInstanceOf(Stripe.errors.StripeInvalidRequestError);
  await bench.stripe.testHelpers.testClocks.del(clock.id);
  expect(await bench.stripe.customers.retrieve(first.id)).toMatchObject({ deleted: true });
});

test("the account's own time and a clock's do not touch one another", async () => {
  const clock = await bench.stripe.testHelpers.testClocks.create({ frozen_time: frozen });
  const subscription = await subscribe(bench.stripe, await sell(bench.stripe, { testClock: clock.id }));
  bench.happened();
  bench.control.advance(100 * 86_400);
  expect(bench.happened()).toEqual([]);
  expect((await bench.stripe.subscriptions.retrieve(subscription.id)).items.data[0]!.current_period_start).toBe(frozen);
});
