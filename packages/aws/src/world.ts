import { randomBytes } from "node:crypto";
import { setTimeout } from "node:timers/promises";
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { DynamoDBDocumentClient } from "@aws-sdk/lib-dynamodb";
import type { Archives, Issuer, Queue, World } from "@berth/domain/context.ts";
import type Stripe from "stripe";
import { type CommonEnv, endpoint, need, type Vars } from "./env.ts";
import { writeLog } from "./log.ts";
import type { Sealer } from "./sealer.ts";
import type { Sender } from "./sqs.ts";

const queueVariable: Record<Queue, keyof CommonEnv> = { jobs: "JOBS_QUEUE", mail: "MAIL_QUEUE", billing: "BILLING_QUEUE" };

/** `stripe` and `github` are given only to functions that may use them. */
export function createWorld(env: Vars, stripe?: () => Promise<Stripe>, github?: Issuer): World {
  const dynamodb = new DynamoDBClient({ maxAttempts: 4, ...endpoint(env, "dynamodb") });
  const client = DynamoDBDocumentClient.from(dynamodb, { marshallOptions: { removeUndefinedValues: true } });
  const local = env.STAGE === "local";
  const now = () => new Date(Date.now() + (local ? Number(process.env.LOCAL_CLOCK_MS ?? 0) : 0));
  let sender: Promise<Sender> | undefined;
  let bucket: Promise<Archives> | undefined;
  const archives = () => {
    bucket ??= import("./s3.ts").then(({ bucketOf }) => bucketOf(endpoint(env, "s3"), need(env, "BUCKET"), now));
    return bucket;
  };
  let sealed: Promise<Sealer> | undefined;
  const sealer = () => {
    sealed ??= import("./sealer.ts").then(({ sealerOf }) => sealerOf(env));
    return sealed;
  };
  return {
    stage: need(env, "STAGE"),
    origin: need(env, "ORIGIN"),
    support: need(env, "SUPPORT"),
    account: need(env, "ACCOUNT"),
    privateTargets: local,
    table: { name: need(env, "TABLE"), client },
    now,
    random: (bytes) => randomBytes(bytes),
    sleep: (milliseconds, signal) => setTimeout(milliseconds, undefined, signal && { signal }).catch(ignoreAbort),
    send: async (queue, message, options = {}) => {
      // Loaded at the first send: most requests send nothing.
      sender ??= import("./sqs.ts").then(({ createSender }) => createSender(endpoint(env, "sqs")));
      await (await sender)(need(env, queueVariable[queue]), message, options);
    },
    seal: async (plain, about) => (await sealer()).seal(plain, about),
    open: async (sealed, about) => (await sealer()).open(sealed, about),
    sealBytes: async (plain, about) => (await sealer()).sealBytes(plain, about),
    openBytes: async (sealed, about) => (await sealer()).openBytes(sealed, about),
    stripe: stripe ?? (() => Promise.reject(new Error("this function has no access to Stripe"))),
    github: github ?? { url: "", keys: () => Promise.reject(new Error("this function asks no issuer for its keys")) },
    archives: {
      upload: async (tenant, archive) => (await archives()).upload(tenant, archive),
      open: async (tenant, hash) => (await archives()).open(tenant, hash),
    },
    log: writeLog,
  };
}

function ignoreAbort(error: unknown): void {
  if (!(error instanceof Error && error.name === "AbortError")) throw error;
}
