import type { StripeEvent } from "./objects/event.ts";
import { apiVersion } from "./openapi.ts";
import { mint, timeOf, type World } from "./world.ts";

/** Anything that can be the object of an event. */
export interface Resource {
  object: string;
  test_clock?: string | null;
}

const paymentObjects = new Set(["payment_intent", "charge", "refund", "dispute", "setup_intent"]);

/** Record that something happened to an object. `previous` holds the attributes that changed, as they were. */
export function emit(world: World, type: string, object: Resource, previous?: Record<string, unknown>): void {
  const event: StripeEvent = {
    id: mint(world, paymentObjects.has(object.object) ? "paymentEvent" : "event"),
    object: "event",
    api_version: apiVersion,
    created: eventTime(world, object),
    data: {
      object: structuredClone(object) as unknown as Record<string, unknown>,
      ...(previous ? { previous_attributes: previous } : {}),
    },
    livemode: false,
    pending_webhooks: 0,
    request: { id: world.request?.id ?? null, idempotency_key: world.request?.idempotency_key ?? null },
    type,
  };
  if (world.held) world.held.push(event);
  else publish(world, event);
}

/** Change an object and record it as `type`, with the attributes as they were; nothing is recorded if nothing changed. */
export function update<T extends Resource>(world: World, type: string, object: T, change: (object: T) => void): void {
  const before = structuredClone(object);
  change(object);
  const previous = changed(before, object);
  if (Object.keys(previous).length) emit(world, type, object, previous);
}

/**
 * Carry out a flow whose events come in a known order, not the order in which they were caused. Types that the order does not
 * name keep their place behind the event before them; `silent` types are not told in this flow.
 */
export function inOrder<T>(world: World, order: readonly string[], flow: () => T, silent: readonly string[] = []): T {
  if (world.held) return flow();
  world.held = [];
  try {
    return flow();
  } finally {
    const held = world.held;
    world.held = null;
    for (const event of sorted(held, order)) if (!silent.includes(event.type)) publish(world, event);
  }
}

/** The attributes of `before` that `after` has otherwise; nested bags are compared attribute by attribute, lists as a whole. */
export function changed(before: object, after: object): Record<string, unknown> {
  const old = before as Record<string, unknown>;
  const fresh = after as Record<string, unknown>;
  const keys = new Set([...Object.keys(old), ...Object.keys(fresh)]);
  const previous: Record<string, unknown> = {};
  for (const key of keys) {
    const [was, is] = [old[key], fresh[key]];
    if (JSON.stringify(was) === JSON.stringify(is)) continue;
    previous[key] = isBag(was) && isBag(is) ? changed(was, is) : (was ?? null);
  }
  return previous;
}

function sorted(events: StripeEvent[], order: readonly string[]): StripeEvent[] {
  let rank = -1;
  const ranked = events.map((event) => {
    const place = order.indexOf(event.type);
    if (place >= 0) rank = place;
    return { event, rank };
  });
  return ranked.sort((one, other) => one.rank - other.rank).map(({ event }) => event);
}

const mostEvents = 5_000;
const keptSeconds = 30 * 86_400;

// Beyond thirty days an event cannot be read any more; a long life must not fill the memory with them.
function prune(world: World): void {
  const { events, deliveries, time } = world.state;
  for (const event of events.values()) if (event.created < time - keptSeconds) events.delete(event.id);
  for (const delivery of deliveries.values()) if (!events.has(delivery.event)) deliveries.delete(delivery.id);
}

function publish(world: World, event: StripeEvent): void {
  if (world.state.events.size >= mostEvents && world.state.events.size % mostEvents === 0) prune(world);
  world.state.events.set(event.id, event);
  world.onEvent(event);
}

function eventTime(world: World, object: Resource): number {
  return timeOf(
    world,
    object.test_clock ?? world.state.customers.get((object as { customer?: string }).customer ?? "")?.test_clock ?? null,
  );
}

function isBag(value: unknown): value is object {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
