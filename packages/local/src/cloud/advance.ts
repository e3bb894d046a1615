import type { Engine } from "@berth/local-dynamodb/engine.ts";
import type { Control } from "@berth/local-stripe/control.ts";
import type { CloudClock } from "../clock/clock.ts";
import type { Scheduler } from "../lambda/scheduler.ts";

const DAY_SECONDS = 86_400;
/** What waits longer than this for quiet goes on without it. */
const PATIENCE_MS = 15_000;
const LOOK_MS = 20;

export interface Advancing {
  readonly clock: CloudClock;
  readonly stripe: Control;
  readonly scheduler: Scheduler;
  readonly dynamodb: Engine;
  /** Whether nothing waits or is being worked on in the queues whose work is short. */
  readonly quiet: () => boolean;
}

/**
 * Turns Berth's clock and Stripe's on together, a day at a time: after each step Stripe's events are delivered and worked off and every due
 * schedule has run, so that what would have happened on the way has happened, in its order.
 */
export async function advance(cloud: Advancing, seconds: number): Promise<void> {
  let left = seconds;
  do {
    const step = Math.min(left, DAY_SECONDS);
    left -= step;
    cloud.clock.turn(step * 1000);
    cloud.stripe.advance(step);
    await settle(cloud);
    await cloud.scheduler.runDue();
    await settle(cloud);
    cloud.dynamodb.expire();
  } while (left > 0);
}

/** Until Stripe has delivered its events and the short queues are quiet: what failed there and waits to come back is not waited for. */
export async function settle(cloud: Pick<Advancing, "stripe" | "quiet">): Promise<void> {
  const until = performance.now() + PATIENCE_MS;
  await Promise.race([cloud.stripe.idle(), new Promise((resolve) => setTimeout(resolve, PATIENCE_MS).unref())]);
  while (!cloud.quiet() && performance.now() < until) await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
}
