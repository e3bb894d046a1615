import { setTimeout as sleep } from "node:timers/promises";
import { Refusal } from "../errors.ts";
import type { World } from "../world.ts";

/** Make a request take its time, and fail if that was ordered; nothing is carried out or kept under its key then. */
export async function suffer(world: World): Promise<void> {
  const { latencyMs, refusals } = world.state.settings;
  if (latencyMs > 0) await sleep(latencyMs);
  const status = refusals.shift();
  if (status === 429)
    throw new Refusal(429, { type: "invalid_request_error", code: "rate_limit", message: "Request rate limit exceeded." }, false);
  if (status !== undefined)
    throw new Refusal(status, { type: "api_error", message: "An unexpected error occurred on the other side." }, false);
}

/** Hold a key for as long as its request runs; a second request under it is refused meanwhile. */
export async function holding<T>(world: World, key: string | null, run: () => Promise<T>): Promise<T> {
  if (key === null) return run();
  if (world.inFlight.has(key))
    throw new Refusal(
      409,
      {
        type: "idempotency_error",
        code: "idempotency_key_in_use",
        message: `There is currently another in-progress request using this Stripe Idempotent Key (that probably means you submitted twice, and the other request is still going through): ${key}. If you want to run the request multiple times, use a different idempotency key.`,
      },
      false,
    );
  world.inFlight.add(key);
  try {
    return await run();
  } finally {
    world.inFlight.delete(key);
  }
}
