import { CfnOutput, Duration } from "aws-cdk-lib";
import { FunctionUrlAuthType, InvokeMode } from "aws-cdk-lib/aws-lambda";
import type { Construct } from "constructs";
import type { ApiEnv } from "../functions/api/env.ts";
import { mayChange, mayFetch, mayMark, mayOpen, mayRead, mayReadParameter, maySeal, maySend, mayStore } from "./grants.ts";
import { Handler } from "./handler.ts";
import type { Parts } from "./parts.ts";

/** Rows that are found by a secret, an address or a name that is unique everywhere. */
const GLOBAL = [
  "BROWSER#*",
  "CLOSED#*",
  "CODE#*",
  "CUS#*",
  "DEPLOYER#*",
  "DEVICE#*",
  "EMAIL#*",
  "IDENTITY#*",
  "RATE#*",
  "SESSION#*",
  "TOKEN#*",
];

/** functions/api: the API behind the gateway, the one route of it that opens a value, and event streams behind an address of their own. */
export function api(scope: Construct, { data, queues, gateway, alarms, common, code }: Parts): void {
  const environment: ApiEnv = { ...common, STRIPE_SECRET: data.parameters.stripeSecret };
  const handler = new Handler(scope, "api/handler", { code, environment });
  gateway.route("api/handler", handler);
  mayChange(handler, data.table, "TENANT#*", ...GLOBAL);
  maySend(handler, queues.jobs);
  maySend(handler, queues.mail);
  maySeal(handler, data.key);
  mayFetch(handler, data.bucket);
  mayStore(handler, data.bucket);
  mayReadParameter(handler, data.parameters.stripeSecret);

  const reveal = new Handler(scope, "api/reveal", { code, environment: common });
  gateway.route("api/reveal", reveal);
  mayChange(reveal, data.table, "TENANT#*", "RATE#*");
  mayRead(reveal, data.table, "SESSION#*", "TOKEN#*");
  mayMark(reveal, data.table, "TOKEN#*");
  mayOpen(reveal, data.key, "value");

  const stream = new Handler(scope, "api/stream", { code, environment: common });
  mayRead(stream, data.table, "TENANT#*", "SESSION#*", "TOKEN#*");
  // TENANT#*: the tenant's count of open streams, and when a credential of its was last used.
  mayMark(stream, data.table, "TOKEN#*", "TENANT#*");
  // No IAM in front: who asks is found out by the API itself, as behind the gateway. The function's concurrency is the ceiling.
  const url = stream.lambda.addFunctionUrl({
    authType: FunctionUrlAuthType.NONE,
    invokeMode: InvokeMode.RESPONSE_STREAM,
  });
  for (const { lambda } of [handler, reveal, stream])
    alarms.add(lambda, "ThrottleAlarm", {
      metric: lambda.metricThrottles({ period: Duration.minutes(5) }),
      says: `${lambda.node.scope?.node.id} turned requests away: as many as may run at once were running.`,
      section: "requests-turned-away",
    });
  alarms.add(stream, "ErrorAlarm", {
    metric: stream.lambda.metricErrors({ period: Duration.minutes(5) }),
    says: "Event streams broke off with errors.",
    section: "api-failing",
    threshold: 5,
  });
  new CfnOutput(scope, "ApiUrl", { value: gateway.api.apiEndpoint });
  new CfnOutput(scope, "StreamUrl", { value: url.url });
}
