import { AwsError } from "../aws/error.ts";
import type { JsonService, WireRequest } from "../aws/json.ts";
import { jsonService, type Service } from "../aws/service.ts";
import { type Message, md5 } from "./message.ts";
import type { Queue } from "./queue.ts";
import type { Sqs } from "./sqs.ts";

export const ACCOUNT = "000000000000";
export const queueArn = (name: string) => `arn:aws:sqs:local:${ACCOUNT}:${name}`;

interface Entry {
  readonly Id: string;
}
type Input = Readonly<Record<string, unknown>>;

/** SQS's JSON protocol over the queues. `base` is the service's own address, which queue URLs begin with. */
export function sqsService(sqs: Sqs, base: () => string): Service {
  const url = (queue: Queue) => `${base()}/${ACCOUNT}/${queue.options.name}`;
  const named = (name: string): Queue => {
    const found = sqs.queues.get(name);
    if (!found) throw new AwsError("QueueDoesNotExist", "The specified queue does not exist.");
    return found;
  };
  const of = (input: Input) =>
    named(
      String(input.QueueUrl ?? "")
        .split("/")
        .at(-1) ?? "",
    );

  const send = (queue: Queue, input: Input) => {
    const body = String(input.MessageBody ?? "");
    const { id, sequence } = queue.send({
      body,
      delaySeconds: input.DelaySeconds as number | undefined,
      group: input.MessageGroupId as string | undefined,
      dedupe: input.MessageDeduplicationId as string | undefined,
      attributes: input.MessageAttributes as Record<string, unknown> | undefined,
    });
    return { MessageId: id, MD5OfMessageBody: md5(body), ...(queue.options.fifo && { SequenceNumber: place(sequence) }) };
  };

  const receive = async (input: Input, request: WireRequest) => {
    const queue = of(input);
    const most = Number(input.MaxNumberOfMessages ?? 1);
    if (most < 1 || most > 10)
      throw new AwsError("InvalidParameterValue", "MaxNumberOfMessages must be between 1 and 10, if provided.");
    const found = await sqs.receive(queue, {
      most,
      waitSeconds: Number(input.WaitTimeSeconds ?? 0),
      visibilitySeconds: input.VisibilityTimeout as number | undefined,
      signal: request.signal,
    });
    const names = [...list(input.AttributeNames), ...list(input.MessageSystemAttributeNames)];
    return found.length === 0 ? {} : { Messages: found.map((each) => shown(each, names)) };
  };

  const protocol: JsonService = {
    target: "AmazonSQS",
    version: "1.0",
    namespace: "com.amazonaws.sqs",
    operations: {
      ListQueues: () => ({ QueueUrls: [...sqs.queues.values()].map(url) }),
      GetQueueUrl: (input) => ({ QueueUrl: url(named(String(input.QueueName))) }),
      GetQueueAttributes: (input) => ({ Attributes: attributes(of(input), list(input.AttributeNames)) }),
      SendMessage: (input) => send(of(input), input),
      SendMessageBatch: (input) => batch(input, (entry) => send(of(input), entry)),
      ReceiveMessage: receive,
      DeleteMessage: (input) => {
        of(input).delete(String(input.ReceiptHandle));
        return {};
      },
      DeleteMessageBatch: (input) =>
        batch(input, (entry) => {
          of(input).delete(String((entry as Input).ReceiptHandle));
          return {};
        }),
      ChangeMessageVisibility: (input) => {
        of(input).changeVisibility(String(input.ReceiptHandle), Number(input.VisibilityTimeout));
        return {};
      },
      ChangeMessageVisibilityBatch: (input) =>
        batch(input, (entry) => {
          const { ReceiptHandle, VisibilityTimeout } = entry as Input;
          of(input).changeVisibility(String(ReceiptHandle), Number(VisibilityTimeout));
          return {};
        }),
      PurgeQueue: (input) => {
        of(input).purge();
        return {};
      },
      ListDeadLetterSourceQueues: (input) => {
        const { name } = of(input).options;
        const sources = [...sqs.queues.values()].filter(({ options }) => options.deadLetters?.queue === name);
        return { queueUrls: sources.map(url) };
      },
      StartMessageMoveTask: (input) => {
        const name = String(input.SourceArn).split(":").at(-1) ?? "";
        named(name);
        sqs.redrive(name);
        return { TaskHandle: Buffer.from(name).toString("base64") };
      },
    },
  };
  return jsonService("sqs", protocol, () => sqs.close());
}

const place = (sequence: number) => String(sequence).padStart(20, "0");
const list = (value: unknown): string[] => (Array.isArray(value) ? value.map(String) : []);

/** Every entry by itself: one that is refused does not keep the others from being done. */
function batch(input: Input, work: (entry: Input) => object): object {
  const entries = (input.Entries ?? []) as (Input & Entry)[];
  if (entries.length === 0) throw new AwsError("EmptyBatchRequest", "There should be at least one entry in the request.");
  if (entries.length > 10) throw new AwsError("TooManyEntriesInBatchRequest", "Maximum number of entries per request are 10.");
  if (new Set(entries.map(({ Id }) => Id)).size < entries.length)
    throw new AwsError("BatchEntryIdsNotDistinct", "Two or more batch entries in the request have the same Id.");
  const Successful: object[] = [];
  const Failed: object[] = [];
  for (const entry of entries)
    try {
      Successful.push({ Id: entry.Id, ...work(entry) });
    } catch (error) {
      if (!(error instanceof AwsError)) throw error;
      Failed.push({ Id: entry.Id, Code: error.name, Message: error.message, SenderFault: true });
    }
  return { Successful, ...(Failed.length > 0 && { Failed }) };
}

/** A message's system attributes, as a receiver and a Lambda event show them. */
export const systemAttributes = (message: Message): Record<string, string> => ({
  ApproximateReceiveCount: String(message.receives),
  SentTimestamp: String(message.sentAt),
  SenderId: "AIDALOCALLOCALLOCAL00",
  ApproximateFirstReceiveTimestamp: String(message.firstReceivedAt ?? message.sentAt),
  ...(message.group !== undefined && { MessageGroupId: message.group }),
  ...(message.dedupe !== undefined && { MessageDeduplicationId: message.dedupe, SequenceNumber: place(message.sequence) }),
  ...(message.from !== undefined && { DeadLetterQueueSourceArn: queueArn(message.from) }),
});

function shown(message: Message, names: readonly string[]): object {
  const all = Object.entries(systemAttributes(message));
  const wanted = names.includes("All") ? all : all.filter(([name]) => names.includes(name));
  return {
    MessageId: message.id,
    ReceiptHandle: message.receipt,
    MD5OfBody: md5(message.body),
    Body: message.body,
    ...(wanted.length > 0 && { Attributes: Object.fromEntries(wanted) }),
    ...(message.attributes && { MessageAttributes: message.attributes }),
  };
}

function attributes(queue: Queue, names: readonly string[]): Record<string, string> {
  const { options } = queue;
  const { visible, inFlight, delayed } = queue.counts();
  const all = {
    QueueArn: queueArn(options.name),
    ApproximateNumberOfMessages: String(visible),
    ApproximateNumberOfMessagesNotVisible: String(inFlight),
    ApproximateNumberOfMessagesDelayed: String(delayed),
    VisibilityTimeout: String(options.visibilitySeconds),
    ...(options.fifo && { FifoQueue: "true", ContentBasedDeduplication: "false" }),
    ...(options.deadLetters && {
      RedrivePolicy: JSON.stringify({
        deadLetterTargetArn: queueArn(options.deadLetters.queue),
        maxReceiveCount: options.deadLetters.receives,
      }),
    }),
  };
  return Object.fromEntries(Object.entries(all).filter(([name]) => names.includes("All") || names.includes(name)));
}
