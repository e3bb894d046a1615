import { systemContext, type World } from "@berth/domain/context.ts";
import { findJob, ring } from "@berth/domain/job/job.ts";
import type { DynamoDBBatchResponse, DynamoDBStreamEvent } from "aws-lambda";

/** Rings for new jobs in the table's stream whose direct bell may have been lost; one that is at work already needs none. */
export const relayStream =
  (world: World) =>
  async (event: DynamoDBStreamEvent): Promise<DynamoDBBatchResponse> => {
    for (const record of event.Records) {
      const keys = record.dynamodb?.Keys;
      const pk = keys?.pk?.S ?? "";
      const sk = keys?.sk?.S ?? "";
      if (record.eventName !== "INSERT" || !pk.startsWith("TENANT#") || !sk.startsWith("JOB#")) continue;
      try {
        const ctx = systemContext(world, pk.slice("TENANT#".length), "relay");
        // What it was a moment ago is enough: a bell too many does nothing.
        const id = sk.slice("JOB#".length);
        const job = (await findJob(ctx, id, { consistent: false })) ?? (await findJob(ctx, id));
        if (job?.status === "queued" && Object.values(job.rollouts).every(({ status }) => status === "queued"))
          await ring(ctx, job);
      } catch (error) {
        world.log("error", "relay failed", { tenant: pk, job: sk, error });
        // From here on again: a stream is in order.
        return { batchItemFailures: [{ itemIdentifier: record.dynamodb?.SequenceNumber ?? "" }] };
      }
    }
    return { batchItemFailures: [] };
  };
