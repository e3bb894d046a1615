import { App, appKey, Environment, environmentKey, newEnvironment } from "../app/app.ts";
import { audit } from "../audit/audit.ts";
import type { Context } from "../context.ts";
import { giveBack } from "../entitlement/account.ts";
import type { Job } from "../job/job.ts";
import { get } from "../query.ts";
import { replace, type Write } from "../table.ts";

type EnvironmentJob = Job & { readonly app: string; readonly environment: string };

export const auditEnd = (ctx: Context, job: EnvironmentJob, action: "deployment.end" | "app.remove"): Write =>
  audit(ctx, action, `${job.app}/${job.environment}`, {
    result: job.status,
    detail: [`${job.id}`, job.release && `release ${job.release}`, job.failure && `${job.failure.class}: ${job.failure.message}`]
      .filter(Boolean)
      .join(", "),
  });

export async function environmentOf(ctx: Context, { app, environment }: EnvironmentJob): Promise<Environment> {
  const found = await get(ctx, environmentKey(ctx, app, environment));
  return found ? Environment.parse(found) : newEnvironment(app, environment);
}

/** An app without an active environment releases its slot. */
export async function deactivate(ctx: Context, environment: Environment): Promise<Write[]> {
  const found = await get(ctx, appKey(ctx, environment.app));
  if (!found) return [];
  const app = App.parse(found);
  const active = app.active.filter((name) => name !== environment.name);
  if (active.length === app.active.length) return [];
  return [
    replace(ctx, appKey(ctx, app.name), { ...app, active, version: app.version + 1 }, app.version),
    ...freeSlot(ctx, app, active),
  ];
}

export const freeSlot = (ctx: Context, app: App, active: readonly string[]) =>
  app.active.length > 0 && active.length === 0 ? [giveBack(ctx, "slots")] : [];
