import { Duration } from "aws-cdk-lib";
import { SqsEventSource } from "aws-cdk-lib/aws-lambda-event-sources";
import { Queue, QueueEncryption, type QueueProps } from "aws-cdk-lib/aws-sqs";
import { Construct } from "constructs";
import { functions, queues, VISIBILITY_TIMEOUTS } from "../functions/manifest.ts";
import type { Alarms } from "./alarms.ts";
import { Handler, type HandlerProps } from "./handler.ts";

export type QueueName = keyof typeof queues;

/** Functions of the manifest that drain a queue. */
export type QueueFunction = {
  [Name in keyof typeof functions]: (typeof functions)[Name]["trigger"] extends { kind: "queue" } ? Name : never;
}[keyof typeof functions];

const secure: QueueProps = { encryption: QueueEncryption.SQS_MANAGED, enforceSSL: true };

/** A queue of the manifest, where its failures go, and the alarm that says so. */
export class WorkQueue extends Construct {
  readonly queue: Queue;

  constructor(scope: Construct, name: QueueName, alarms: Alarms) {
    super(scope, `Queue-${name}`);
    const { fifo, receives } = queues[name];
    const drain = Object.values(functions).find(({ trigger }) => trigger.kind === "queue" && trigger.queue === name);
    if (!drain) throw new Error(`nothing drains the queue ${name}`);
    const kind = fifo ? { fifo } : {};
    const dead = new Queue(this, "Dead", { ...secure, ...kind, retentionPeriod: Duration.days(14) });
    this.queue = new Queue(this, "Queue", {
      ...secure,
      ...kind,
      retentionPeriod: Duration.days(4),
      visibilityTimeout: Duration.seconds(drain.timeoutSeconds * VISIBILITY_TIMEOUTS),
      deadLetterQueue: { queue: dead, maxReceiveCount: receives },
    });
    alarms.add(this, "DeadAlarm", {
      metric: dead.metricApproximateNumberOfMessagesVisible({ statistic: "Maximum", period: Duration.minutes(1) }),
      says: `A message of the queue "${name}" was given up after ${receives} tries.`,
      section: "dead-letters",
    });
    alarms.add(this, "AgeAlarm", {
      metric: this.queue.metricApproximateAgeOfOldestMessage({ statistic: "Maximum", period: Duration.minutes(5) }),
      says: `The oldest message of the queue "${name}" is older than ten minutes.`,
      section: "queue-behind",
      threshold: 600,
      periods: 3,
    });
  }
}

/** The function that drains a queue: failed messages go back alone, and a flood starts only so many at once. */
export class QueueWorker extends Handler {
  constructor(scope: Construct, name: QueueFunction, { queue }: WorkQueue, props: HandlerProps) {
    super(scope, name, props);
    const { trigger, concurrency } = functions[name];
    this.lambda.addEventSource(
      new SqsEventSource(queue, { batchSize: trigger.batchSize, maxConcurrency: concurrency, reportBatchItemFailures: true }),
    );
  }
}
