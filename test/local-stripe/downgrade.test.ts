import { expect, test } from "vitest";
import { startAt } from "./harness.ts";
import { bench, item, lookup, now, period, sold, subscription, upgrade, useSubscription } from "./subscribed.ts";

useSubscription();

test("what a downgrade billed at once gives back is a balance that the next bill uses", async () => {
  await upgrade();
  bench.control.advance(Math.floor(period() / 2));
  await bench.stripe.subscriptions.update(subscription.id, {
    items: [{ id: item, price: sold.prices.solo.id }],
    proration_behavior: "always_invoice",
  });
  expect(await bench.stripe.customers.retrieve(sold.customer.id)).toMatchObject({ balance: -500 });
  bench.control.advance(period());
  expect(await now()).toMatchObject({
    latest_invoice: { total: 900, starting_balance: -500, ending_balance: 0, amount_paid: 400 },
  });
});

test("a credit given while a draft waits is used when it becomes final", async () => {
  bench.control.advance(period());
  await bench.stripe.customers.createBalanceTransaction(sold.customer.id, { amount: -300, currency: "usd" });
  expect(await now()).toMatchObject({ latest_invoice: { status: "draft", amount_due: 900 } });
  bench.control.advance(3600);
  expect(await now()).toMatchObject({
    latest_invoice: { status: "paid", starting_balance: -300, ending_balance: 0, amount_paid: 600 },
  });
});

const downgrade = async () => {
  await upgrade();
  const made = await bench.stripe.subscriptionSchedules.create({ from_subscription: subscription.id });
  const [current] = made.phases;
  return bench.stripe.subscriptionSchedules.update(made.id, {
    end_behavior: "release",
    metadata: { org: "t_1" },
    proration_behavior: "none",
    phases: [
      { items: [{ price: sold.prices.pro.id, quantity: 1 }], start_date: current!.start_date, end_date: current!.end_date },
      {
        items: [{ price: sold.prices.solo.id, quantity: 1 }],
        duration: { interval: "month", interval_count: 1 },
        proration_behavior: "none",
      },
    ],
  });
};

test("a downgrade by schedule keeps the plan until the boundary, changes it there without proration, and lets go a month later", async () => {
  await upgrade();
  bench.happened();
  const schedule = await downgrade();
  expect(bench.happened()).toEqual([
    "subscription_schedule.created",
    "customer.subscription.updated",
    "subscription_schedule.updated",
  ]);
  expect(schedule).toMatchObject({ status: "active", phases: [{}, { start_date: startAt + period() }] });
  expect((await now()).schedule).toMatchObject({ id: schedule.id });
  expect(await lookup()).toBe("pro");

  bench.control.advance(period());
  expect(bench.happened()).toEqual(["customer.subscription.updated", "subscription_schedule.updated", "invoice.created"]);
  expect(await lookup()).toBe("solo");
  bench.control.advance(3600);
  expect(await now()).toMatchObject({ latest_invoice: { status: "paid", total: 900, lines: { data: [{ amount: 900 }] } } });

  bench.happened();
  bench.control.advance((await now()).items.data[0]!.current_period_end - bench.control.now());
  expect(bench.happened()).toEqual([
    "subscription_schedule.released",
    "customer.subscription.updated",
    "customer.subscription.updated",
    "invoice.created",
  ]);
  expect(await now()).toMatchObject({ schedule: null, status: "active" });
});

test("a downgrade that is released before the boundary renews at the old price", async () => {
  const schedule = await downgrade();
  bench.happened();
  expect(await bench.stripe.subscriptionSchedules.release(schedule.id)).toMatchObject({
    status: "released",
    subscription: null,
    released_subscription: subscription.id,
  });
  expect(bench.happened()).toEqual(["subscription_schedule.released", "customer.subscription.updated"]);
  bench.control.advance(period() + 3600);
  expect(await now()).toMatchObject({ latest_invoice: { total: 1900 } });
});

test("a schedule stands in the way of a second one, of cancelling, pausing and pending updates", async () => {
  await downgrade();
  await expect(bench.stripe.subscriptionSchedules.create({ from_subscription: subscription.id })).rejects.toThrow(
    "already attached to a schedule",
  );
  await expect(bench.stripe.subscriptions.update(subscription.id, { cancel_at_period_end: true })).rejects.toThrow(
    "managed by the subscription schedule",
  );
  await expect(bench.stripe.subscriptions.cancel(subscription.id)).rejects.toThrow("managed by the subscription schedule");
  await expect(bench.stripe.subscriptions.pause(subscription.id)).rejects.toThrow(
    "Cannot pause subscriptions with attached schedules",
  );
  await expect(upgrade()).rejects.toMatchObject({ statusCode: 400 });
});

test("a change of items while scheduled goes into the running phase", async () => {
  await downgrade();
  bench.control.advance(86_400);
  bench.happened();
  await bench.stripe.subscriptions.update(subscription.id, { items: [{ id: item, quantity: 2 }] });
  expect(bench.happened()).toEqual([
    "customer.subscription.updated",
    "subscription_schedule.updated",
    "invoiceitem.created",
    "invoiceitem.created",
  ]);
});

test("phases have ends, and iterations are gone", async () => {
  const schedule = await downgrade();
  const items = [{ price: sold.prices.solo.id }];
  await expect(
    bench.stripe.subscriptionSchedules.update(schedule.id, { phases: [{ items, iterations: 1 } as never] }),
  ).rejects.toMatchObject({ code: "parameter_unknown", param: "phases[0][iterations]" });
  await expect(bench.stripe.subscriptionSchedules.update(schedule.id, { phases: [{ items }] })).rejects.toMatchObject({
    param: "phases[0][end_date]",
  });
});
