import type { Subscription } from "../objects/subscription.ts";
import type { Due, World } from "../world.ts";
import { cancelAt, cancelNow } from "./cancel.ts";
import { expirePending } from "./pending-update.ts";
import { renew } from "./renewal.ts";
import { endPhase, phaseDue } from "./schedule-phase.ts";
import { isLive, paidUntil } from "./subscription.ts";
import { expireIncomplete } from "./subscription-create.ts";

const incompleteSeconds = 23 * 60 * 60;

/** What a subscription's own dates bring: its periods, its phases, its end. */
export function* subscriptionDues(world: World, clock: string | null): Generator<Due> {
  for (const subscription of world.state.subscriptions.values())
    if (subscription.test_clock === clock && isLive(subscription)) yield* duesOf(world, subscription);
}

// What comes first here goes first where two things are due at the same second.
function* duesOf(world: World, subscription: Subscription): Generator<Due> {
  const { pending_update: pending, pause_collection: pause, status } = subscription;
  if (status === "incomplete") {
    yield { at: subscription.created + incompleteSeconds, run: () => expireIncomplete(world, subscription) };
    return;
  }
  if (pending) yield { at: pending.expires_at, run: () => expirePending(world, subscription) };
  if (pause?.resumes_at)
    yield {
      at: pause.resumes_at,
      run: () => {
        subscription.pause_collection = null;
      },
    };
  const phase = phaseDue(world, subscription);
  if (phase !== undefined) yield { at: phase, run: () => endPhase(world, subscription) };
  const end = subscription.schedule === null ? cancelAt(subscription) : null;
  if (end !== null) yield { at: end, run: () => cancelNow(world, subscription, "cancellation_requested") };
  if (status !== "paused" && subscription.items.data.length)
    yield { at: paidUntil(subscription), run: () => renew(world, subscription) };
}
