import { invalid, missing, Refusal } from "../errors.ts";
import { emit } from "../event.ts";
import { later } from "../interval.ts";
import type { TestClock } from "../objects/test-clock.ts";
import type { World } from "../world.ts";
import { cancelNow } from "./cancel.ts";
import { nextDue, runUntil } from "./clock.ts";
import { isLive } from "./subscription.ts";

export function startAdvance(world: World, clock: TestClock, target: number): void {
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

export function deleteClock(world: World, clock: TestClock): void {
  for (const customer of [...world.state.customers.values()].filter((row) => row.test_clock === clock.id)) {
    for (const row of world.state.subscriptions.values())
      if (row.customer === customer.id && isLive(row)) cancelNow(world, row, "cancellation_requested");
    world.state.customers.delete(customer.id);
    world.state.deletedCustomers.set(customer.id, { id: customer.id, object: "customer", deleted: true });
  }
  world.state.testClocks.delete(clock.id);
  emit(world, "test_helpers.test_clock.deleted", clock);
}

export function getTestClock(world: World, id: string): TestClock {
  const clock = world.state.testClocks.get(id);
  if (!clock) throw missing("test clock", id);
  return clock;
}
