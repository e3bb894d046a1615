import { SendMessageCommand, SQSClient, type SQSClientConfig } from "@aws-sdk/client-sqs";
import type { Send } from "@berth/domain/context.ts";

export type Sender = (url: string, message: object, options: Send) => Promise<void>;

/** SQS accepts no longer delay. */
const LONGEST_DELAY_SECONDS = 900;

/** A module of its own, so that functions that send nothing load nothing. */
export function createSender(config: SQSClientConfig): Sender {
  const sqs = new SQSClient(config);
  return async (url, message, { delaySeconds, group, dedupe }) => {
    await sqs.send(
      new SendMessageCommand({
        QueueUrl: url,
        MessageBody: JSON.stringify(message),
        ...(delaySeconds && { DelaySeconds: Math.min(delaySeconds, LONGEST_DELAY_SECONDS) }),
        ...(group && { MessageGroupId: group }),
        ...(dedupe && { MessageDeduplicationId: dedupe }),
      }),
    );
  };
}
