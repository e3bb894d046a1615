import type { CommonEnv } from "@berth/aws/env.ts";
import { type App, Stack } from "aws-cdk-lib";
import { Alarms } from "./alarms.ts";
import { api } from "./api.ts";
import { billing } from "./billing.ts";
import { data } from "./data.ts";
import { Gateway } from "./http.ts";
import type { Parts } from "./parts.ts";
import { WorkQueue } from "./queue-worker.ts";
import type { Settings } from "./settings.ts";
import { webhooks } from "./webhooks.ts";
import { workers } from "./workers.ts";

/** Berth in two stacks: what must outlive every deploy, and everything that can be made again. */
export function berth(app: App, settings: Settings): { data: Stack; service: Stack } {
  const { stage, origin, mailFrom, support, code } = settings;
  const env = settings.env ? { env: settings.env } : {};
  const dataStack = new Stack(app, `berth-${stage}-data`, { ...env, terminationProtection: true });
  const service = new Stack(app, `berth-${stage}`, env);
  const kept = data(dataStack, stage);
  const alarms = new Alarms(service, "Alarms", settings.operator);
  const queues = {
    jobs: new WorkQueue(service, "jobs", alarms),
    mail: new WorkQueue(service, "mail", alarms),
    billing: new WorkQueue(service, "billing", alarms),
  };
  const common: CommonEnv = {
    STAGE: stage,
    ORIGIN: origin,
    SUPPORT: support,
    ACCOUNT: service.account,
    TABLE: kept.table.tableName,
    KEY_ID: kept.key.keyArn,
    BUCKET: kept.bucket.bucketName,
    JOBS_QUEUE: queues.jobs.queue.queueUrl,
    MAIL_QUEUE: queues.mail.queue.queueUrl,
    BILLING_QUEUE: queues.billing.queue.queueUrl,
  };
  const parts: Parts = { data: kept, queues, gateway: new Gateway(service, "Gateway", alarms), alarms, common, code, mailFrom };
  api(service, parts);
  workers(service, parts);
  billing(service, parts);
  webhooks(service, parts);
  return { data: dataStack, service };
}
