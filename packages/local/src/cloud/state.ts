import { rmSync } from "node:fs";
import { join } from "node:path";
import { createEngine, type Engine } from "@berth/local-dynamodb/engine.ts";
import { createS3, type S3 } from "@berth/local-s3/s3.ts";
import { type CloudClock, createCloudClock } from "../clock/clock.ts";
import { createKey, type KmsKey } from "../kms/keys.ts";
import { createInbox, type Inbox } from "../mail/inbox.ts";
import { createSqs, type Sqs } from "../sqs/sqs.ts";
import { BUCKET, queueDefinitions } from "./names.ts";
import { type Secrets, secretsOf } from "./secrets.ts";
import { makeTable } from "./table.ts";

/** What the engines hold, and where. */
export interface CloudState {
  readonly clock: CloudClock;
  readonly dynamodb: Engine;
  readonly sqs: Sqs;
  readonly s3: S3;
  readonly inbox: Inbox;
  readonly key: KmsKey;
  readonly secrets: Secrets;
  /** Where a part of the state is kept; undefined when it is kept in memory only. */
  readonly file: (part: Part) => string | undefined;
}

/** Those that `endpoint` of packages/aws/src/env.ts gives every client. */
const LOCAL_CREDENTIALS = { accessKeyId: "local", secretAccessKey: "local" };

const parts = [
  "dynamodb",
  "sqs.json",
  "stripe",
  "kms",
  "inbox.json",
  "s3",
  "clock.json",
  "schedules.json",
  "stream.json",
  "secrets.json",
] as const;
export type Part = (typeof parts)[number];

/** Empties a state folder of everything but the lock. */
export function wipe(folder: string): void {
  for (const part of parts) rmSync(join(folder, part), { recursive: true, force: true });
}

/** Takes up what a folder holds; without a folder everything is in memory. */
export function openState(folder: string | undefined, visibilitySeconds?: number): CloudState {
  const file = (part: Part) => (folder === undefined ? undefined : join(folder, part));
  const clock = createCloudClock({ file: file("clock.json") });
  const [tables, keys] = [file("dynamodb"), file("kms")];
  const dynamodb = createEngine({ now: clock.now, ...(tables !== undefined && { folder: tables }) });
  makeTable(dynamodb);
  const sqs = createSqs(queueDefinitions(visibilitySeconds), { clock, file: file("sqs.json") });
  const inbox = createInbox({ now: clock.now, file: file("inbox.json") });
  return {
    clock,
    dynamodb,
    sqs,
    s3: createS3({
      buckets: [BUCKET],
      credentials: [LOCAL_CREDENTIALS],
      now: clock.now,
      signingNow: Date.now,
      folder: file("s3"),
    }),
    inbox,
    key: createKey(keys === undefined ? {} : { folder: keys }),
    secrets: secretsOf(folder),
    file,
  };
}
