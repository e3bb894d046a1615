import { systemContext, type World } from "@berth/domain/context.ts";
import { dispatch, findJob } from "@berth/domain/job/job.ts";
import type { DynamoDBBatchResponse, DynamoDBStreamEvent } from "aws-lambda";

/** Dispatches new jobs whose first message may have been lost with the process that was to send it. */
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
        // An eventually consistent read is enough: a second dispatch is harmless.
        const id = sk.slice("JOB#".length);
        const job = (await findJob(ctx, id, { consistent: false })) ?? (await findJob(ctx, id));
        if (job?.status === "queued" && Object.values(job.rollouts).every(({ status }) => status === "queued"))
          await dispatch(ctx, job);
      } catch (error) {
        world.log("error", "relay failed", { tenant: pk, job: sk, error });
        // A stream is ordered, so Lambda retries from this record on.
        return { batchItemFailures: [{ itemIdentifier: record.dynamodb?.SequenceNumber ?? "" }] };
      }
    }
    return { batchItemFailures: [] };
  };
