import type { World } from "../../context.ts";
import { livemodeOf } from "../stripe/events.ts";

/** A sync takes four requests to Stripe, and one or two more when something is wrong. */
const REQUESTS = 5;
/** Stripe allows about 100 requests a second, 25 in a sandbox. We use less than half and leave the rest to waiting customers. */
const requestsASecond = (world: World) => (livemodeOf(world) ? 40 : 10);
export const customersASecond = (world: World): number => requestsASecond(world) / REQUESTS;

const AT_ONCE = 8;

/** Starts `perSecond` a second, at most eight at once. `work` handles its own errors. Answers how many were started. */
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
