import {
  ChangeMessageVisibilityCommand,
  DeleteMessageBatchCommand,
  DeleteMessageCommand,
  GetQueueAttributesCommand,
  ListDeadLetterSourceQueuesCommand,
  ListQueuesCommand,
  ReceiveMessageCommand,
  SendMessageBatchCommand,
  SendMessageCommand,
  SQSClient,
  StartMessageMoveTaskCommand,
} from "@aws-sdk/client-sqs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createCloudClock } from "../../packages/local/src/clock/clock.ts";
import { enginesServer } from "../../packages/local/src/cloud/engines.ts";
import { createSqs } from "../../packages/local/src/sqs/sqs.ts";
import { ACCOUNT, sqsService } from "../../packages/local/src/sqs/wire.ts";
import { close, listen } from "../../packages/local/src/state/server.ts";

const clock = createCloudClock();
let names = 0;
const fresh = (receives = 2) => {
  const name = `q${++names}`;
  return [
    { name, fifo: false, visibilitySeconds: 30, deadLetters: { queue: `${name}-dead`, receives } },
    { name: `${name}-dead`, fifo: false, visibilitySeconds: 30 },
    { name: `${name}.fifo`, fifo: true, visibilitySeconds: 30 },
  ];
};
const definitions = Array.from({ length: 20 }, () => fresh()).flat();
const sqs = createSqs(definitions, { clock });
let base = "";
const server = enginesServer(
  [sqsService(sqs, () => `${base}/sqs`)],
  () => new Response(""),
  (error) => {
    throw error;
  },
);
let client: SQSClient;
let used = 0;
const next = () => `${base}/sqs/${ACCOUNT}/q${++used}`;

beforeAll(async () => {
  base = `http://127.0.0.1:${(await listen(server, 0)).port}`;
  client = new SQSClient({ endpoint: `${base}/sqs`, region: "local", credentials: { accessKeyId: "x", secretAccessKey: "x" } });
});
afterAll(async () => {
  client.destroy();
  sqs.close();
  await close(server);
});

const receive = async (QueueUrl: string, more: object = {}) =>
  (
    await client.send(
      new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10, MessageSystemAttributeNames: ["All"], ...more }),
    )
  ).Messages ?? [];

test("a message that is sent is received with its attributes, and gone once deleted", async () => {
  const QueueUrl = next();
  await client.send(new SendMessageCommand({ QueueUrl, MessageBody: "hello", MessageGroupId: "tenant" }));
  const [message] = await receive(QueueUrl);
  expect(message).toMatchObject({ Body: "hello", Attributes: { ApproximateReceiveCount: "1", MessageGroupId: "tenant" } });
  await client.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle: message?.ReceiptHandle }));
  clock.turn(31_000);
  expect(await receive(QueueUrl)).toEqual([]);
});

test("a received message is invisible until its time has passed, then comes back with its count", async () => {
  const QueueUrl = next();
  await client.send(new SendMessageCommand({ QueueUrl, MessageBody: "x" }));
  await receive(QueueUrl);
  clock.turn(29_000);
  expect(await receive(QueueUrl)).toEqual([]);
  clock.turn(2_000);
  expect(await receive(QueueUrl)).toMatchObject([{ Attributes: { ApproximateReceiveCount: "2" } }]);
});

test("an older receipt no longer deletes", async () => {
  const QueueUrl = next();
  await client.send(new SendMessageCommand({ QueueUrl, MessageBody: "x" }));
  const [first] = await receive(QueueUrl);
  clock.turn(31_000);
  await receive(QueueUrl);
  await client.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle: first?.ReceiptHandle }));
  clock.turn(31_000);
  const dead = await receive(`${QueueUrl}-dead`);
  expect(await receive(QueueUrl)).toEqual([]);
  expect([...dead, ...(await receive(`${QueueUrl}-dead`))]).toHaveLength(1);
});

test("visibility can be changed: zero makes it visible at once", async () => {
  const QueueUrl = next();
  await client.send(new SendMessageCommand({ QueueUrl, MessageBody: "x" }));
  const [message] = await receive(QueueUrl);
  const { ReceiptHandle } = message ?? {};
  await client.send(new ChangeMessageVisibilityCommand({ QueueUrl, ReceiptHandle, VisibilityTimeout: 0 }));
  expect(await receive(QueueUrl)).toHaveLength(1);
});

test("after as many receives as allowed it lies in dead letters, and can be moved back", async () => {
  const QueueUrl = next();
  await client.send(new SendMessageCommand({ QueueUrl, MessageBody: "poison" }));
  for (let i = 0; i < 2; i++) {
    expect(await receive(QueueUrl)).toHaveLength(1);
    clock.turn(31_000);
  }
  expect(await receive(QueueUrl)).toEqual([]);
  expect(await receive(`${QueueUrl}-dead`)).toMatchObject([{ Body: "poison", Attributes: { ApproximateReceiveCount: "1" } }]);
  clock.turn(31_000);
  const { Attributes } = await client.send(
    new GetQueueAttributesCommand({ QueueUrl: `${QueueUrl}-dead`, AttributeNames: ["QueueArn"] }),
  );
  await client.send(new StartMessageMoveTaskCommand({ SourceArn: Attributes?.QueueArn }));
  expect(await receive(QueueUrl)).toMatchObject([{ Body: "poison" }]);
  const { queueUrls } = await client.send(new ListDeadLetterSourceQueuesCommand({ QueueUrl: `${QueueUrl}-dead` }));
  expect(queueUrls).toEqual([QueueUrl]);
});

test("a delayed message is seen when the clock has come that far, and not before", async () => {
  const QueueUrl = next();
  await client.send(new SendMessageCommand({ QueueUrl, MessageBody: "later", DelaySeconds: 60 }));
  clock.turn(59_000);
  expect(await receive(QueueUrl)).toEqual([]);
  clock.turn(2_000);
  expect(await receive(QueueUrl)).toHaveLength(1);
});

test("a long poll ends at the moment a message is sent, and one on a delay when the clock is turned", async () => {
  const QueueUrl = next();
  const began = performance.now();
  const first = receive(QueueUrl, { WaitTimeSeconds: 20 });
  await client.send(new SendMessageCommand({ QueueUrl, MessageBody: "now" }));
  expect(await first).toHaveLength(1);
  await client.send(new SendMessageCommand({ QueueUrl, MessageBody: "later", DelaySeconds: 600 }));
  const second = receive(QueueUrl, { WaitTimeSeconds: 20 });
  await new Promise((resolve) => setTimeout(resolve, 50));
  clock.turn(600_000);
  const later = await second;
  expect(later.map(({ Body }) => Body)).toContain("later");
  expect(performance.now() - began).toBeLessThan(20_000); // neither has waited to its end
});

test("a FIFO queue keeps a group's order and gives nothing of a group in flight, while other groups go on", async () => {
  const QueueUrl = `${next()}.fifo`;
  const send = (MessageGroupId: string, MessageBody: string) =>
    client.send(new SendMessageCommand({ QueueUrl, MessageBody, MessageGroupId, MessageDeduplicationId: MessageBody }));
  for (const body of ["a1", "a2"]) await send("a", body);
  await send("b", "b1");
  const [first] = await receive(QueueUrl, { MaxNumberOfMessages: 1 });
  expect(first?.Body).toBe("a1");
  expect((await receive(QueueUrl)).map(({ Body }) => Body)).toEqual(["b1"]);
  await client.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle: first?.ReceiptHandle }));
  expect((await receive(QueueUrl)).map(({ Body }) => Body)).toEqual(["a2"]);
});

test("a FIFO queue drops what was sent under the same id within five minutes, and takes it after", async () => {
  const QueueUrl = `${next()}.fifo`;
  const send = () =>
    client.send(new SendMessageCommand({ QueueUrl, MessageBody: "x", MessageGroupId: "g", MessageDeduplicationId: "evt" }));
  const first = await send();
  expect((await send()).MessageId).toBe(first.MessageId);
  expect(await receive(QueueUrl)).toHaveLength(1);
  clock.turn(301_000);
  expect((await send()).MessageId).not.toBe(first.MessageId);
});

test("a FIFO queue refuses a message without group or id, and a delay", async () => {
  const QueueUrl = `${next()}.fifo`;
  const send = (more: object) => client.send(new SendMessageCommand({ QueueUrl, MessageBody: "x", ...more }));
  await expect(send({})).rejects.toMatchObject({ name: "MissingParameter" });
  await expect(send({ MessageGroupId: "g" })).rejects.toMatchObject({ name: "InvalidParameterValue" });
  await expect(send({ MessageGroupId: "g", MessageDeduplicationId: "d", DelaySeconds: 5 })).rejects.toMatchObject({
    name: "InvalidParameterValue",
  });
});

test("of a batch each entry stands for itself", async () => {
  const QueueUrl = next();
  const sent = await client.send(
    new SendMessageBatchCommand({
      QueueUrl,
      Entries: [
        { Id: "1", MessageBody: "fine" },
        { Id: "2", MessageBody: "late", DelaySeconds: 901 },
      ],
    }),
  );
  expect(sent).toMatchObject({ Successful: [{ Id: "1" }], Failed: [{ Id: "2", Code: "InvalidParameterValue" }] });
  const [message] = await receive(QueueUrl);
  const gone = await client.send(
    new DeleteMessageBatchCommand({
      QueueUrl,
      Entries: [
        { Id: "1", ReceiptHandle: message?.ReceiptHandle },
        { Id: "2", ReceiptHandle: "nonsense" },
      ],
    }),
  );
  expect(gone).toMatchObject({ Successful: [{ Id: "1" }], Failed: [{ Id: "2", Code: "ReceiptHandleIsInvalid" }] });
});

test("a queue that does not exist, a body that is too large and a delay that is too long are refused by name", async () => {
  const send = (QueueUrl: string, more: object) => client.send(new SendMessageCommand({ QueueUrl, MessageBody: "x", ...more }));
  await expect(send(`${base}/sqs/${ACCOUNT}/none`, {})).rejects.toMatchObject({ name: "QueueDoesNotExist" });
  await expect(send(next(), { MessageBody: "x".repeat(1024 * 1024 + 1) })).rejects.toMatchObject({
    name: "InvalidParameterValue",
  });
  await expect(send(next(), { DelaySeconds: 901 })).rejects.toMatchObject({ name: "InvalidParameterValue" });
});

test("every queue is listed by an address that works", async () => {
  const { QueueUrls = [] } = await client.send(new ListQueuesCommand({}));
  expect(QueueUrls).toHaveLength(definitions.length);
  const { Attributes } = await client.send(new GetQueueAttributesCommand({ QueueUrl: QueueUrls[0], AttributeNames: ["All"] }));
  expect(JSON.parse(Attributes?.RedrivePolicy ?? "")).toMatchObject({ maxReceiveCount: 2 });
});
