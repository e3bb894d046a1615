import { stripeOf } from "@berth/aws/stripe.ts";
import { createWorld } from "@berth/aws/world.ts";
import { syncQueue } from "./sync.ts";

/** The billing queue: FIFO, one customer's messages in order. */
export const handler = syncQueue(createWorld(process.env, stripeOf(process.env)));
