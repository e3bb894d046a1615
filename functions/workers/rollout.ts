import { checkAddress } from "@berth/domain/remote/address.ts";
import { connectSsh, scanHostKey } from "@berth/domain/remote/ssh.ts";
import { type Reach, rollout } from "@berth/domain/rollout/rollout.ts";
import * as z from "zod";
import { drain, systemOf } from "../worker.ts";
import { createWorld } from "../world.ts";

const Bell = z.object({ tenant: z.string(), job: z.string(), target: z.string(), again: z.boolean().optional() });
const reach: Reach = { connect: connectSsh, scan: scanHostKey, resolve: checkAddress };
const world = createWorld(process.env);

/** The jobs queue: one bell, one rollout's next piece of work. */
export const handler = drain(world, Bell, ({ tenant, ...bell }) => rollout(systemOf(world, tenant, "rollout"), bell, reach));
