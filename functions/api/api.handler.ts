import { githubOf } from "@berth/aws/issuer.ts";
import { stripeOf } from "@berth/aws/stripe.ts";
import { createWorld } from "@berth/aws/world.ts";
import { handle, type LambdaContext, type LambdaEvent } from "hono/aws-lambda";
import { createApp } from "./app.ts";

const app = createApp(createWorld(process.env, stripeOf(process.env), githubOf(process.env)));
const serve = handle(app);

/** The caller's address comes from the gateway, never from a header of the request. */
export const handler = (event: LambdaEvent, context: LambdaContext) => {
  const ip = "http" in event.requestContext ? event.requestContext.http.sourceIp : "unknown";
  const headers = Object.fromEntries(
    Object.entries(event.headers ?? {}).filter(([name]) => name.toLowerCase() !== "x-berth-source-ip"),
  );
  return serve({ ...event, headers: { ...headers, "x-berth-source-ip": ip } } as LambdaEvent, context);
};
