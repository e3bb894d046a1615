import { drain } from "@berth/aws/sqs-handler.ts";
import { answerDoorbell } from "@berth/domain/billing/sync.ts";
import type { World } from "@berth/domain/context.ts";
import * as z from "zod";

const Bell = z.object({
  event: z.string().optional(),
  type: z.string().optional(),
  object: z.string().optional(),
  customer: z.string().optional(),
  charge: z.string().optional(),
  again: z.boolean().optional(),
});

export const syncQueue = (world: World) =>
  drain(world, Bell, async (bell) => {
    const outcome = await answerDoorbell(world, bell);
    world.log("info", "billing looked", { outcome, event: bell.event, type: bell.type });
  });
