import { createWorld } from "@berth/aws/world.ts";
import { relayStream } from "./relay.ts";

export const handler = relayStream(createWorld(process.env));
