import { emit, update } from "../event.ts";
import type { Phase, Schedule } from "../objects/schedule.ts";
import type { Item, Subscription } from "../objects/subscription.ts";
import { timeOf, type World } from "../world.ts";
import { cancelNow } from "./cancel.ts";
import { planOf } from "./price.ts";
import { currentPhase, scheduleOf } from "./schedule.ts";
import { makeItem, mirrorItem, paidUntil } from "./subscription.ts";
import { updateSubscription } from "./subscription-update.ts";

/** When a schedule has something to do that a renewal does not do along the way, epoch seconds. */
export function phaseDue(world: World, subscription: Subscription): number | undefined {
  const end = scheduleOf(world, subscription)?.current_phase?.end_date;
  const last = end !== undefined && !nextPhase(scheduleOf(world, subscription)!);
  return end !== undefined && (last || end !== paidUntil(subscription)) ? end : undefined;
}

/** The phase that runs has ended: the next begins, or the schedule is at its end. */
export function endPhase(world: World, subscription: Subscription): void {
  const schedule = scheduleOf(world, subscription)!;
  const next = nextPhase(schedule);
  if (next) {
    enter(world, schedule, next);
    updateSubscription(world, subscription, { items: asked(subscription, next), proration_behavior: next.proration_behavior });
  } else if (schedule.end_behavior === "release") releaseSchedule(world, schedule);
  else {
    Object.assign(schedule, { status: "completed", completed_at: timeOf(world, schedule.test_clock), current_phase: null });
    emit(world, "subscription_schedule.completed", schedule);
    cancelNow(world, subscription, "cancellation_requested");
  }
}

/** Where a phase begins as a period begins: give the subscription its items without proration. Answers the schedule to tell of. */
export function enterWithPeriod(world: World, subscription: Subscription, at: number): Schedule | undefined {
  const schedule = scheduleOf(world, subscription);
  const next = schedule && nextPhase(schedule);
  if (!schedule || !next || next.start_date !== at) return undefined;
  subscription.items.data = next.items.map((row, index): Item => {
    const price = world.state.prices.get(row.price)!;
    const item =
      subscription.items.data[index] ??
      makeItem(world, subscription.id, { price, quantity: row.quantity }, subscription.billing_cycle_anchor, at);
    return { ...item, price: structuredClone(price), plan: planOf(price), quantity: row.quantity };
  });
  mirrorItem(subscription);
  return schedule;
}

/** Tell that a schedule is in its next phase. */
export function enter(world: World, schedule: Schedule, phase = nextPhase(schedule)): void {
  if (!phase) return;
  update(world, "subscription_schedule.updated", schedule, () => {
    schedule.current_phase = { start_date: phase.start_date, end_date: phase.end_date };
  });
}

/** Let go of the subscription: it goes on as it is. */
export function releaseSchedule(world: World, schedule: Schedule): void {
  const subscription = world.state.subscriptions.get(schedule.subscription ?? "");
  Object.assign(schedule, {
    status: "released",
    released_at: timeOf(world, schedule.test_clock),
    released_subscription: schedule.subscription,
    subscription: null,
    current_phase: null,
  });
  emit(world, "subscription_schedule.released", schedule);
  if (subscription)
    update(world, "customer.subscription.updated", subscription, () => {
      subscription.schedule = null;
    });
}

function nextPhase(schedule: Schedule): Phase | undefined {
  const running = currentPhase(schedule);
  return running && schedule.phases[running.index + 1];
}

function asked(subscription: Subscription, phase: Phase) {
  return phase.items.map(({ price, quantity }, index) => {
    const existing = subscription.items.data[index];
    return { price, quantity, ...(existing ? { id: existing.id } : {}) };
  });
}
