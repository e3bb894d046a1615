import { Duration, Stack } from "aws-cdk-lib";
import { AccessLogFormat } from "aws-cdk-lib/aws-apigateway";
import { HttpApi, HttpMethod, HttpStage, LogGroupLogDestination } from "aws-cdk-lib/aws-apigatewayv2";
import { HttpLambdaIntegration } from "aws-cdk-lib/aws-apigatewayv2-integrations";
import { LogGroup, RetentionDays } from "aws-cdk-lib/aws-logs";
import { Construct } from "constructs";
import { functions } from "../functions/manifest.ts";
import type { Alarms } from "./alarms.ts";
import type { Handler } from "./handler.ts";

type HttpFunction = {
  [Name in keyof typeof functions]: (typeof functions)[Name]["trigger"] extends { kind: "http" } ? Name : never;
}[keyof typeof functions];

/** The one front door: an HTTP API with the manifest's routes. Its throttle is a ceiling for cost; limits for fairness are the domain's. */
export class Gateway extends Construct {
  readonly api: HttpApi;

  constructor(scope: Construct, id: string, alarms: Alarms) {
    super(scope, id);
    this.api = new HttpApi(this, "Http", { apiName: Stack.of(this).stackName, createDefaultStage: false });
    const log = new LogGroup(this, "Log", { retention: RetentionDays.ONE_MONTH });
    new HttpStage(this, "Stage", {
      httpApi: this.api,
      stageName: "$default",
      autoDeploy: true,
      throttle: { rateLimit: 200, burstLimit: 400 },
      accessLogSettings: {
        destination: new LogGroupLogDestination(log),
        // Routes, not paths, and no headers: nothing here names a tenant or carries a credential.
        format: AccessLogFormat.custom(
          JSON.stringify({
            at: "$context.requestTime",
            route: "$context.routeKey",
            status: "$context.status",
            milliseconds: "$context.responseLatency",
            request: "$context.requestId",
            error: "$context.integrationErrorMessage",
          }),
        ),
      },
    });
    alarms.add(this, "FailureAlarm", {
      metric: this.api.metricServerError({ period: Duration.minutes(5), statistic: "Sum" }),
      says: "The API answered with server errors.",
      section: "api-failing",
      threshold: 5,
    });
  }

  route(name: HttpFunction, { lambda }: Handler): void {
    const integration = new HttpLambdaIntegration(name.replaceAll("/", "-"), lambda);
    for (const { method, path } of functions[name].trigger.routes)
      this.api.addRoutes({ path, methods: [HttpMethod[method]], integration });
  }
}
