import { Duration, RemovalPolicy } from "aws-cdk-lib";
import { Role, ServicePrincipal } from "aws-cdk-lib/aws-iam";
import { Architecture, type Code, Function as Lambda, LoggingFormat, Runtime } from "aws-cdk-lib/aws-lambda";
import { LogGroup, RetentionDays } from "aws-cdk-lib/aws-logs";
import { Construct } from "constructs";
import { entryOf, type FunctionName, functions } from "../functions/manifest.ts";

export interface HandlerProps {
  readonly code: (name: FunctionName) => Code;
  /** A value of the function's own environment type. */
  readonly environment: object;
}

/** One function of the manifest with a role of its own, which may write its log and nothing else until it is granted more. */
export class Handler extends Construct {
  readonly lambda: Lambda;

  constructor(scope: Construct, name: FunctionName, { code, environment }: HandlerProps) {
    super(scope, idOf(name));
    const { timeoutSeconds, memoryMegabytes, concurrency } = functions[name];
    const logGroup = new LogGroup(this, "Log", { retention: RetentionDays.ONE_MONTH, removalPolicy: RemovalPolicy.DESTROY });
    const role = new Role(this, "Role", { assumedBy: new ServicePrincipal("lambda.amazonaws.com") });
    logGroup.grantWrite(role);
    this.lambda = new Lambda(this, "Function", {
      description: entryOf(name),
      code: code(name),
      handler: "index.handler",
      runtime: Runtime.NODEJS_24_X,
      architecture: Architecture.ARM_64,
      timeout: Duration.seconds(timeoutSeconds),
      memorySize: memoryMegabytes,
      reservedConcurrentExecutions: concurrency,
      environment: { ...environment },
      // The functions write their own JSON lines; Lambda's would wrap them in another.
      loggingFormat: LoggingFormat.TEXT,
      logGroup,
      role,
    });
  }
}

/** `workers/check-target` -> `WorkersCheckTarget`. */
const idOf = (name: string) => name.replaceAll(/(?:^|[/-])(\w)/g, (_, letter: string) => letter.toUpperCase());
