import { type Alarm, ComparisonOperator, type Metric, TreatMissingData } from "aws-cdk-lib/aws-cloudwatch";
import { SnsAction } from "aws-cdk-lib/aws-cloudwatch-actions";
import { Topic } from "aws-cdk-lib/aws-sns";
import { EmailSubscription } from "aws-cdk-lib/aws-sns-subscriptions";
import { Construct } from "constructs";

export interface AlarmFacts {
  readonly metric: Metric;
  /** What has happened, in a sentence. */
  readonly says: string;
  /** The section of docs/runbook.md that says what to do. */
  readonly section: string;
  readonly threshold?: number;
  /** Periods of the metric in a row; 1 without it. */
  readonly periods?: number;
  /** Silence is the alarm: for what must happen all the time. */
  readonly whenBelow?: true;
}

/** Where alarms go. Each names the section of the runbook that answers it. */
export class Alarms extends Construct {
  readonly topic: Topic;

  constructor(scope: Construct, id: string, operator: string | undefined) {
    super(scope, id);
    this.topic = new Topic(this, "Topic", { displayName: "Berth alarms", enforceSSL: true });
    if (operator) this.topic.addSubscription(new EmailSubscription(operator));
  }

  add(scope: Construct, id: string, { metric, says, section, threshold = 1, periods = 1, whenBelow }: AlarmFacts): Alarm {
    const alarm = metric.createAlarm(scope, id, {
      alarmDescription: `${says} See docs/runbook.md#${section}`,
      threshold,
      evaluationPeriods: periods,
      ...(whenBelow && { comparisonOperator: ComparisonOperator.LESS_THAN_THRESHOLD }),
      treatMissingData: whenBelow ? TreatMissingData.BREACHING : TreatMissingData.NOT_BREACHING,
    });
    alarm.addAlarmAction(new SnsAction(this.topic));
    return alarm;
  }
}
