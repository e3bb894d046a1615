import type { Construct } from "constructs";
import type { WebhookEnv } from "../functions/webhooks/env.ts";
import { mayReadParameter, maySend } from "./grants.ts";
import { Handler } from "./handler.ts";
import type { Parts } from "./parts.ts";

/** functions/webhooks: called from outside. They reach one queue and their own secret. */
export function webhooks(scope: Construct, { data, queues, gateway, common, code }: Parts): void {
  const environment: WebhookEnv = {
    STAGE: common.STAGE,
    BILLING_QUEUE: common.BILLING_QUEUE,
    STRIPE_WEBHOOK: data.parameters.stripeWebhook,
  };
  const stripe = new Handler(scope, "webhooks/stripe", { code, environment });
  gateway.route("webhooks/stripe", stripe);
  maySend(stripe, queues.billing);
  mayReadParameter(stripe, data.parameters.stripeWebhook);
}
