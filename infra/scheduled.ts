import { Duration } from "aws-cdk-lib";
import { Schedule, ScheduleExpression, ScheduleTargetInput } from "aws-cdk-lib/aws-scheduler";
import { LambdaInvoke } from "aws-cdk-lib/aws-scheduler-targets";
import type { Construct } from "constructs";
import { entryOf, functions } from "../functions/manifest.ts";
import type { Alarms } from "./alarms.ts";
import { Handler, type HandlerProps } from "./handler.ts";

type ScheduledFunction = {
  [Name in keyof typeof functions]: (typeof functions)[Name]["trigger"] extends { kind: "schedule" } ? Name : never;
}[keyof typeof functions];

/** A function that EventBridge Scheduler starts. One that fails, or is not started any more, is told of. */
export class Scheduled extends Handler {
  constructor(scope: Construct, name: ScheduledFunction, alarms: Alarms, props: HandlerProps) {
    super(scope, name, props);
    const { schedules } = functions[name].trigger;
    for (const schedule of schedules)
      new Schedule(this, `Schedule-${schedule.name}`, {
        description: `${entryOf(name)}, ${schedule.name}`,
        schedule: ScheduleExpression.rate(Duration.minutes(schedule.everyMinutes)),
        // A run that could not be started is not made up for: the next one does the same work.
        target: new LambdaInvoke(this.lambda, {
          input: ScheduleTargetInput.fromObject({ schedule: schedule.name }),
          retryAttempts: 0,
          maxEventAge: Duration.minutes(1),
        }),
      });
    // A second try of the same minute would only meet the next run.
    this.lambda.configureAsyncInvoke({ retryAttempts: 0, maxEventAge: Duration.minutes(1) });
    const often = Math.min(...schedules.map(({ everyMinutes }) => everyMinutes));
    alarms.add(this, "ErrorAlarm", {
      metric: this.lambda.metricErrors({ period: Duration.minutes(5) }),
      says: `${entryOf(name)} failed.`,
      section: "scheduled-work-failed",
    });
    alarms.add(this, "SilenceAlarm", {
      metric: this.lambda.metricInvocations({ period: Duration.minutes(Math.max(often * 2, 5)) }),
      says: `${entryOf(name)} was not started in time.`,
      section: "scheduled-work-silent",
      periods: 2,
      whenBelow: true,
    });
  }
}
