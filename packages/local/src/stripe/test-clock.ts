import type Stripe from "stripe";
import type { Api } from "./api.ts";
import { cancelNow } from "./cancel.ts";
import { nextDue, runUntil } from "./clock.ts";
import { invalid, missing, Refusal } from "./errors.ts";
import { emit } from "./event.ts";
import { later } from "./interval.ts";
import { page } from "./list.ts";
import { isLive } from "./subscription.ts";
import { mint, type World } from "./world.ts";

/**
 * A time of their own for the customers made on it: `ready`, and `advancing` while it moves. It moves forward only. While it moves its
 * objects can be read and events go out, but nothing of it can be changed.
 */
export interface TestClock {
  id: string;
  object: "test_helpers.test_clock";
  created: number;
  deletes_after: number;
  frozen_time: number;
  livemode: false;
  name: string | null;
  status: "ready" | "advancing";
  status_details: { advancing?: { target_frozen_time: number } };
}

const keptSeconds = 30 * 86_400;
const mostCustomers = 3;
const mostSubscriptions = 3;

export function testClockRoutes({ on, world }: Api): void {
  on<Stripe.TestHelpers.TestClockCreateParams>("post", "/v1/test_helpers/test_clocks", ({ input }) => {
    const clock: TestClock = {
      id: mint(world, "clock"),
      object: "test_helpers.test_clock",
      created: world.state.time,
      deletes_after: world.state.time + keptSeconds,
      frozen_time: input.frozen_time,
      livemode: false,
      name: input.name ?? null,
      status: "ready",
      status_details: {},
    };
    world.state.testClocks.set(clock.id, clock);
    emit(world, "test_helpers.test_clock.created", clock);
    return clock;
  });

  on<Stripe.TestHelpers.TestClockListParams>("get", "/v1/test_helpers/test_clocks", ({ input }) =>
    page(world, "/v1/test_helpers/test_clocks", [...world.state.testClocks.values()], input, "test clock"),
  );

  on("get", "/v1/test_helpers/test_clocks/{id}", ({ params }) => getTestClock(world, params.id!));

  on("delete", "/v1/test_helpers/test_clocks/{id}", ({ params }) => {
    const clock = getTestClock(world, params.id!);
    deleteClock(world, clock);
    return { id: clock.id, object: "test_helpers.test_clock", deleted: true };
  });

  on<Stripe.TestHelpers.TestClockAdvanceParams>("post", "/v1/test_helpers/test_clocks/{id}/advance", ({ params, input }) => {
    const clock = getTestClock(world, params.id!);
    startAdvance(world, clock, input.frozen_time);
    return clock;
  });
}

/** Refuse to change anything on a clock that moves, as the real service does with 429. */
export function lockedClock(world: World, params: Record<string, string | undefined>, input: Record<string, unknown>): void {
  const ids = [
    ...Object.values(params),
    ...["customer", "subscription", "from_subscription", "invoice"].map((key) => input[key]),
  ];
  for (const id of ids) {
    const clock = world.state.testClocks.get(clockOf(world, id) ?? "");
    if (clock?.status === "advancing")
      throw new Refusal(
        429,
        { type: "invalid_request_error", message: `Test clock advancement underway - cannot perform modifications: ${clock.id}` },
        false,
      );
  }
}

/** Refuse more on a clock than it may carry. */
export function roomOnClock(world: World, testClock: string | null, customer?: string): void {
  if (testClock === null) return;
  const customers = [...world.state.customers.values()].filter((row) => row.test_clock === testClock);
  const subscriptions = [...world.state.subscriptions.values()].filter((row) => row.customer === customer && isLive(row));
  if (customer === undefined && customers.length >= mostCustomers)
    throw invalid(`A test clock can have at most ${mostCustomers} customers.`, { param: "test_clock" });
  if (customer !== undefined && subscriptions.length >= mostSubscriptions)
    throw invalid(`A customer on a test clock can have at most ${mostSubscriptions} subscriptions.`, { param: "customer" });
}

function startAdvance(world: World, clock: TestClock, target: number): void {
  if (clock.status === "advancing")
    throw new Refusal(
      429,
      { type: "invalid_request_error", message: `Test clock advancement underway - cannot perform modifications: ${clock.id}` },
      false,
    );
  if (target <= clock.frozen_time)
    throw invalid("A test clock can only be advanced to a time after its frozen time.", { param: "frozen_time" });
  const limit = furthest(world, clock);
  if (target > limit)
    throw invalid("A test clock can only be advanced by up to two intervals of its shortest subscription at a time.", {
      param: "frozen_time",
    });
  clock.status = "advancing";
  clock.status_details = { advancing: { target_frozen_time: target } };
  emit(world, "test_helpers.test_clock.advancing", clock);
  move(world, clock, target);
}

/** Take up the clocks that were moving when the world was saved. */
export function resumeClocks(world: World): void {
  for (const clock of world.state.testClocks.values()) {
    const target = clock.status_details.advancing?.target_frozen_time;
    if (target !== undefined) move(world, clock, target);
  }
}

/** One thing that falls due after another, with room between them for whoever reads meanwhile. */
function move(world: World, clock: TestClock, target: number): void {
  const step = () => {
    if (world.state.testClocks.get(clock.id) !== clock) return;
    const due = nextDue(world, clock.id);
    if (due && due.at <= target) {
      runUntil(world, clock.id, due.at, { once: true });
      setTimeout(step, world.state.settings.clockStepMs).unref();
      return;
    }
    clock.frozen_time = target;
    clock.status = "ready";
    clock.status_details = {};
    emit(world, "test_helpers.test_clock.ready", clock);
    world.onChange();
  };
  setTimeout(step, world.state.settings.clockStepMs).unref();
}

function furthest(world: World, clock: TestClock): number {
  const rhythms = [...world.state.subscriptions.values()]
    .filter((row) => row.test_clock === clock.id && isLive(row))
    .flatMap((row) => row.items.data.map((item) => item.price.recurring!));
  const ends = rhythms.map((rhythm) =>
    later(clock.frozen_time, { interval: rhythm.interval, interval_count: 2 * rhythm.interval_count }),
  );
  return ends.length ? Math.min(...ends) : later(clock.frozen_time, { interval: "year", interval_count: 2 });
}

function deleteClock(world: World, clock: TestClock): void {
  for (const customer of [...world.state.customers.values()].filter((row) => row.test_clock === clock.id)) {
    for (const row of world.state.subscriptions.values())
      if (row.customer === customer.id && isLive(row)) cancelNow(world, row, "cancellation_requested");
    world.state.customers.delete(customer.id);
    world.state.deletedCustomers.set(customer.id, { id: customer.id, object: "customer", deleted: true });
  }
  world.state.testClocks.delete(clock.id);
  emit(world, "test_helpers.test_clock.deleted", clock);
}

function clockOf(world: World, id: unknown): string | null | undefined {
  if (typeof id !== "string") return undefined;
  const { customers, subscriptions, invoices, schedules, paymentMethods, checkouts, paymentIntents } = world.state;
  if (world.state.testClocks.has(id)) return undefined;
  const customer = customers.get(
    paymentMethods.get(id)?.customer ?? checkouts.get(id)?.session.customer ?? paymentIntents.get(id)?.customer ?? id,
  );
  return (
    customer?.test_clock ?? subscriptions.get(id)?.test_clock ?? invoices.get(id)?.test_clock ?? schedules.get(id)?.test_clock
  );
}

function getTestClock(world: World, id: string): TestClock {
  const clock = world.state.testClocks.get(id);
  if (!clock) throw missing("test clock", id);
  return clock;
}
