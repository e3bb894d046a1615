import { createWorld } from "@berth/aws/world.ts";
import { relayStream } from "./relay.ts";

/**
 * The table's stream, a few seconds behind: rings for a new job whose direct bell was lost with the process that was to send it. The event
 * source lets through only inserted jobs.
 */
export const handler = relayStream(createWorld(process.env));
