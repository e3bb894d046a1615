import type { World } from "@berth/domain/context.ts";
import { Hono } from "hono";
import { matchedRoutes } from "hono/route";
import { METHOD_NAME_ALL } from "hono/router";
import type { Env } from "./request.ts";
import { apps } from "./routes/apps.ts";
import { archives } from "./routes/archives.ts";
import { deploymentPlans } from "./routes/deployment-plans.ts";
import { deployments } from "./routes/deployments.ts";
import { health } from "./routes/health.ts";
import { jobs } from "./routes/jobs.ts";
import { logs } from "./routes/logs.ts";
import { me } from "./routes/me.ts";
import { releases } from "./routes/releases.ts";
import { targets } from "./routes/targets.ts";
import { shell } from "./shell.ts";

/** What deploying and watching ask. */
const often = new Hono<Env>()
  .route("/", me)
  .route("/", targets)
  .route("/", apps)
  .route("/", releases)
  .route("/", deployments)
  .route("/", archives)
  .route("/", deploymentPlans)
  .route("/", jobs)
  .route("/", logs);

/** Starts with the routes that are asked often; the first request for another one loads all. */
export function createApp(world: World) {
  let whole: Hono<Env> | undefined;
  const app = new Hono<Env>().use(async (c, next) => {
    if (matchedRoutes(c).some(({ method }) => method !== METHOD_NAME_ALL)) return next();
    whole ??= (await import("./whole.ts")).createWhole(world) as Hono<Env>;
    return whole.fetch(c.req.raw, c.env);
  });
  return shell(world, app).route("/", health).route("/v1", often);
}
