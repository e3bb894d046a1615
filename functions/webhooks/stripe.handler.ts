import { endpoint, need } from "@berth/aws/env.ts";
import { writeLog } from "@berth/aws/log.ts";
import { parameter } from "@berth/aws/parameter.ts";
import { createSender } from "@berth/aws/sqs.ts";
import { livemodeOf } from "@berth/domain/billing/stripe/events.ts";
import type { APIGatewayProxyEventV2 } from "aws-lambda";
import { type Ingress, receive } from "./stripe.ts";

const env = process.env;
const toQueue = createSender(endpoint(env, "sqs"));

const ingress: Ingress = {
  secrets: async () => (await parameter(env, need(env, "STRIPE_WEBHOOK"))).split(","),
  send: (_, message, options = {}) => toQueue(need(env, "BILLING_QUEUE"), message, options),
  // A signature carries the sender's time, so a moved local clock must not apply.
  now: () => new Date(),
  log: writeLog,
  livemode: livemodeOf({ stage: need(env, "STAGE") }),
};

export const handler = (event: APIGatewayProxyEventV2) => receive(ingress, event);
