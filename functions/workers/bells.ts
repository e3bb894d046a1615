import type { World } from "@berth/domain/context.ts";
import { type Reach, rollout } from "@berth/domain/rollout/rollout.ts";
import * as z from "zod";
import { drain, systemOf } from "../worker.ts";

/** A message of the jobs queue. Fields of another version of the code are left out. */
const Bell = z.object({ tenant: z.string(), job: z.string(), target: z.string(), again: z.boolean().optional() });

/** Drains the jobs queue: one bell, one rollout's next piece of work. */
export const answerBells = (world: World, reach: Reach) =>
  drain(world, Bell, ({ tenant, ...bell }) => rollout(systemOf(world, tenant, "rollout"), bell, reach));
