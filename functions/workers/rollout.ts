import { drain } from "@berth/aws/sqs-handler.ts";
import { type Context, systemContext, type World } from "@berth/domain/context.ts";
import { inspect } from "@berth/domain/engine/inspect.ts";
import { rollout } from "@berth/domain/engine/rollout.ts";
import { attendLog } from "@berth/domain/log/attend.ts";
import type { Reach } from "@berth/domain/remote/reach.ts";
import * as z from "zod";

/** Drops the unknown fields of another version of the code. */
export const Message = z.union([
  z.object({ tenant: z.string(), job: z.string(), target: z.string(), again: z.boolean().optional() }),
  z.object({
    tenant: z.string(),
    inspect: z.object({ id: z.string(), app: z.string(), appId: z.string(), environment: z.string(), target: z.string() }),
  }),
  z.object({ tenant: z.string(), log: z.string() }),
]);

export const answerMessage = (ctx: Context, message: z.output<typeof Message>, reach: Reach): Promise<void> =>
  "inspect" in message
    ? inspect(ctx, message.inspect, reach)
    : "log" in message
      ? attendLog(ctx, message.log, reach)
      : rollout(ctx, message, reach);

export const rolloutQueue = (world: World, reach: Reach) =>
  drain(world, Message, (message) => answerMessage(systemContext(world, message.tenant, "rollout"), message, reach));
