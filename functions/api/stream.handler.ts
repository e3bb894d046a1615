import { createWorld } from "@berth/aws/world.ts";
import { Hono } from "hono";
import { type LambdaEvent, streamHandle } from "hono/aws-lambda";
import { jobs } from "./routes/jobs.ts";
import { shell } from "./shell.ts";

const api = shell(createWorld(process.env)).route("/v1", jobs);

const app = new Hono<{ Bindings: { event: LambdaEvent } }>().get("/v1/jobs/:job/events", (c) => {
  const { requestContext } = c.env.event;
  const headers = new Headers(c.req.raw.headers);
  headers.set("x-berth-source-ip", "http" in requestContext ? requestContext.http.sourceIp : "unknown");
  return api.fetch(new Request(c.req.raw, { headers }));
});

/** Serves only the event streams, which API Gateway would buffer until they end. */
export const handler = streamHandle(app);
