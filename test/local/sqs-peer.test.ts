import {
  ChangeMessageVisibilityCommand,
  CreateQueueCommand,
  DeleteMessageBatchCommand,
  DeleteMessageCommand,
  type Message,
  ReceiveMessageCommand,
  SendMessageBatchCommand,
  SendMessageCommand,
  SQSClient,
} from "@aws-sdk/client-sqs";
import { buildApp } from "fauxqs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createCloudClock } from "../../packages/local/src/clock/clock.ts";
import { enginesServer } from "../../packages/local/src/cloud/engines.ts";
import { createSqs } from "../../packages/local/src/sqs/sqs.ts";
import { ACCOUNT, sqsService } from "../../packages/local/src/sqs/wire.ts";
import { close, listen } from "../../packages/local/src/state/server.ts";
import { createChance } from "../support/chance.ts";

/**
 * The same random conversations with our queues and with fauxqs, an independent implementation, through the real client. Left out is where
 * fauxqs departs from the service (it takes delays over 900 seconds and any text as a receipt, gives one message of a FIFO group at a time
 * where the service gives as many as there are, and prefixes the names of refusals) and which of several groups comes first, which is nobody's
 * promise.
 */
const HOUR = 3600;
const SCRIPTS = 20;
const STEPS = 40;
const names = Array.from({ length: SCRIPTS }, (_, i) => [`q${i}`, `q${i}.fifo`]).flat();

const clock = createCloudClock();
const definitions = names.map((name) => ({ name, fifo: name.endsWith(".fifo"), visibilitySeconds: HOUR }));
const sqs = createSqs(definitions, { clock });
let base = "";
const server = enginesServer(
  [sqsService(sqs, () => `${base}/sqs`)],
  () => new Response(),
  (error) => {
    throw error;
  },
);
const peer = buildApp({ logger: false });
let ours: SQSClient;
let theirs: SQSClient;
const urls = new Map<string, string>();
const client = (endpoint: string) =>
  new SQSClient({ endpoint, region: "us-east-1", credentials: { accessKeyId: "x", secretAccessKey: "x" }, maxAttempts: 1 });

beforeAll(async () => {
  base = `http://127.0.0.1:${(await listen(server, 0)).port}`;
  ours = client(`${base}/sqs`);
  theirs = client(await peer.listen({ host: "127.0.0.1", port: 0 }));
  for (const QueueName of names) {
    const fifo = QueueName.endsWith(".fifo") ? { FifoQueue: "true" } : {};
    const made = await theirs.send(
      new CreateQueueCommand({ QueueName, Attributes: { VisibilityTimeout: String(HOUR), ...fifo } }),
    );
    urls.set(QueueName, made.QueueUrl ?? "");
  }
});
afterAll(async () => {
  for (const each of [ours, theirs]) each.destroy();
  sqs.close();
  await peer.close();
  await close(server);
});

interface Side {
  readonly client: SQSClient;
  readonly url: string;
  /** What was received and not deleted, by body. */
  readonly held: Map<string, Message>;
}

type Step = (side: Side) => Promise<unknown>;

/** What came of a step, in words both sides share. */
async function outcome(step: Step, side: Side): Promise<unknown> {
  try {
    return await step(side);
  } catch (error) {
    return `refused: ${(error as Error).name.replace("AWS.SimpleQueueService.", "")}`;
  }
}

const receive =
  (most: number): Step =>
  async ({ client: to, url, held }) => {
    const answer = await to.send(
      new ReceiveMessageCommand({ QueueUrl: url, MaxNumberOfMessages: most, MessageSystemAttributeNames: ["All"] }),
    );
    const messages = answer.Messages ?? [];
    for (const message of messages) held.set(message.Body ?? "", message);
    return messages
      .map(
        ({ Body, Attributes }) => `${Body} x${Attributes?.ApproximateReceiveCount} ${Attributes?.MessageDeduplicationId ?? ""}`,
      )
      .sort();
  };

const withHeld =
  (pick: number, then: (side: Side, message: Message) => Promise<unknown>): Step =>
  (side) => {
    const bodies = [...side.held.keys()].sort();
    const message = side.held.get(bodies[pick % Math.max(1, bodies.length)] ?? "");
    return message ? then(side, message) : Promise.resolve("nothing held");
  };

const gone = withHeld.bind(null);
const remove = (pick: number) =>
  gone(pick, async ({ client: to, url, held }, { Body, ReceiptHandle }) => {
    await to.send(new DeleteMessageCommand({ QueueUrl: url, ReceiptHandle }));
    held.delete(Body ?? "");
    return `deleted ${Body}`;
  });
const giveBack = (pick: number) =>
  gone(pick, async ({ client: to, url, held }, { Body, ReceiptHandle }) => {
    await to.send(new ChangeMessageVisibilityCommand({ QueueUrl: url, ReceiptHandle, VisibilityTimeout: 0 }));
    held.delete(Body ?? "");
    return `gave back ${Body}`;
  });
const removeBatch = (pick: number) =>
  gone(pick, async ({ client: to, url, held }, { Body, ReceiptHandle }) => {
    const Entries = [{ Id: "a", ReceiptHandle }];
    const answer = await to.send(new DeleteMessageBatchCommand({ QueueUrl: url, Entries }));
    held.delete(Body ?? "");
    return [answer.Successful?.map(({ Id }) => Id), answer.Failed?.length ?? 0];
  });

function send(fields: object): Step {
  return async ({ client: to, url }) => {
    const answer = await to.send(new SendMessageCommand({ QueueUrl: url, MessageBody: "", ...fields }));
    return answer.MD5OfMessageBody;
  };
}
const sendBatch =
  (entries: object[]): Step =>
  async ({ client: to, url }) => {
    const Entries = entries.map((entry, i) => ({ Id: String(i), MessageBody: "x", ...entry }));
    const answer = await to.send(new SendMessageBatchCommand({ QueueUrl: url, Entries }));
    return [answer.Successful?.map(({ Id }) => Id), answer.Failed?.map(({ Id }) => Id) ?? []];
  };

/** A script of steps for a queue. Never more than ten messages, so that a receive of ten is a look at all of them. */
function scriptOf(seed: number, fifo: boolean): { name: string; step: Step }[] {
  const chance = createChance(seed);
  const roll = (sides: number) => (chance(1)[0] ?? 0) % sides;
  let sent = 0;
  const about = () => (fifo ? { MessageGroupId: "g", MessageDeduplicationId: `d${roll(40)}` } : {});
  return Array.from({ length: STEPS }, () => {
    const [kind, pick] = [roll(10), roll(10)];
    if (kind < 3 && sent < 10) return { name: "send", step: send({ MessageBody: `m${sent++}`, ...about() }) };
    if (kind === 3 && sent < 9)
      return {
        name: "batch",
        step: sendBatch([
          { MessageBody: `m${sent++}`, ...about() },
          { MessageBody: `m${sent++}`, ...about() },
        ]),
      };
    if (kind < 6) return { name: "receive", step: receive(fifo ? 1 : 10) };
    if (kind === 6) return { name: "delete", step: remove(pick) };
    if (kind === 7) return { name: "give back", step: giveBack(pick) };
    if (kind === 8) return { name: "delete batch", step: removeBatch(pick) };
    return [
      { name: "receive eleven", step: receive(11) },
      { name: "empty batch", step: sendBatch([]) },
      {
        name: "same ids",
        step: sendBatch([
          { Id: "a", ...about() },
          { Id: "a", ...about() },
        ]),
      },
      { name: "fifo without group", step: fifo ? send({ MessageBody: "x", MessageDeduplicationId: "z" }) : receive(10) },
    ][roll(4)]!;
  });
}

test.for(names)("a random conversation about %s comes out the same as with fauxqs", async (name) => {
  const sides: Side[] = [
    { client: ours, url: `${base}/sqs/${ACCOUNT}/${name}`, held: new Map() },
    { client: theirs, url: urls.get(name) ?? "", held: new Map() },
  ];
  const script = scriptOf(names.indexOf(name) + 1, name.endsWith(".fifo"));
  for (const [i, { name: what, step }] of script.entries()) {
    const [mine, other] = await Promise.all(sides.map((side) => outcome(step, side)));
    expect({ step: i, what, outcome: mine }).toEqual({ step: i, what, outcome: other });
  }
});
