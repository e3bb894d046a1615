import type { Construct } from "constructs";
import type { MailEnv, WorkerEnv } from "../functions/workers/env.ts";
import { mayChange, mayFetch, mayFindDue, mayMailAs, mayOpen, mayRead, maySend, mayTakeRoles } from "./grants.ts";
import type { Parts } from "./parts.ts";
import { QueueWorker } from "./queue-worker.ts";
import { Scheduled } from "./scheduled.ts";
import { TableStream } from "./table-stream.ts";

/** functions/workers: one line of meaning for each file there. */
export function workers(scope: Construct, { data, queues, alarms, common, code, mailFrom }: Parts): void {
  const environment: WorkerEnv = common;
  const mailEnvironment: MailEnv = { ...common, MAIL_FROM: mailFrom };

  const rollout = new QueueWorker(scope, "workers/rollout", queues.jobs, { code, environment });
  mayChange(rollout, data.table, "TENANT#*");
  maySend(rollout, queues.jobs);
  mayOpen(rollout, data.key, "ssh-key");
  mayOpen(rollout, data.key, "registry-login");
  mayOpen(rollout, data.key, "bootstrap-password");
  mayOpen(rollout, data.key, "bundle");
  mayOpen(rollout, data.key, "value");
  mayOpen(rollout, data.key, "addon-password");
  mayFetch(rollout, data.bucket);
  mayTakeRoles(rollout);

  const mail = new QueueWorker(scope, "workers/mail", queues.mail, { code, environment: mailEnvironment });
  mayChange(mail, data.table, "MAILED#*");
  mayMailAs(mail, mailFrom);

  const relay = new TableStream(scope, "workers/relay", data.table, alarms, { code, environment });
  mayRead(relay, data.table, "TENANT#*");
  maySend(relay, queues.jobs);

  const sweep = new Scheduled(scope, "workers/sweep", alarms, { code, environment });
  mayFindDue(sweep, data.table, "DUE#*");
  mayChange(sweep, data.table, "TENANT#*");
  maySend(sweep, queues.jobs);
}
