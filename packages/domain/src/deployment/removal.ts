import { type App, appKey, type Environment, environmentKey, keepRequests } from "../app/app.ts";
import type { Context } from "../context.ts";
import { Problem } from "../error.ts";
import { promiseErasure } from "../release/erase.ts";
import { remove, replace, type Write } from "../table.ts";
import { freeSlot } from "./after-job.ts";

/**
 * Removes an environment that is on no target, and the app with its last environment. `others`: the app's other environments. If two
 * environments end or are accepted at once, the versions let one see what the other left.
 */
export function removeEnvironment(ctx: Context, app: App, environment: Environment, others: readonly Environment[]): Write[] {
  const seen = ({ version }: { version: number }) => ({ condition: "version = :seen", values: { ":seen": version } });
  const stale = new Problem("version.stale");
  const at = appKey(ctx, app.name);
  const last = others.length === 0;
  const active = app.active.filter((name) => name !== environment.name);
  return [
    ...(environment.version > 0 ? [remove(ctx, environmentKey(ctx, app.name, environment.name), seen(environment), stale)] : []),
    ...keepRequests(ctx, environment),
    ...promiseErasure(ctx, { app: app.id, environment: environment.name, upTo: environment.releases, last }),
    last ? remove(ctx, at, seen(app), stale) : replace(ctx, at, { ...app, active, version: app.version + 1 }, app.version),
    ...freeSlot(ctx, app, active),
  ];
}
