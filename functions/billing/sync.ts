import { stripeOf } from "../stripe.ts";
import { createWorld } from "../world.ts";
import { answerBells } from "./bell.ts";

/** The billing queue: FIFO, one customer's messages in order. */
export const handler = answerBells(createWorld(process.env, stripeOf(process.env)));
