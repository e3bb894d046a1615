import { expect, test } from "vitest";
import { functions } from "../../functions/manifest.ts";
import { lambdas, referred, synthesize } from "./synth.ts";

const made = synthesize();
const alarms = made.of("AWS::CloudWatch::Alarm").map(([, { Properties }]) => Properties);
const [topic] = made.of("AWS::SNS::Topic").map(([id]) => id);

/** The alarms on a function's own metric. */
const on = (name: string, metric: string) => {
  const id = lambdas(made).get(name)?.id;
  return alarms.filter(
    ({ MetricName, Dimensions }) => MetricName === metric && JSON.stringify(Dimensions ?? []).includes(`"${id}"`),
  );
};

test("every alarm goes to the one address that the operator reads", () => {
  expect(made.of("AWS::SNS::Subscription").map(([, { Properties }]) => Properties.Endpoint)).toEqual(["operator@berth.example"]);
  expect(alarms.length).toBeGreaterThan(10);
  for (const { AlarmDescription, AlarmActions } of alarms)
    expect((AlarmActions as unknown[]).map(referred), AlarmDescription).toEqual([topic]);
});

test("scheduled work that fails sets off an alarm, and so does a schedule that stands still", () => {
  const scheduled = Object.entries(functions).filter(([, { trigger }]) => trigger.kind === "schedule");
  expect(scheduled.length).toBeGreaterThan(2);
  for (const [name] of scheduled) {
    expect(on(name, "Errors"), name).toMatchObject([{ Threshold: 1, TreatMissingData: "notBreaching" }]);
    expect(on(name, "Invocations"), name).toMatchObject([
      { ComparisonOperator: "LessThanThreshold", TreatMissingData: "breaching", Threshold: 1 },
    ]);
  }
});

test("requests that are turned away set off an alarm, at the API and at its event streams", () => {
  for (const name of ["api/handler", "api/stream"]) expect(on(name, "Throttles"), name).toHaveLength(1);
});

test("what was given up sets off an alarm where it lies: in the dead letters, not in the queue they come from", () => {
  const dead = made
    .of("AWS::SQS::Queue")
    .flatMap(([, { Properties }]) => referred(Properties.RedrivePolicy?.deadLetterTargetArn) ?? []);
  const watched = alarms
    .filter(({ MetricName }) => MetricName === "ApproximateNumberOfMessagesVisible")
    .map(({ Dimensions }) => JSON.stringify(Dimensions));
  expect(dead.length).toBeGreaterThan(2);
  for (const id of dead)
    expect(
      watched.some((each) => each.includes(id)),
      id,
    ).toBe(true);
});

test("no log is kept without end, and the gateway's names no path, which would name a customer's app", () => {
  const logs = made.of("AWS::Logs::LogGroup").map(([, { Properties }]) => Properties);
  expect(logs.length).toBeGreaterThan(Object.keys(functions).length);
  for (const { RetentionInDays } of logs) expect(RetentionInDays).toBeLessThanOrEqual(31);
  const formats = made.of("AWS::ApiGatewayV2::Stage").map(([, { Properties }]) => Properties.AccessLogSettings.Format as string);
  expect(formats).toHaveLength(1);
  expect(Object.values(JSON.parse(formats[0] ?? ""))).toEqual([
    "$context.requestTime",
    "$context.routeKey",
    "$context.status",
    "$context.responseLatency",
    "$context.requestId",
    "$context.integrationErrorMessage",
  ]);
});
