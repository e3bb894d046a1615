import { cancelAt, cancelNow } from "./cancel.ts";
import { expireCheckout } from "./checkout.ts";
import { expirePending } from "./pending-update.ts";
import { finalizeAndCollect, renew, retryInvoice } from "./renewal.ts";
import { endPhase, phaseDue } from "./schedule-phase.ts";
import { isLive, paidUntil, type Subscription } from "./subscription.ts";
import { expireIncomplete } from "./subscription-create.ts";
import { timeOf, type World } from "./world.ts";

/**
 * Time. What is due is read off the objects themselves, so nothing can be forgotten or done for an object that has gone on.
 * The account's own time follows the process's clock, plus what it was moved ahead; each test clock stands until it is advanced.
 */
interface Due {
  at: number;
  run: () => void;
}

const incompleteSeconds = 23 * 60 * 60;

/** The next thing due on a test clock, or on the account's own time (null). */
export function nextDue(world: World, clock: string | null): Due | undefined {
  let next: Due | undefined;
  for (const due of dues(world, clock)) if (!next || due.at < next.at) next = due;
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

// What comes first here goes first where two things are due at the same second.
function* dues(world: World, clock: string | null): Generator<Due> {
  for (const { session } of world.state.checkouts.values()) {
    const of = world.state.customers.get(session.customer ?? "")?.test_clock ?? null;
    if (session.status === "open" && of === clock) yield { at: session.expires_at, run: () => expireCheckout(world, session) };
  }
  for (const subscription of world.state.subscriptions.values())
    if (subscription.test_clock === clock && isLive(subscription)) yield* subscriptionDues(world, subscription);
  for (const invoice of world.state.invoices.values()) {
    if (invoice.test_clock !== clock || invoice.next_payment_attempt === null) continue;
    const at = invoice.next_payment_attempt;
    if (invoice.status === "draft") yield { at, run: () => finalizeAndCollect(world, invoice) };
    else if (invoice.status === "open" && invoice.auto_advance) yield { at, run: () => retryInvoice(world, invoice) };
  }
}

function* subscriptionDues(world: World, subscription: Subscription): Generator<Due> {
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
