import { stripeOf } from "../stripe.ts";
import { createWorld } from "../world.ts";
import { runSchedule } from "./schedule.ts";

const world = createWorld(process.env, stripeOf(process.env));

/** The billing schedules; the event names which. */
export const handler = ({ schedule }: { schedule: string }): Promise<void> => runSchedule(world, schedule);
