import type { World } from "@berth/domain/context.ts";
import { Hono } from "hono";
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
import { reveal } from "./routes/reveal.ts";
import { sessions } from "./routes/sessions.ts";
import { targets } from "./routes/targets.ts";
import { tokens } from "./routes/tokens.ts";
import { variables } from "./routes/variables.ts";
import { shell } from "./shell.ts";

/** All routes, by their nouns. */
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
  .route("/", variables)
  .route("/", reveal)
  .route("/", releases)
  .route("/", deployments)
  .route("/", archives)
  .route("/", deploymentPlans)
  .route("/", jobs)
  .route("/", logs)
  .route("/", audit)
  .route("/", imports);

/** Made once: anybody may ask for it, and it is the most expensive answer. */
let description: string | undefined;

/** Every route, for whoever asks what the start of a function does not know. */
export function createWhole(world: World) {
  const app = shell(world);
  app.get("/v1/openapi.json", async (c) => {
    description ??= JSON.stringify((await import("./openapi.ts")).openapi(v1));
    return c.body(description, 200, { "content-type": "application/json" });
  });
  return app.route("/", health).route("/v1", v1);
}

/** The CLI and the dashboard are written against this type. */
export type Api = ReturnType<typeof createWhole>;
