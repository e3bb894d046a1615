import { stripeOf } from "@berth/aws/stripe.ts";
import { createWorld } from "@berth/aws/world.ts";
import { runSchedule } from "./reconcile.ts";

const world = createWorld(process.env, stripeOf(process.env));

export const handler = ({ schedule }: { schedule: string }): Promise<void> => runSchedule(world, schedule);
