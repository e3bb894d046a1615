import type { World } from "@berth/domain/context.ts";
import { Problem } from "@berth/domain/error.ts";
import type { SQSBatchResponse, SQSEvent } from "aws-lambda";
import type * as z from "zod";

/** Returns only the records that throw to the queue. One that does not parse throws too, and ends in dead letters. */
export const drain =
  <S extends z.ZodType>(world: World, schema: S, work: (message: z.output<S>) => Promise<void>) =>
  async (event: SQSEvent): Promise<SQSBatchResponse> => {
    const failed = await Promise.all(
      event.Records.map(async (record) => {
        try {
          await work(schema.parse(JSON.parse(record.body)));
          return [];
        } catch (error) {
          const problem = error instanceof Problem ? error.code : undefined;
          world.log("error", "message failed", {
            message: record.messageId,
            receives: record.attributes.ApproximateReceiveCount,
            problem,
            error,
          });
          return [{ itemIdentifier: record.messageId }];
        }
      }),
    );
    return { batchItemFailures: failed.flat() };
  };
