import type { CommonEnv } from "@berth/aws/env.ts";
import type { Code } from "aws-cdk-lib/aws-lambda";
import type { FunctionName } from "../functions/manifest.ts";
import type { Alarms } from "./alarms.ts";
import type { Data } from "./data.ts";
import type { Gateway } from "./http.ts";
import type { QueueName, WorkQueue } from "./queue-worker.ts";

/** What the parts of the service are built from. */
export interface Parts {
  readonly data: Data;
  readonly queues: Readonly<Record<QueueName, WorkQueue>>;
  readonly gateway: Gateway;
  readonly alarms: Alarms;
  readonly common: CommonEnv;
  readonly code: (name: FunctionName) => Code;
  readonly mailFrom: string;
}
