import { stripeOf } from "@berth/aws/stripe.ts";
import { createWorld } from "@berth/aws/world.ts";
import { syncQueue } from "./sync.ts";

export const handler = syncQueue(createWorld(process.env, stripeOf(process.env)));
