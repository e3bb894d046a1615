import type { SQSEvent, SQSRecord } from "aws-lambda";
import { type Message, md5 } from "../sqs/message.ts";
import type { Queue } from "../sqs/queue.ts";
import type { Sqs } from "../sqs/sqs.ts";
import { queueArn, systemAttributes } from "../sqs/wire.ts";
import { failedIn } from "./batch.ts";

export interface QueueSource {
  /** Batches being worked on. */
  readonly busy: () => number;
  close(): Promise<void>;
}

export interface QueueSourceOptions {
  readonly sqs: Sqs;
  readonly queue: Queue;
  readonly batchSize: number;
  /** Batches at once. */
  readonly concurrency: number;
  readonly invoke: (event: SQSEvent) => Promise<unknown>;
  readonly log: (text: string) => void;
}

const WAIT_SECONDS = 20;

/** A queue as Lambda's event source: batches go to the function, what it did not report as failed is deleted, the rest comes back in time. */
export function queueSource(options: QueueSourceOptions): QueueSource {
  const { sqs, queue, batchSize, concurrency, log } = options;
  const stop = new AbortController();
  const under = new Set<Promise<void>>();

  async function work(messages: Message[]): Promise<void> {
    const ids = messages.map(({ id }) => id);
    const invoke = () => options.invoke(queueEvent(queue.options.name, messages));
    const failed = await failedIn(ids, invoke, (why) => log(`${queue.options.name}: ${why}`));
    for (const { id, receipt } of messages) if (!failed.has(id) && receipt) queue.delete(receipt);
    if (failed.size > 0) log(`${queue.options.name}: ${failed.size} of ${ids.length} failed and come back`);
  }

  async function poll(): Promise<void> {
    while (!stop.signal.aborted) {
      if (under.size >= concurrency) await Promise.race(under);
      const messages = await sqs.receive(queue, { most: batchSize, waitSeconds: WAIT_SECONDS, signal: stop.signal });
      if (messages.length === 0) continue;
      const batch = work(messages).finally(() => under.delete(batch));
      under.add(batch);
    }
  }

  const polling = poll();
  return {
    busy: () => under.size,
    close: async () => {
      stop.abort();
      await polling;
      await Promise.all(under);
    },
  };
}

/** Messages as the event a function gets. */
export function queueEvent(queue: string, messages: readonly Message[]): SQSEvent {
  const record = (message: Message): SQSRecord => ({
    messageId: message.id,
    receiptHandle: message.receipt ?? "",
    body: message.body,
    attributes: systemAttributes(message) as unknown as SQSRecord["attributes"], // the four that the type asks for are among them
    messageAttributes: {},
    md5OfBody: md5(message.body),
    eventSource: "aws:sqs",
    eventSourceARN: queueArn(queue),
    awsRegion: "local",
  });
  return { Records: messages.map(record) };
}
