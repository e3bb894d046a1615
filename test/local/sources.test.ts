import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createEngine } from "@berth/local-dynamodb/engine.ts";
import type { DynamoDBStreamEvent, SQSEvent } from "aws-lambda";
import { expect, test } from "vitest";
import { createCloudClock } from "../../packages/local/src/clock/clock.ts";
import { makeTable, TABLE } from "../../packages/local/src/cloud/table.ts";
import { queueSource } from "../../packages/local/src/lambda/queue-source.ts";
import { createScheduler } from "../../packages/local/src/lambda/scheduler.ts";
import { streamSource } from "../../packages/local/src/lambda/stream-source.ts";
import { createSqs } from "../../packages/local/src/sqs/sqs.ts";

const eventually = <T>(look: () => T) => expect.poll(look, { timeout: 60_000 });

const clock = () => createCloudClock();
const temporary = () => join(mkdtempSync(join(tmpdir(), "berth-sources-")), "file.json");

function queueBench(invoke: (event: SQSEvent) => Promise<unknown>, { concurrency = 4, batchSize = 5 } = {}) {
  const time = clock();
  const definitions = [
    { name: "q", fifo: false, visibilitySeconds: 60, deadLetters: { queue: "dead", receives: 3 } },
    { name: "dead", fifo: false, visibilitySeconds: 60 },
  ];
  const sqs = createSqs(definitions, { clock: time });
  const [queue, dead] = [sqs.queues.get("q")!, sqs.queues.get("dead")!];
  const logs: string[] = [];
  const begin = () => queueSource({ sqs, queue, batchSize, concurrency, invoke, log: (text) => logs.push(text) });
  return { time, sqs, queue, dead, logs, begin };
}

test("a batch's successes are deleted and only its failures come back, once their time has passed", async () => {
  const seen: string[][] = [];
  const bench = queueBench(async (event) => {
    seen.push(event.Records.map(({ body }) => body));
    const failed = event.Records.filter(({ body }) => body === "bad");
    return { batchItemFailures: failed.map(({ messageId }) => ({ itemIdentifier: messageId })) };
  });
  for (const body of ["good", "bad", "fine"]) bench.queue.send({ body });
  const source = bench.begin();
  await eventually(() => bench.queue.messages().map(({ body }) => body)).toEqual(["bad"]);
  expect(bench.queue.counts()).toEqual({ visible: 0, inFlight: 1, delayed: 0 });
  bench.time.turn(61_000);
  await eventually(() => seen).toEqual([["good", "bad", "fine"], ["bad"]]);
  bench.time.turn(61_000);
  await eventually(() => seen).toHaveLength(3);
  bench.time.turn(61_000);
  await eventually(() => bench.dead.messages().map(({ body }) => body)).toEqual(["bad"]);
  bench.sqs.close();
  await source.close();
});

test("a function that throws, or answers with an identifier that was not in the batch, has failed with all of it", async () => {
  let answer: () => Promise<unknown> = () => Promise.reject(new Error("no"));
  const bench = queueBench(() => answer());
  for (const body of ["one", "two"]) bench.queue.send({ body });
  const source = bench.begin();
  await eventually(() => bench.logs).toContain("q: 2 of 2 failed and come back");
  answer = () => Promise.resolve({ batchItemFailures: [{ itemIdentifier: "nobody" }] });
  bench.time.turn(61_000);
  await eventually(() => bench.logs.filter((line) => line.includes("2 of 2"))).toHaveLength(2);
  answer = () => Promise.resolve(undefined);
  bench.time.turn(61_000);
  await eventually(() => bench.queue.messages()).toEqual([]);
  bench.sqs.close();
  await source.close();
});

test("an event of the queue has every field Lambda gives", async () => {
  const events: SQSEvent[] = [];
  const bench = queueBench(async (event) => void events.push(event));
  bench.queue.send({ body: "hello", group: "ten_1" });
  const source = bench.begin();
  await eventually(() => events).toHaveLength(1);
  expect(events[0]?.Records[0]).toEqual({
    messageId: expect.stringMatching(/^[0-9a-f-]{36}$/),
    receiptHandle: expect.any(String),
    body: "hello",
    attributes: {
      ApproximateReceiveCount: "1",
      SentTimestamp: expect.stringMatching(/^\d{13}$/),
      SenderId: expect.any(String),
      ApproximateFirstReceiveTimestamp: expect.stringMatching(/^\d{13}$/),
      MessageGroupId: "ten_1",
    },
    messageAttributes: {},
    md5OfBody: "5d41402abc4b2a76b9719d911017c592",
    eventSource: "aws:sqs",
    eventSourceARN: "arn:aws:sqs:local:000000000000:q",
    awsRegion: "local",
  });
  bench.sqs.close();
  await source.close();
});

test("no more batches are worked on at once than the function's concurrency", async () => {
  let [now, most] = [0, 0];
  const bench = queueBench(
    async () => {
      most = Math.max(most, ++now);
      await new Promise((resolve) => setTimeout(resolve, 20));
      now--;
    },
    { concurrency: 2, batchSize: 1 },
  );
  for (let i = 0; i < 8; i++) bench.queue.send({ body: String(i) });
  const source = bench.begin();
  await expect.poll(() => bench.queue.messages(), { timeout: 60_000 }).toEqual([]);
  expect(most).toBe(2);
  bench.sqs.close();
  await source.close();
});

test("what waits in the queues is there after a restart, and what was in flight comes back", async () => {
  const [time, file] = [clock(), temporary()];
  const definitions = [{ name: "q", fifo: false, visibilitySeconds: 60 }];
  const before = createSqs(definitions, { clock: time, file });
  for (const body of ["one", "two"]) before.queues.get("q")?.send({ body });
  before.queues.get("q")?.receive(1);
  before.close();
  const after = createSqs(definitions, { clock: time, file }).queues.get("q");
  expect(after?.receive(10).map(({ body }) => body)).toEqual(["two"]);
  time.turn(61_000);
  expect(after?.receive(10).map(({ body, receives }) => [body, receives])).toEqual([
    ["one", 2],
    ["two", 2],
  ]);
});

function streamBench(invoke: (event: DynamoDBStreamEvent) => Promise<unknown>, file?: string) {
  const engine = createEngine({ now: Date.now });
  makeTable(engine);
  const put = (sk: string) =>
    engine.execute("PutItem", {
      TableName: TABLE,
      Item: { pk: { S: "TENANT#1" }, sk: { S: sk }, at: { N: String(Math.random()) } },
    });
  const logs: string[] = [];
  const filter = { eventName: ["INSERT"], dynamodb: { Keys: { sk: { S: [{ prefix: "JOB#" }] } } } };
  const begin = () =>
    streamSource({
      engine,
      table: TABLE,
      batchSize: 3,
      windowSeconds: 0.02,
      filter,
      invoke,
      log: (text) => logs.push(text),
      ...(file !== undefined && { file }),
    });
  return { engine, put, logs, begin };
}
const keysOf = (event: DynamoDBStreamEvent) => event.Records.map((record) => record.dynamodb?.Keys?.sk?.S);

test("the stream gives matching records in order and in batches, and each once across a restart", async () => {
  const seen: (string | undefined)[][] = [];
  const bench = streamBench(async (event) => void seen.push(keysOf(event)), temporary());
  for (let i = 0; i < 4; i++) bench.put(`JOB#${i}`);
  bench.put("APP#1");
  bench.put("JOB#0"); // a change, not an insert
  const first = bench.begin();
  await eventually(() => seen).toEqual([["JOB#0", "JOB#1", "JOB#2"], ["JOB#3"]]);
  await first.close();
  bench.put("JOB#4");
  const second = bench.begin();
  await eventually(() => seen.slice(2)).toEqual([["JOB#4"]]);
  bench.put("JOB#5");
  await eventually(() => seen.slice(3)).toEqual([["JOB#5"]]);
  await second.close();
});

test("a failed stream batch is given again from the first failed record, and nothing overtakes it", async () => {
  const seen: (string | undefined)[][] = [];
  let broken = true;
  const bench = streamBench(async (event) => {
    seen.push(keysOf(event));
    const bad = event.Records.find((record) => record.dynamodb?.Keys?.sk?.S === "JOB#1");
    if (!broken || !bad) return undefined;
    broken = false;
    return { batchItemFailures: [{ itemIdentifier: bad.dynamodb?.SequenceNumber ?? "" }] };
  });
  for (let i = 0; i < 4; i++) bench.put(`JOB#${i}`);
  const source = bench.begin();
  await expect.poll(() => seen, { timeout: 60_000 }).toEqual([["JOB#0", "JOB#1", "JOB#2"], ["JOB#1", "JOB#2"], ["JOB#3"]]);
  await source.close();
});

test("a schedule runs when its time has come by the cloud's clock, once, and not while it still runs", async () => {
  const time = clock();
  let runs = 0;
  let finish: (() => void) | undefined;
  const run = () => {
    runs++;
    return new Promise<void>((resolve) => {
      finish = resolve;
    });
  };
  const scheduler = createScheduler([{ name: "s", everyMinutes: 5, run }], { clock: time, log: () => {} });
  await scheduler.runDue();
  expect(runs).toBe(0);
  time.turn(5 * 60_000);
  const [first, second] = [scheduler.runDue(), scheduler.run("s")];
  expect(runs).toBe(1);
  finish?.();
  await Promise.all([first, second]);
  await scheduler.runDue();
  expect(runs).toBe(1);
  await expect(scheduler.run("none")).rejects.toThrow("no schedule");
  await scheduler.close();
});

test("a schedule that fails is told and runs again at its next time", async () => {
  const [time, logs] = [clock(), [] as string[]];
  const scheduler = createScheduler([{ name: "s", everyMinutes: 1, run: () => Promise.reject(new Error("broken")) }], {
    clock: time,
    log: (text) => logs.push(text),
  });
  for (let i = 0; i < 2; i++) {
    time.turn(60_000);
    await scheduler.runDue();
  }
  expect(logs).toEqual(["schedule s: broken", "schedule s: broken"]);
  await scheduler.close();
});

test("a schedule remembers over a restart when it ran", async () => {
  const [time, file] = [clock(), temporary()];
  let runs = 0;
  const schedules = [{ name: "s", everyMinutes: 60, run: () => Promise.resolve(runs++) }];
  const first = createScheduler(schedules, { clock: time, log: () => {}, file });
  await first.run("s");
  await first.close();
  time.turn(59 * 60_000);
  const second = createScheduler(schedules, { clock: time, log: () => {}, file });
  await second.runDue();
  expect(runs).toBe(1);
  time.turn(60_000);
  await second.runDue();
  expect(runs).toBe(2);
  await second.close();
});

test("the clock moves forward only and keeps what it was turned by", () => {
  const file = temporary();
  const time = createCloudClock({ file, now: () => 1000 });
  time.turn(500);
  expect(() => time.turn(-1)).toThrow("forward");
  expect(createCloudClock({ file, now: () => 1000 }).now()).toBe(1500);
});
