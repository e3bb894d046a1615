import { existsSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { functions, queues, VISIBILITY_TIMEOUTS } from "../../functions/manifest.ts";
import { lambdas, type Resource, referred, synthesize } from "./synth.ts";

const made = synthesize();
const all = new Map(made.of("AWS::SQS::Queue"));
const isDead = (id: string) => [...all.values()].some(({ Properties }) => deadOf(Properties) === id) || /Dead/.test(id);
const deadOf = (properties: Resource["Properties"]) => referred(properties.RedrivePolicy?.deadLetterTargetArn);
const sources = made.of("AWS::Lambda::EventSourceMapping").map(([, { Properties }]) => Properties);
const alarms = made.of("AWS::CloudWatch::Alarm").map(([, { Properties }]) => Properties);

const workers = Object.entries(functions).flatMap(([name, facts]) =>
  facts.trigger.kind === "queue" ? [{ name, ...facts, ...facts.trigger }] : [],
);

test("every queue of the manifest is drained by one function", () => {
  expect(workers.map(({ queue }) => queue).sort()).toEqual(Object.keys(queues).sort());
});

test.each(workers)(
  "$name drains its queue with partial batch failures, a cap, six time-outs of visibility and dead letters",
  (worker) => {
    const source = sources.find(({ FunctionName }) => referred(FunctionName) === lambdas(made).get(worker.name)?.id);
    expect(source).toMatchObject({
      BatchSize: worker.batchSize,
      FunctionResponseTypes: ["ReportBatchItemFailures"],
      ScalingConfig: { MaximumConcurrency: worker.concurrency },
    });
    const queue = all.get(referred(source.EventSourceArn) ?? "");
    const { fifo, receives } = queues[worker.queue];
    expect(queue?.Properties.VisibilityTimeout).toBe(VISIBILITY_TIMEOUTS * worker.timeoutSeconds);
    expect(queue?.Properties.FifoQueue ?? false).toBe(fifo);
    expect(queue?.Properties.RedrivePolicy.maxReceiveCount).toBe(receives);
    const dead = all.get(deadOf(queue?.Properties) ?? "");
    expect(dead?.Properties.FifoQueue ?? false).toBe(fifo);
    expect(dead?.Properties.MessageRetentionPeriod).toBe(14 * 86_400);
  },
);

test("every queue is a worker's or holds dead letters, and every one that holds dead letters has an alarm", () => {
  const drained = new Set(sources.map(({ EventSourceArn }) => referred(EventSourceArn)));
  for (const id of all.keys()) expect(drained.has(id) || isDead(id), id).toBe(true);
  const watched = alarms
    .filter(({ MetricName }) => MetricName === "ApproximateNumberOfMessagesVisible")
    .map(({ Dimensions }) => Dimensions[0].Value["Fn::GetAtt"][0]);
  expect(watched.sort()).toEqual([...all.keys()].filter(isDead).sort());
});

test("every queue is encrypted and refuses plain HTTP", () => {
  for (const [id, { Properties }] of all) expect(Properties.SqsManagedSseEnabled, id).toBe(true);
  const policies = JSON.stringify(made.of("AWS::SQS::QueuePolicy"));
  for (const id of all.keys()) expect(policies).toContain(id);
});

test("the stream's worker continues from the record that failed and gives up into dead letters", () => {
  const source = sources.find(({ FilterCriteria }) => FilterCriteria);
  expect(source).toMatchObject({
    FunctionResponseTypes: ["ReportBatchItemFailures"],
    BisectBatchOnFunctionError: true,
    StartingPosition: "TRIM_HORIZON",
  });
  expect(source.MaximumRetryAttempts).toBeGreaterThan(0);
  expect(isDead(referred(source.DestinationConfig.OnFailure.Destination) ?? "")).toBe(true);
});

test("every alarm tells the operator and names a section that the runbook has", () => {
  expect(alarms.length).toBeGreaterThan(Object.keys(queues).length);
  const runbook = existsSync("docs/runbook.md") ? readFileSync("docs/runbook.md", "utf8") : "";
  const sections = [...runbook.matchAll(/^## (.+)$/gm)].map(([, title]) => (title ?? "").toLowerCase().replaceAll(" ", "-"));
  for (const { AlarmDescription, AlarmActions } of alarms) {
    expect(AlarmActions).toHaveLength(1);
    const section = /See docs\/runbook\.md#([a-z-]+)$/.exec(AlarmDescription)?.[1];
    expect(sections, AlarmDescription).toContain(section);
  }
});

test("every function that no queue backs has an alarm of its own, or the gateway's", () => {
  const watched = JSON.stringify(alarms.map(({ Dimensions, Metrics }) => [Dimensions, Metrics]));
  for (const [name, { trigger }] of Object.entries(functions)) {
    if (trigger.kind === "queue" || trigger.kind === "http") continue;
    expect(watched, name).toContain(lambdas(made).get(name)?.id);
  }
  expect(alarms.some(({ Namespace, MetricName }) => Namespace === "AWS/ApiGateway" && MetricName === "5xx")).toBe(true);
});
