import { randomUUID } from "node:crypto";
import { drain } from "@berth/aws/sqs-handler.ts";
import type { SQSEvent } from "aws-lambda";
import { afterAll, expect, test } from "vitest";
import * as z from "zod";
import { testWorld } from "../support/world.ts";

const t = testWorld();
afterAll(() => t.close());

const eventOf = (bodies: readonly string[]): SQSEvent => ({
  Records: bodies.map((body) => ({
    messageId: randomUUID(),
    receiptHandle: "handle",
    body,
    attributes: {
      ApproximateReceiveCount: "1",
      SentTimestamp: "1767225600000",
      SenderId: "AIDA",
      ApproximateFirstReceiveTimestamp: "1767225600001",
    },
    messageAttributes: {},
    md5OfBody: "",
    eventSource: "aws:sqs",
    eventSourceARN: "arn:aws:sqs:eu-central-1:000000000000:jobs",
    awsRegion: "eu-central-1",
  })),
});
const Message = z.object({ n: z.number() });

test("one bad record does not fail its batch: only the ones that threw come back", async () => {
  const seen: number[] = [];
  const handler = drain(t.world, Message, async ({ n }) => {
    if (n === 2) throw new Error("broken");
    seen.push(n);
  });
  const event = eventOf(['{"n":1}', '{"n":2}', '{"n":3}']);
  expect(await handler(event)).toEqual({ batchItemFailures: [{ itemIdentifier: event.Records[1]?.messageId }] });
  expect(seen).toEqual([1, 3]);
});

test("a record that is not JSON, or not of the schema, comes back and so ends in dead letters", async () => {
  const handler = drain(t.world, Message, async () => {});
  const event = eventOf(["{", '{"n":"x"}', '{"n":1}']);
  const { batchItemFailures } = await handler(event);
  expect(batchItemFailures.map(({ itemIdentifier }) => itemIdentifier)).toEqual(
    event.Records.slice(0, 2).map(({ messageId }) => messageId),
  );
});

test("a batch without a failure answers an empty list, which is success for all", async () => {
  expect(await drain(t.world, Message, async () => {})(eventOf(['{"n":1}']))).toEqual({ batchItemFailures: [] });
});

test("a failure is logged with its cause and how often it was received", async () => {
  await drain(t.world, Message, () => Promise.reject(new Error("why")))(eventOf(['{"n":1}']));
  expect(t.logs.at(-1)).toMatchObject({
    level: "error",
    facts: { receives: "1", error: expect.objectContaining({ message: "why" }) },
  });
});
