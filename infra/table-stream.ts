import { Duration } from "aws-cdk-lib";
import type { Table } from "aws-cdk-lib/aws-dynamodb";
import { PolicyStatement } from "aws-cdk-lib/aws-iam";
import { EventSourceMapping, StartingPosition } from "aws-cdk-lib/aws-lambda";
import { SqsDlq } from "aws-cdk-lib/aws-lambda-event-sources";
import { Queue, QueueEncryption } from "aws-cdk-lib/aws-sqs";
import type { Construct } from "constructs";
import { entryOf, functions } from "../functions/manifest.ts";
import type { Alarms } from "./alarms.ts";
import { Handler, type HandlerProps } from "./handler.ts";

type StreamFunction = {
  [Name in keyof typeof functions]: (typeof functions)[Name]["trigger"] extends { kind: "table-stream" } ? Name : never;
}[keyof typeof functions];

/** A function on the table's stream: in order, tried again from the record that failed, and given up into dead letters. */
export class TableStream extends Handler {
  constructor(scope: Construct, name: StreamFunction, table: Table, alarms: Alarms, props: HandlerProps) {
    super(scope, name, props);
    const stream = table.tableStreamArn;
    if (!stream) throw new Error("the table has no stream");
    const dead = new Queue(this, "Dead", {
      encryption: QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
      retentionPeriod: Duration.days(14),
    });
    // Granted here and not by CDK's event source, which would add the right to decrypt with the table's key.
    this.lambda.addToRolePolicy(
      new PolicyStatement({
        actions: ["dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator"],
        resources: [stream],
      }),
    );
    // Names of streams: the service takes no narrower resource for it.
    this.lambda.addToRolePolicy(new PolicyStatement({ actions: ["dynamodb:ListStreams"], resources: ["*"] }));
    const { batchSize, windowSeconds, filter } = functions[name].trigger;
    new EventSourceMapping(this, "Source", {
      target: this.lambda,
      eventSourceArn: stream,
      startingPosition: StartingPosition.TRIM_HORIZON,
      batchSize,
      maxBatchingWindow: Duration.seconds(windowSeconds),
      filters: [{ pattern: JSON.stringify(filter) }],
      reportBatchItemFailures: true,
      bisectBatchOnError: true,
      retryAttempts: 10,
      onFailure: new SqsDlq(dead),
    });
    alarms.add(this, "DeadAlarm", {
      metric: dead.metricApproximateNumberOfMessagesVisible({ statistic: "Maximum", period: Duration.minutes(1) }),
      says: `${entryOf(name)} gave up on a record of the table's stream.`,
      section: "stream-dead-letters",
    });
    alarms.add(this, "AgeAlarm", {
      metric: this.lambda.metric("IteratorAge", { statistic: "Maximum", period: Duration.minutes(5) }),
      says: `${entryOf(name)} is more than five minutes behind the table's stream.`,
      section: "stream-behind",
      threshold: 300_000,
    });
  }
}
