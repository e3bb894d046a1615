import type { World } from "../context.ts";
import { livemodeOf } from "./event.ts";

/** To look at a customer takes four requests to Stripe, and one or two more where something is wrong. */
const REQUESTS = 5;
/** Stripe takes about 100 requests a second, 25 in a sandbox, from customers who wait and from us together: we keep to less than half. */
const requestsASecond = (world: World) => (livemodeOf(world) ? 40 : 10);
/** The customers' own looks share the other half. */
export const customersASecond = (world: World): number => requestsASecond(world) / REQUESTS;

const AT_ONCE = 8;

/**
 * Works on one thing after the other, so many begun a second and at most eight at once, until the time is over. `work` answers for its own
 * failures. Answers how many it began.
 */
export async function paced<T>(
  world: World,
  things: Iterable<T> | AsyncIterable<T>,
  work: (thing: T) => Promise<void>,
  { perSecond, until }: { perSecond: number; until?: Date | undefined },
): Promise<number> {
  const flying = new Set<Promise<void>>();
  let next = 0;
  let begun = 0;
  for await (const thing of things) {
    if (until && world.now() >= until) break;
    const wait = next - world.now().getTime();
    if (wait > 0) await world.sleep(wait);
    next = Math.max(next, world.now().getTime()) + 1000 / perSecond;
    const flight = work(thing).finally(() => flying.delete(flight));
    flying.add(flight);
    begun++;
    if (flying.size >= AT_ONCE) await Promise.race(flying);
  }
  await Promise.all(flying);
  return begun;
}
