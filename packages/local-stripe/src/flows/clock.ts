import { type Due, timeOf, type World } from "../world.ts";

/** The next thing due on a test clock, or on the account's own time (null). */
export function nextDue(world: World, clock: string | null): Due | undefined {
  let next: Due | undefined;
  for (const dues of world.dues) for (const due of dues(world, clock)) if (!next || due.at < next.at) next = due;
  return next;
}

/** Move a clock to a time, doing everything that falls due on the way in its order and at its own time, or only the first of it. */
export function runUntil(world: World, clock: string | null, target: number, { once = false }: { once?: boolean } = {}): void {
  for (let due = nextDue(world, clock); due && due.at <= target; due = nextDue(world, clock)) {
    setTime(world, clock, Math.max(due.at, timeOf(world, clock)));
    due.run();
    if (once) break;
  }
  setTime(world, clock, target);
  world.onChange();
}

/** Let the account's own time follow the process's clock. */
export function catchUp(world: World): void {
  const target = Math.floor(world.wallClock() / 1000) + world.state.ahead;
  if (target > world.state.time) runUntil(world, null, target);
}

function setTime(world: World, clock: string | null, time: number): void {
  const testClock = clock === null ? undefined : world.state.testClocks.get(clock);
  if (testClock) testClock.frozen_time = time;
  else world.state.time = time;
}
