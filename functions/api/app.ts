import type { World } from "@berth/domain/context.ts";
import { Problem } from "@berth/domain/error.ts";
import { ulid } from "@berth/domain/id.ts";
import { Hono } from "hono";
import { credentials } from "./credentials.ts";
import { answerProblem } from "./problem.ts";
import type { Env } from "./request.ts";
import { account } from "./routes/account.ts";
import { addons } from "./routes/addons.ts";
import { apps } from "./routes/apps.ts";
import { archives } from "./routes/archives.ts";
import { audit } from "./routes/audit.ts";
import { auth } from "./routes/auth.ts";
import { billing } from "./routes/billing.ts";
import { deployers } from "./routes/deployers.ts";
import { deploymentPlans } from "./routes/deployment-plans.ts";
import { deployments } from "./routes/deployments.ts";
import { health } from "./routes/health.ts";
import { imports } from "./routes/imports.ts";
import { jobs } from "./routes/jobs.ts";
import { logs } from "./routes/logs.ts";
import { me } from "./routes/me.ts";
import { plans } from "./routes/plans.ts";
import { policy } from "./routes/policy.ts";
import { registries } from "./routes/registries.ts";
import { releases } from "./routes/releases.ts";
import { sessions } from "./routes/sessions.ts";
import { targets } from "./routes/targets.ts";
import { tokens } from "./routes/tokens.ts";

/** The CLI and the dashboard are written against this type. */
export const v1 = new Hono<Env>()
  .route("/auth", auth)
  .route("/", me)
  .route("/", account)
  .route("/", sessions)
  .route("/", tokens)
  .route("/", deployers)
  .route("/", plans)
  .route("/", billing)
  .route("/", targets)
  .route("/", registries)
  .route("/", policy)
  .route("/", apps)
  .route("/", addons)
  .route("/", releases)
  .route("/", deployments)
  .route("/", archives)
  .route("/", deploymentPlans)
  .route("/", jobs)
  .route("/", logs)
  .route("/", audit)
  .route("/", imports);

const securityHeaders: Record<string, string> = {
  "cache-control": "no-store",
  "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
  "referrer-policy": "no-referrer",
  "strict-transport-security": "max-age=63072000; includeSubDomains",
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
};

/** Made once: anybody may ask for it, and it is the most expensive answer. */
let description: string | undefined;

export function createApp(world: World) {
  const app = new Hono<Env>();
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
  app.get("/v1/openapi.json", async (c) => {
    description ??= JSON.stringify((await import("./openapi.ts")).openapi(v1));
    return c.body(description, 200, { "content-type": "application/json" });
  });
  return app.route("/", health).route("/v1", v1);
}

export type Api = ReturnType<typeof createApp>;
