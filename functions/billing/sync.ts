import { answerDoorbell } from "@berth/domain/billing/sync.ts";
import * as z from "zod";
import { stripeOf } from "../stripe.ts";
import { drain } from "../workers/worker.ts";
import { createWorld } from "../world.ts";

const Bell = z.object({
  event: z.string().optional(),
  type: z.string().optional(),
  object: z.string().optional(),
  customer: z.string().optional(),
  charge: z.string().optional(),
  again: z.boolean().optional(),
});
const world = createWorld(process.env, stripeOf(process.env));

/** The billing queue, one customer's messages in order: each looks at Stripe again. */
export const handler = drain(world, Bell, async (bell) => {
  const outcome = await answerDoorbell(world, bell);
  world.log("info", "billing looked", { outcome, event: bell.event, type: bell.type });
});
