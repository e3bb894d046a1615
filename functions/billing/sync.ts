import { drain } from "@berth/aws/sqs-handler.ts";
import { answerSyncRequest } from "@berth/domain/billing/standing/sync.ts";
import { SyncRequest } from "@berth/domain/billing/stripe/sync-request.ts";
import type { World } from "@berth/domain/context.ts";

export const syncQueue = (world: World) =>
  drain(world, SyncRequest, async (request) => {
    const outcome = await answerSyncRequest(world, request);
    world.log("info", "billing looked", { outcome, event: request.event, type: request.type });
  });
