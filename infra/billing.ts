import type { Construct } from "constructs";
import type { BillingEnv } from "../functions/billing/env.ts";
import { mayChange, mayErase, mayFindDue, mayRead, mayReadParameter, maySend } from "./grants.ts";
import type { Parts } from "./parts.ts";
import { QueueWorker } from "./queue-worker.ts";
import { Scheduled } from "./scheduled.ts";

/** functions/billing: what looks at Stripe again, when told to and by the clock. */
export function billing(scope: Construct, { data, queues, alarms, common, code }: Parts): void {
  const environment: BillingEnv = { ...common, STRIPE_SECRET: data.parameters.stripeSecret };

  const sync = new QueueWorker(scope, "billing/sync", queues.billing, { code, environment });
  mayChange(sync, data.table, "TENANT#*", "CUS#*", "EVT#*");
  mayRead(sync, data.table, "CLOSED#*");
  maySend(sync, queues.mail);
  mayReadParameter(sync, data.parameters.stripeSecret);

  const reconcile = new Scheduled(scope, "billing/reconcile", alarms, { code, environment });
  mayFindDue(reconcile, data.table, "BILLING#*", "MAIL#*");
  mayChange(reconcile, data.table, "TENANT#*", "CURSOR#*", "CUS#*");
  mayRead(reconcile, data.table, "CLOSED#*");
  maySend(reconcile, queues.mail);
  maySend(reconcile, queues.billing);
  mayReadParameter(reconcile, data.parameters.stripeSecret);

  const close = new Scheduled(scope, "billing/close", alarms, { code, environment });
  mayFindDue(close, data.table, "CLOSING#*");
  mayChange(close, data.table, "TENANT#*", "CLOSED#*", "CUS#*", "EMAIL#*");
  mayErase(close, data.table, "DEPLOYER#*", "SESSION#*", "TOKEN#*");
  maySend(close, queues.mail);
  mayReadParameter(close, data.parameters.stripeSecret);
}
