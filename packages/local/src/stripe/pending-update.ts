import type { Subscription } from "./subscription.ts";
import type { World } from "./world.ts";

/** The bill of a pending update was paid: the update takes effect. */
export function applyPending(_world: World, subscription: Subscription): void {
  subscription.pending_update = null;
}

/** A pending update was not paid in time. */
export function expirePending(_world: World, subscription: Subscription): void {
  subscription.pending_update = null;
}
