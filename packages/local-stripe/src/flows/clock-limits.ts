import { invalid, Refusal } from "../errors.ts";
import type { World } from "../world.ts";
import { isLive } from "./subscription.ts";

const mostCustomers = 3;
const mostSubscriptions = 3;

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
