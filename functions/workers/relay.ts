import { findJob, ring } from "@berth/domain/job/job.ts";
import type { DynamoDBBatchResponse, DynamoDBStreamEvent } from "aws-lambda";
import { systemOf } from "../worker.ts";
import { createWorld } from "../world.ts";

const world = createWorld(process.env);

/**
 * The table's stream, a few seconds behind: rings for a new job whose direct bell was lost with the process that was to send it. The event
 * source lets through only inserted jobs; one that is at work already needs no bell.
 */
export async function handler(event: DynamoDBStreamEvent): Promise<DynamoDBBatchResponse> {
  for (const record of event.Records) {
    const keys = record.dynamodb?.Keys;
    const pk = keys?.pk?.S ?? "";
    const sk = keys?.sk?.S ?? "";
    if (record.eventName !== "INSERT" || !pk.startsWith("TENANT#") || !sk.startsWith("JOB#")) continue;
    try {
      const ctx = systemOf(world, pk.slice("TENANT#".length), "relay");
      const job = await findJob(ctx, sk.slice("JOB#".length));
      if (job?.status === "queued" && Object.values(job.rollouts).every(({ status }) => status === "queued"))
        await ring(ctx, job);
    } catch (error) {
      world.log("error", "relay failed", { error });
      // From here on again: a stream is in order.
      return { batchItemFailures: [{ itemIdentifier: record.dynamodb?.SequenceNumber ?? "" }] };
    }
  }
  return { batchItemFailures: [] };
}
