import type { Environment } from "aws-cdk-lib";
import type { Code } from "aws-cdk-lib/aws-lambda";
import type { FunctionName } from "../functions/manifest.ts";

/** What one installation of Berth is told. Read by app.ts, and by nothing below it. */
export interface Settings {
  readonly stage: string;
  readonly env?: Environment;
  /** Where the dashboard is, without a trailing slash. */
  readonly origin: string;
  /** Who the service's mails are from: an address of a domain that SES has verified. */
  readonly mailFrom: string;
  /** The address customers write to when they need a person: somebody has to read it. */
  readonly support: string;
  /** Who is told of alarms. */
  readonly operator?: string;
  /** A function's code. */
  readonly code: (name: FunctionName) => Code;
}
