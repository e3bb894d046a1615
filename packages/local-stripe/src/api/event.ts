import type Stripe from "stripe";
import { missing } from "../errors.ts";
import { page } from "../list.ts";
import type { World } from "../world.ts";
import type { Api } from "./api.ts";

const keptSeconds = 30 * 86_400;

/** Events can be read for thirty days. */
export function eventRoutes({ on, world }: Api): void {
  on<Stripe.EventListParams>("get", "/v1/events", ({ input }) => {
    const { type, types, delivery_success: success } = input;
    const wanted = (name: string) => {
      if (types) return types.includes(name);
      return type === undefined || (type.endsWith(".*") ? name.startsWith(type.slice(0, -1)) : name === type);
    };
    const undelivered = undeliveredEvents(world);
    const rows = [...world.state.events.values()].filter(
      (event) =>
        event.created > world.state.time - keptSeconds &&
        wanted(event.type) &&
        (success === undefined || undelivered.has(event.id) !== success),
    );
    return page(world, "/v1/events", rows, input, "event");
  });

  on("get", "/v1/events/{id}", ({ params }) => {
    const event = world.state.events.get(params.id!);
    if (!event) throw missing("event", params.id!);
    return event;
  });
}

// An endpoint that took any one delivery of an event has it.
function undeliveredEvents(world: World): Set<string> {
  const rows = [...world.state.deliveries.values()];
  const taken = new Set(rows.filter((row) => row.status === "delivered").map((row) => `${row.event} ${row.endpoint}`));
  return new Set(rows.filter((row) => !taken.has(`${row.event} ${row.endpoint}`)).map((row) => row.event));
}
