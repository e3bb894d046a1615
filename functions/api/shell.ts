import type { World } from "@berth/domain/context.ts";
import { Problem } from "@berth/domain/error.ts";
import { ulid } from "@berth/domain/id.ts";
import { Hono } from "hono";
import { credentials } from "./credentials.ts";
import { answerProblem } from "./problem.ts";
import type { Env } from "./request.ts";

const securityHeaders: Record<string, string> = {
  "cache-control": "no-store",
  "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
  "referrer-policy": "no-referrer",
  "strict-transport-security": "max-age=63072000; includeSubDomains",
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
};

/** What is around every route: who asks, the headers of an answer, and how a refusal is told. */
export function shell(world: World, app = new Hono<Env>()) {
  app.use(async (c, next) => {
    const request = `req_${ulid(world)}`;
    c.set("request", request);
    c.set("world", world);
    c.header("x-request-id", request);
    for (const [header, value] of Object.entries(securityHeaders)) c.header(header, value);
    await next();
  });
  app.use("/v1/*", credentials);
  app.onError((error, c) => answerProblem(c, error));
  app.notFound((c) => answerProblem(c, new Problem("route.not_found", { detail: `${c.req.method} ${c.req.path}` })));
  return app;
}
