import { join } from "node:path";
import type { LocalEnv } from "@berth/aws/env.ts";
import type { ApiEnv } from "../../../../functions/api/env.ts";
import type { BillingEnv } from "../../../../functions/billing/env.ts";
import { entryOf, type FunctionFacts, type FunctionName, functions } from "../../../../functions/manifest.ts";
import type { WebhookEnv } from "../../../../functions/webhooks/env.ts";
import type { MailEnv } from "../../../../functions/workers/env.ts";
import { createPool, type Pool } from "../lambda/pool.ts";
import type { CloudLog } from "../log.ts";
import { ACCOUNT } from "../sqs/wire.ts";
import { BUCKET, parameterNames, queueName } from "./names.ts";
import { TABLE } from "./table.ts";

type Environment = ApiEnv &
  BillingEnv &
  WebhookEnv &
  MailEnv &
  Omit<LocalEnv, "LOCAL_CLOCK_MS"> & { readonly LOCAL_STRIPE: string };

/** What every function is told: all that any of them needs. */
export function environmentOf(at: {
  origin: string;
  endpoint: string;
  stripe: string;
  key: string;
}): Readonly<Record<string, string>> {
  const queue = (name: Parameters<typeof queueName>[0]) => `${at.endpoint}/sqs/${ACCOUNT}/${queueName(name)}`;
  return {
    STAGE: "local",
    ORIGIN: at.origin,
    SUPPORT: "support@localhost",
    ACCOUNT,
    TABLE,
    KEY_ID: at.key,
    BUCKET,
    JOBS_QUEUE: queue("jobs"),
    MAIL_QUEUE: queue("mail"),
    BILLING_QUEUE: queue("billing"),
    STRIPE_SECRET: parameterNames.stripeSecret,
    STRIPE_WEBHOOK: parameterNames.stripeWebhook,
    MAIL_FROM: "Berth <berth@localhost>",
    LOCAL_ENDPOINT: at.endpoint,
    LOCAL_ISSUER: `${at.endpoint}/oidc`,
    LOCAL_STRIPE: at.stripe,
  } satisfies Environment;
}

export const factsOf = (name: FunctionName): FunctionFacts => functions[name];

const answersRequests = (name: FunctionName) => ["http", "stream-url"].includes(factsOf(name).trigger.kind);
const names = Object.keys(functions) as FunctionName[];

/** Processes for the functions that answer requests, and those for all others; a worker that dies takes no request with it. */
export interface Pools {
  readonly api: Pool;
  readonly workers: Pool;
}

export function createPools(options: {
  /** Of the repository. */
  readonly root: string;
  readonly env: Readonly<Record<string, string>>;
  readonly ahead: () => number;
  readonly workers: number;
  readonly log: CloudLog;
}): Pools {
  const { root, env, ahead, log } = options;
  const fileOf = (name: string) => join(root, entryOf(name as FunctionName)); // only functions of the manifest are called
  const common = { fileOf, env, ahead, log: (text: string) => log.event("workers", text), output: log.output };
  return {
    api: createPool({ ...common, name: "api", size: 1, early: names.filter(answersRequests) }),
    workers: createPool({
      ...common,
      name: "workers",
      size: options.workers,
      early: names.filter((name) => !answersRequests(name)),
    }),
  };
}
