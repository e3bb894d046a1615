import type { Context } from "@berth/domain/context.ts";
import { accountKey, getAccount } from "@berth/domain/entitlement/account.ts";
import { findJob } from "@berth/domain/job/job.ts";
import { putOne } from "@berth/domain/table.ts";
import { addTarget } from "@berth/domain/target/add.ts";
import { userOfEmail } from "@berth/domain/tenant/tenant.ts";
import { type Cloud, startCloud } from "@berth/local/cloud.ts";
import type { DynamoDBStreamEvent, SQSEvent } from "aws-lambda";
import { afterAll, beforeAll, expect, test } from "vitest";

// The very handlers that Lambda runs, in this process, against the local cloud's engines over their wire.
let cloud: Cloud;
let ctx: Context;

beforeAll(async () => {
  cloud = await startCloud({ workers: 1 });
  Object.assign(process.env, cloud.env);
  const { createWorld } = await import("@berth/aws/world.ts");
  const world = createWorld(process.env);
  const user = await userOfEmail(world, "worker@example.com");
  ctx = { ...world, tenant: user.tenant, actor: { kind: "system", id: "test" } };
  await putOne(ctx, accountKey(ctx), { ...(await getAccount(ctx)), kind: "good", plan: "pro", slotLimit: 10, targetLimit: 5 });
});
afterAll(() => cloud?.close());

/** A job nobody was told of: its message was lost. */
async function silentJob(name: string) {
  const { job } = await addTarget({ ...ctx, send: () => Promise.resolve() }, { name, host: "127.0.0.1", port: 1, user: "root" });
  return job;
}

const recordOf = (body: object) => ({
  messageId: "m1",
  receiptHandle: "h",
  body: JSON.stringify(body),
  attributes: { ApproximateReceiveCount: "1", SentTimestamp: "0", SenderId: "x", ApproximateFirstReceiveTimestamp: "0" },
  messageAttributes: {},
  md5OfBody: "",
  eventSource: "aws:sqs",
  eventSourceARN: "arn:aws:sqs:local:000000000000:jobs",
  awsRegion: "local",
});

async function endOf(id: string) {
  for (let i = 0; i < 100; i++) {
    const job = await findJob(ctx, id);
    if (job?.endedAt) return job;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`${id} did not end`);
}

test("the rollout worker answers a message of the queue, and a duplicate does nothing", async () => {
  const { handler } = await import("../../functions/workers/rollout.handler.ts");
  const job = await silentJob("rollout");
  const message = { tenant: ctx.tenant, job: job.id, target: Object.keys(job.rollouts)[0] };
  const event = { Records: [recordOf(message)] } satisfies SQSEvent;
  expect(await handler(event)).toEqual({ batchItemFailures: [] });
  const ended = await findJob(ctx, job.id);
  expect(ended).toMatchObject({ status: "failed", failure: { class: "refused" } });
  expect(await handler(event)).toEqual({ batchItemFailures: [] });
  expect(await findJob(ctx, job.id)).toEqual(ended);
});

test("the relay dispatches a job the stream shows whose message was lost, and nothing else", async () => {
  const { handler } = await import("../../functions/workers/relay.handler.ts");
  const job = await silentJob("relay");
  const record = (sk: string, eventName: "INSERT" | "MODIFY" = "INSERT") => ({
    eventID: "1",
    eventName,
    eventSource: "aws:dynamodb",
    dynamodb: { Keys: { pk: { S: `TENANT#${ctx.tenant}` }, sk: { S: sk } }, SequenceNumber: "1" },
  });
  const event: DynamoDBStreamEvent = { Records: [record(`JOB#${job.id}`), record("APP#x"), record(`JOB#${job.id}`, "MODIFY")] };
  expect(await handler(event)).toEqual({ batchItemFailures: [] });
  expect(await endOf(job.id)).toMatchObject({ status: "failed" });
});

test("the sweep finds a job nobody heard of, by the index alone, and it is done", async () => {
  const { handler } = await import("../../functions/workers/sweep.handler.ts");
  const job = await silentJob("sweep");
  await cloud.advance(61);
  process.env.LOCAL_CLOCK_MS = String(cloud.now().getTime() - Date.now());
  await handler();
  expect(await endOf(job.id)).toMatchObject({ status: "failed" });
});

test("the mail worker writes a mail from its template and sends it", async () => {
  const { handler } = await import("../../functions/workers/mail.handler.ts");
  const mail = { to: "reader@example.com", template: "code", data: { code: "123456", minutes: 10 } };
  expect(await handler({ Records: [recordOf(mail)] })).toEqual({ batchItemFailures: [] });
  expect(cloud.inbox("reader@example.com")[0]?.text).toContain("123456");
});
