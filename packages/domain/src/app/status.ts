import * as z from "zod";
import { Address, addressesOf } from "../container/address.ts";
import { type AppOnTarget, getSeen, NotSeen, readSeen, Seen } from "../container/seen.ts";
import { State, together } from "../container/state.ts";
import { ANY_APP, allow, type Context } from "../context.ts";
import { findJob, Job } from "../job/job.ts";
import type { Page, Paging } from "../page.ts";
import { listAll } from "../query.ts";
import { key } from "../table.ts";
import { listTargets } from "../target/target.ts";
import { App, Environment, getApp, listApps, listEnvironments } from "./app.ts";

const TargetView = z.object({
  id: z.string(),
  name: z.string(),
  release: z.number().int().nullable(),
  /** As last seen. */
  state: State,
  /** Null until seen. */
  seenAt: z.iso.datetime().nullable(),
});

export const EnvironmentView = z.object({
  name: z.string(),
  /** The last release that was healthy everywhere. */
  release: z.number().int().nullable(),
  releases: z.number().int(),
  profiles: z.array(z.string()).optional().describe("Those of its last deployment, which the next one has too"),
  /** All targets with a live release together. */
  state: State,
  /** The oldest of their times; null if one was never seen. */
  seenAt: z.iso.datetime().nullable(),
  targets: z.array(TargetView),
  job: z.string().nullable(),
});
export const AppView = App.omit({ version: true, active: true, variables: true }).extend({
  slot: z.boolean(),
  environments: z.array(EnvironmentView),
});
export type AppView = z.infer<typeof AppView>;

/** With every container as last seen, and why a later inspection failed. */
export const AppStatus = AppView.extend({
  environments: z.array(
    EnvironmentView.extend({
      targets: z.array(
        TargetView.extend({
          seen: Seen.nullable(),
          problem: NotSeen.nullable(),
          /** Where its services are reachable from outside. */
          addresses: z.array(Address),
        }),
      ),
    }),
  ),
  jobs: z.array(Job),
});
export type AppStatus = z.infer<typeof AppStatus>;

const appOnTargets = (app: App, { name, placement }: Environment): AppOnTarget[] =>
  placement.map((target) => ({ app: app.name, appId: app.id, environment: name, target }));

type Full = Omit<AppStatus, "jobs">;

/** Reads the table, never a server. */
async function viewAll(ctx: Context, apps: readonly { app: App; environments: readonly Environment[] }[]): Promise<Full[]> {
  const deployed = apps.flatMap(({ app, environments }) => environments.flatMap((each) => appOnTargets(app, each)));
  const [all, stored] = await Promise.all([listTargets(ctx), getSeen(ctx, deployed)]);
  const known = new Map(all.map((target) => [target.id, target]));
  const seen = new Map(deployed.map(({ appId, environment, target }, i) => [`${appId}/${environment}/${target}`, stored[i]]));
  return apps.map(({ app: { version: _, variables: _variables, active, ...app }, environments }) => ({
    ...app,
    slot: active.length > 0,
    environments: environments.map((environment) => {
      const targets = environment.placement.map((id) => {
        const { name = id, host = "" } = known.get(id) ?? {};
        const { state, ...was } = readSeen(seen.get(`${app.id}/${environment.name}/${id}`));
        const at = { state, seenAt: was.seen?.at ?? null, ...was };
        const addresses = addressesOf(host, was.seen?.containers ?? []);
        return { id, name, release: environment.live[id] ?? null, ...at, addresses };
      });
      const live = targets.filter(({ release }) => release !== null);
      const times = live.map(({ seenAt }) => seenAt);
      return {
        name: environment.name,
        release: environment.healthy.at(-1) ?? null,
        releases: environment.releases,
        ...(environment.profiles?.length && { profiles: environment.profiles }),
        state: together(live.map(({ state }) => state)),
        seenAt: times.includes(null) ? null : (times.sort()[0] ?? null),
        targets,
        job: environment.job,
      };
    }),
  }));
}

const short = ({ environments, ...app }: Full): AppView => ({
  ...app,
  environments: environments.map(({ targets, ...rest }) => ({
    ...rest,
    targets: targets.map(({ seen: _seen, problem: _problem, addresses: _addresses, ...target }) => target),
  })),
});

export async function viewApps(ctx: Context, input: Paging): Promise<Page<AppView>> {
  allow(ctx, "read", ANY_APP);
  const [apps, rows] = await Promise.all([listApps(ctx, input), listAll(ctx, { pk: key(ctx, "").pk, prefix: "ENV#" })]);
  const environments = Map.groupBy(
    rows.map((row) => Environment.parse(row)),
    (environment) => environment.app,
  );
  const found = await viewAll(
    ctx,
    apps.items.map((app) => ({ app, environments: environments.get(app.name) ?? [] })),
  );
  return { items: found.map(short), next: apps.next };
}

async function viewWhole(ctx: Context, name: string, waitSeconds: number): Promise<Full> {
  const app = await getApp(ctx, name);
  const environments = await listEnvironments(ctx, name);
  if (waitSeconds > 0) {
    const live = environments.flatMap((each) => appOnTargets(app, each).filter(({ target }) => each.live[target] !== undefined));
    const { inspectNow } = await import("../container/fresh.ts");
    await inspectNow(ctx, live, waitSeconds);
  }
  const [view] = await viewAll(ctx, [{ app, environments }]);
  if (!view) throw new Error("one app was asked for");
  return view;
}

export async function viewApp(ctx: Context, name: string): Promise<AppView> {
  allow(ctx, "read", ANY_APP);
  return short(await viewWhole(ctx, name, 0));
}

const FRESH_SECONDS = 8;

/** `fresh` asks the servers first and waits FRESH_SECONDS at most. What did not answer by then is shown as last seen. */
export async function appStatus(ctx: Context, name: string, { fresh = false } = {}): Promise<AppStatus> {
  allow(ctx, "read", ANY_APP);
  const found = await viewWhole(ctx, name, fresh ? FRESH_SECONDS : 0);
  const jobs = await Promise.all(found.environments.map(({ job }) => (job === null ? undefined : findJob(ctx, job))));
  return { ...found, jobs: jobs.filter((job) => job !== undefined) };
}
