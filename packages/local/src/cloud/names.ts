import type { Queue } from "@berth/domain/context.ts";
import { functions as facts, queues, VISIBILITY_TIMEOUTS } from "../../../../functions/manifest.ts";
import type { QueueOptions } from "../sqs/message.ts";

export type QueueName = Queue;

/** A queue's name, as infra/ would name it: a FIFO queue's must say so. */
export const queueName = (queue: Queue) => `berth-${queue}${queues[queue].fifo ? ".fifo" : ""}`;
export const deadLettersName = (queue: Queue) => `berth-${queue}-dead${queues[queue].fifo ? ".fifo" : ""}`;

const FORTNIGHT_SECONDS = 14 * 86_400;

function timeoutOf(queue: Queue): number {
  const readers = Object.values(facts).filter(({ trigger }) => trigger.kind === "queue" && trigger.queue === queue);
  return Math.max(...readers.map(({ timeoutSeconds }) => timeoutSeconds));
}

/** The product's queues and their dead letters, from the functions' manifest. */
export const queueDefinitions = (visibilitySeconds?: number): QueueOptions[] =>
  (Object.keys(queues) as Queue[]).flatMap((queue) => {
    const { fifo, receives } = queues[queue];
    const dead = deadLettersName(queue);
    return [
      {
        name: queueName(queue),
        fifo,
        visibilitySeconds: visibilitySeconds ?? VISIBILITY_TIMEOUTS * timeoutOf(queue),
        deadLetters: { queue: dead, receives },
      },
      { name: dead, fifo, visibilitySeconds: 30, retentionSeconds: FORTNIGHT_SECONDS },
    ];
  });

/** Of bundles that are too large for the table. */
export const BUCKET = "berth-bundles";

/** Parameters of the store, by what they hold. */
export const parameterNames = {
  stripeSecret: "/berth/local/stripe/secret",
  stripeWebhook: "/berth/local/stripe/webhook",
} as const;
