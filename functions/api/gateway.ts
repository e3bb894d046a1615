import type { Hono } from "hono";
import { handle, type LambdaContext, type LambdaEvent } from "hono/aws-lambda";
import type { Env } from "./request.ts";

/** Requests as API Gateway gives them. The caller's address comes from the gateway, never from a header of the request. */
export function serve(app: Hono<Env>) {
  const answer = handle(app);
  return (event: LambdaEvent, context: LambdaContext) => {
    const ip = "http" in event.requestContext ? event.requestContext.http.sourceIp : "unknown";
    const headers = Object.fromEntries(
      Object.entries(event.headers ?? {}).filter(([name]) => name.toLowerCase() !== "x-berth-source-ip"),
    );
    return answer({ ...event, headers: { ...headers, "x-berth-source-ip": ip } } as LambdaEvent, context);
  };
}
