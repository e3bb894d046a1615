import * as z from "zod";
import { ANY_APP, allow, type Context } from "../context.ts";
import { findJob, Job } from "../job/job.ts";
import { key, list } from "../table.ts";
import { listTargets } from "../target/target.ts";
import { App, Environment, getApp, listApps, listEnvironments } from "./app.ts";

/** An app as people look at it: what serves where, by environment. */
export const EnvironmentView = z.object({
  name: z.string(),
  /** The last release that was healthy everywhere. */
  release: z.number().int().nullable(),
  releases: z.number().int(),
  targets: z.array(z.object({ id: z.string(), name: z.string(), release: z.number().int().nullable() })),
  /** The job that changed it last. */
  job: z.string().nullable(),
});
export const AppView = App.omit({ version: true, active: true }).extend({
  /** Whether it holds an app slot. */
  slot: z.boolean(),
  environments: z.array(EnvironmentView),
});
export type AppView = z.infer<typeof AppView>;
export const AppStatus = AppView.extend({ jobs: z.array(Job) });

function view(app: App, environments: readonly Environment[], names: ReadonlyMap<string, string>): AppView {
  const { version: _, active, ...rest } = app;
  return {
    ...rest,
    slot: active.length > 0,
    environments: environments.map((environment) => ({
      name: environment.name,
      release: environment.good.at(-1) ?? null,
      releases: environment.releases,
      targets: environment.placement.map((id) => ({ id, name: names.get(id) ?? id, release: environment.live[id] ?? null })),
      job: environment.job,
    })),
  };
}

const targetNames = async (ctx: Context) => new Map((await listTargets(ctx)).map(({ id, name }) => [id, name]));

export async function viewApps(
  ctx: Context,
  input: { cursor?: string | undefined; limit: number },
): Promise<{ items: AppView[]; next: string | null }> {
  allow(ctx, "read", ANY_APP);
  const [apps, names, rows] = await Promise.all([
    listApps(ctx, input),
    targetNames(ctx),
    list(ctx, { pk: key(ctx, "").pk, prefix: "ENV#" }),
  ]);
  const environments = Map.groupBy(
    rows.rows.map((row) => Environment.parse(row)),
    (environment) => environment.app,
  );
  return { items: apps.items.map((app) => view(app, environments.get(app.name) ?? [], names)), next: apps.next };
}

export async function viewApp(ctx: Context, name: string): Promise<AppView> {
  allow(ctx, "read", ANY_APP);
  const app = await getApp(ctx, name);
  const [environments, names] = await Promise.all([listEnvironments(ctx, name), targetNames(ctx)]);
  return view(app, environments, names);
}

/** The view with the last job of each environment. */
export async function appStatus(ctx: Context, name: string): Promise<z.infer<typeof AppStatus>> {
  allow(ctx, "read", ANY_APP);
  const found = await viewApp(ctx, name);
  const jobs = await Promise.all(found.environments.map(({ job }) => (job === null ? undefined : findJob(ctx, job))));
  return { ...found, jobs: jobs.filter((job) => job !== undefined) };
}
