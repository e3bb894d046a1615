import {
  GetQueueAttributesCommand,
  GetQueueUrlCommand,
  ReceiveMessageCommand,
  SQSClient,
  StartMessageMoveTaskCommand,
} from "@aws-sdk/client-sqs";
import { endpoint, need, type Vars } from "@berth/aws/env.ts";

const variables = { jobs: "JOBS_QUEUE", mail: "MAIL_QUEUE", billing: "BILLING_QUEUE" } as const;
export type QueueName = keyof typeof variables;
export const isQueue = (name: string | undefined): name is QueueName => name !== undefined && Object.hasOwn(variables, name);

export interface Dead {
  readonly queue: QueueName;
  readonly waiting: number;
  /** At most some: looking hides each for a moment only. */
  readonly messages: readonly { readonly id: string; readonly receives: number; readonly body: string }[];
}

/** A queue's dead letters: where they are is what the queue itself says. */
async function deadLettersOf(sqs: SQSClient, env: Vars, queue: QueueName): Promise<{ arn: string; url: string }> {
  const { Attributes } = await sqs.send(
    new GetQueueAttributesCommand({ QueueUrl: need(env, variables[queue]), AttributeNames: ["RedrivePolicy"] }),
  );
  const { deadLetterTargetArn: arn } = JSON.parse(Attributes?.RedrivePolicy ?? "{}") as { deadLetterTargetArn?: string };
  if (!arn) throw new Error(`the queue ${queue} has no dead letters`);
  const { QueueUrl: url } = await sqs.send(new GetQueueUrlCommand({ QueueName: arn.split(":").at(-1) }));
  if (!url) throw new Error(`there is no queue ${arn}`);
  return { arn, url };
}

const client = (env: Vars) => new SQSClient(endpoint(env, "sqs"));

/** What was given up. Bodies are job messages, mails and customers' ids: nothing in them is secret but a mail's address. */
export async function listDead(env: Vars, queue: QueueName): Promise<Dead> {
  const sqs = client(env);
  const { url } = await deadLettersOf(sqs, env, queue);
  const { Attributes } = await sqs.send(
    new GetQueueAttributesCommand({ QueueUrl: url, AttributeNames: ["ApproximateNumberOfMessages"] }),
  );
  const { Messages = [] } = await sqs.send(
    new ReceiveMessageCommand({
      QueueUrl: url,
      MaxNumberOfMessages: 10,
      VisibilityTimeout: 1,
      MessageSystemAttributeNames: ["All"],
    }),
  );
  return {
    queue,
    waiting: Number(Attributes?.ApproximateNumberOfMessages ?? 0),
    messages: Messages.map(({ MessageId, Body, Attributes: about }) => ({
      id: MessageId ?? "",
      receives: Number(about?.ApproximateReceiveCount ?? 0),
      body: Body ?? "",
    })),
  };
}

/** Moves all dead letters of a queue back to it, slowly. Every message may be worked on twice without harm. */
export async function redrive(env: Vars, queue: QueueName): Promise<{ task: string }> {
  const sqs = client(env);
  const { arn } = await deadLettersOf(sqs, env, queue);
  const { TaskHandle } = await sqs.send(new StartMessageMoveTaskCommand({ SourceArn: arn, MaxNumberOfMessagesPerSecond: 5 }));
  return { task: TaskHandle ?? "" };
}
