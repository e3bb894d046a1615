import type { App, Environment } from "../app/app.ts";
import type { Context } from "../context.ts";
import { Problem } from "../error.ts";
import { findRelease, type Release } from "./release.ts";

/** The release that is live on all targets of the environment. @throws Problem app.not_deployed, release.mixed */
export async function liveRelease(ctx: Context, app: App, environment: Environment): Promise<Release> {
  const live = [...new Set(Object.values(environment.live))];
  const [number] = live;
  if (number === undefined)
    throw new Problem("app.not_deployed", { detail: `"${app.name}" (${environment.name}) is not deployed.` });
  if (live.length > 1)
    throw new Problem("release.mixed", { detail: `Live are the releases ${live.sort((a, b) => a - b).join(", ")}.` });
  return findRelease(ctx, app.id, environment.name, number);
}
