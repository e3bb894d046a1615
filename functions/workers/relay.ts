import { createWorld } from "../world.ts";
import { ringForNew } from "./promises.ts";

/**
 * The table's stream, a few seconds behind: rings for a new job whose direct bell was lost with the process that was to send it. The event
 * source lets through only inserted jobs.
 */
export const handler = ringForNew(createWorld(process.env));
