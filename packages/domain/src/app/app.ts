import * as z from "zod";
import { ANY_APP, allow, type Context, mayUse } from "../context.ts";
import { Account, accountKey } from "../entitlement/account.ts";
import { Problem } from "../error.ts";
import { KEEP_SECONDS } from "../once.ts";
import type { Page, Paging } from "../page.ts";
import { fill, get, getAll, listAll } from "../query.ts";
import { key, put, ttlIn, type Write } from "../table.ts";

/**
 * What the customer runs, addressed by its name. It holds one app slot while any of its environments has an active deployment, however
 * many containers and environments it has; without one it counts nothing.
 * Releases, the live pointer, placement and the claim of the job under way belong to the environment, the slot to the app.
 */
export const App = z.object({
  id: z.string(),
  name: z.string(),
  template: z.literal("compose"),
  /** Environments with an active deployment, or one being made. The slot is held while this is not empty. */
  active: z.array(z.string()),
  createdAt: z.iso.datetime(),
  version: z.number().int(),
});
export type App = z.infer<typeof App>;

export const Environment = z.object({
  app: z.string(),
  name: z.string(),
  /** Targets it is deployed to, by id. */
  placement: z.array(z.string()),
  /** Number of the release that serves, by target. */
  live: z.record(z.string(), z.number().int()),
  /** Releases that were healthy everywhere, in the order they went live, rollbacks too; the last one is what serves. */
  good: z.array(z.number().int()),
  /** How many releases there are. */
  releases: z.number().int(),
  /** The last job that changed it. Holds the environment until it has ended. */
  job: z.string().nullable(),
  /** The last few requests by Idempotency-Key. */
  requests: z.array(z.object({ key: z.string(), hash: z.string(), job: z.string() })),
  version: z.number().int(),
});
export type Environment = z.infer<typeof Environment>;

export const PRODUCTION = "production";

/**
 * The Compose project's name on a server, another one for each environment of each app. An environment without a dash is what follows the
 * last dash; one with dashes is set off by what no name may contain.
 */
export const projectOf = (app: string, environment: string) => `${app}${environment.includes("-") ? "_" : "-"}${environment}`;

/** What the runner is told of an app in an environment: its project, and whose folder it is. */
export const projectValues = (ctx: Pick<Context, "tenant">, of: { app: string; appId: string; environment: string }) => ({
  project: projectOf(of.app, of.environment),
  app_id: `${ctx.tenant}/${of.appId}`,
});

const REQUESTS_KEPT = 5;

export const appKey = (ctx: Pick<Context, "tenant">, name: string) => key(ctx, `APP#${name}`);
export const environmentKey = (ctx: Pick<Context, "tenant">, app: string, name: string) => key(ctx, `ENV#${app}#${name}`);

export const newEnvironment = (app: string, name: string): Environment => ({
  app,
  name,
  placement: [],
  live: {},
  good: [],
  releases: 0,
  job: null,
  requests: [],
  version: 0,
});

const missing = (name: string) => new Problem("app.not_found", { detail: `There is no app "${name}".` });

/** @throws Problem app.not_found */
export async function getApp(ctx: Context, name: string): Promise<App> {
  allow(ctx, "read", ANY_APP);
  const found = mayUse(ctx, { app: name }) ? await get(ctx, appKey(ctx, name)) : undefined;
  if (!found) throw missing(name);
  return App.parse(found);
}

/** An app, one of its environments and the account in one round trip; an environment that was never deployed to is an empty one. */
export async function getAppIn(
  ctx: Context,
  name: string,
  environment: string,
): Promise<{ app: App; environment: Environment; account: Account }> {
  allow(ctx, "read", ANY_APP);
  if (!mayUse(ctx, { app: name })) throw missing(name);
  const [app, found, account] = await getAll(ctx, [appKey(ctx, name), environmentKey(ctx, name, environment), accountKey(ctx)]);
  if (!app) throw missing(name);
  return {
    app: App.parse(app),
    environment: found ? Environment.parse(found) : newEnvironment(name, environment),
    account: Account.parse(account),
  };
}

export async function listApps(ctx: Context, input: Paging): Promise<Page<App>> {
  allow(ctx, "read", ANY_APP);
  const after = input.cursor === undefined ? undefined : `APP#${input.cursor}`;
  const wanted = (app: App) => (mayUse(ctx, { app: app.name }) ? app : undefined);
  const range = { pk: key(ctx, "").pk, prefix: "APP#", after, limit: input.limit };
  const { items, last } = await fill(ctx, range, (rows) => rows.map((row) => wanted(App.parse(row))));
  return { items, next: last?.slice("APP#".length) ?? null };
}

/** All of an app's, as they are: whether the app goes with one of them is decided by this. */
export async function listEnvironments(ctx: Context, app: string): Promise<Environment[]> {
  allow(ctx, "read", { app });
  const rows = await listAll(ctx, { pk: key(ctx, "").pk, prefix: `ENV#${app}#`, consistent: true });
  return rows.map((row) => Environment.parse(row));
}

const goneKey = (ctx: Pick<Context, "tenant">, app: string, name: string) => key(ctx, `GONE#${app}#${name}`);

/** For the commit that removes an environment: requests that it did may still be repeated by somebody who heard no answer. */
export const keepRequests = (ctx: Context, { app, name, requests }: Environment): Write[] =>
  requests.length > 0 ? [put(ctx, goneKey(ctx, app, name), { requests, ttl: ttlIn(ctx, KEEP_SECONDS) })] : [];

/** A new environment with the memory of the one that had its name and was removed. */
export async function withMemory(ctx: Context, environment: Environment): Promise<Environment> {
  const gone = await get(ctx, goneKey(ctx, environment.app, environment.name));
  return gone ? { ...environment, requests: Environment.shape.requests.parse(gone.requests) } : environment;
}

/** The environment's memory of requests with this one added. */
export const withRequest = (environment: Environment, once: Context["once"], job: string) =>
  once ? [...environment.requests, { key: once.key, hash: once.hash, job }].slice(-REQUESTS_KEPT) : environment.requests;
