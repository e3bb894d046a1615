import { livemodeOf } from "@berth/domain/billing/event.ts";
import type { APIGatewayProxyEventV2 } from "aws-lambda";
import { writeLog } from "../log.ts";
import { parameter } from "../parameter.ts";
import { createSender } from "../queue.ts";
import { endpoint, need } from "../variable.ts";
import { type Door, receive } from "./ingress.ts";

const env = process.env;
const toQueue = createSender(endpoint(env, "sqs"));

const door: Door = {
  secrets: async () => (await parameter(env, need(env, "STRIPE_WEBHOOK"))).split(","),
  send: (_, message, options = {}) => toQueue(need(env, "BILLING_QUEUE"), message, options),
  // Signatures carry the time of the machine that sends, so a clock that was turned plays no part here.
  now: () => new Date(),
  log: writeLog,
  livemode: livemodeOf({ stage: need(env, "STAGE") }),
};

/** POST /webhooks/stripe. */
export const handler = (event: APIGatewayProxyEventV2) => receive(door, event);
