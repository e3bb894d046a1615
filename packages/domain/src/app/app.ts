import * as z from "zod";
import { ANY_APP, allow, type Context, mayUse } from "../context.ts";
import { Account, accountKey } from "../entitlement/account.ts";
import { Policy } from "../entitlement/policy.ts";
import { Problem } from "../error.ts";
import { KEEP_SECONDS } from "../once.ts";
import type { Page, Paging } from "../page.ts";
import { fill, get, getAll, listAll } from "../query.ts";
import { key, put, ttlIn, type Write } from "../table.ts";

/**
 * What the customer runs, addressed by name. It holds one app slot while any of its environments has an active deployment, however many
 * containers and environments it has. Releases, the live release, placement and the claim of the current job belong to the environment.
 */
export const App = z.object({
  id: z.string(),
  name: z.string(),
  template: z.literal("compose"),
  /** Environments that are deployed or being deployed. The app holds its slot while there are any. */
  active: z.array(z.string()),
  policy: Policy.optional(),
  /** Environments that have or had add-ons: a deployment looks for them in no other. */
  addons: z.array(z.string()).optional(),
  /** Environments for which secrets or variables are set; the others are not asked for any. */
  variables: z.array(z.string()).optional(),
  createdAt: z.iso.datetime(),
  version: z.number().int(),
});
export type App = z.infer<typeof App>;

export const Environment = z.object({
  app: z.string(),
  name: z.string(),
  /** Target ids. */
  placement: z.array(z.string()),
  /** The live release's number, by target id. */
  live: z.record(z.string(), z.number().int()),
  /** Releases that were healthy everywhere, in the order they went live, rollbacks included; the last one is live. */
  healthy: z.array(z.number().int()),
  /** The highest release number. */
  releases: z.number().int(),
  /** Of the Compose file, as the last deployment chose them. The command line takes them for the next one. */
  profiles: z.array(z.string()).optional(),
  /** Of secrets and variables, besides `default`: as the last deployment chose them, for the next one. */
  namespaces: z.array(z.string()).optional(),
  /** The last job that changed it; holds the environment until it has ended. */
  job: z.string().nullable(),
  /** The last few, by Idempotency-Key. */
  requests: z.array(z.object({ key: z.string(), hash: z.string(), job: z.string() })),
  version: z.number().int(),
});
export type Environment = z.infer<typeof Environment>;

export const PRODUCTION = "production";

/** What a suggested command adds for an environment that is not the default. */
export const environmentFlag = (environment: string) => (environment === PRODUCTION ? "" : ` --environment ${environment}`);

/** Unique for each environment of each app: one without a dash follows the last dash, one with dashes follows an underscore, which no name may contain. */
export const projectOf = (app: string, environment: string) => `${app}${environment.includes("-") ? "_" : "-"}${environment}`;

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
  healthy: [],
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

/** In one round trip. An environment that was never deployed to is an empty one. */
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

/** Read consistently: it decides whether the app is removed with one of them. */
export async function listEnvironments(ctx: Context, app: string): Promise<Environment[]> {
  allow(ctx, "read", { app });
  const rows = await listAll(ctx, { pk: key(ctx, "").pk, prefix: `ENV#${app}#`, consistent: true });
  return rows.map((row) => Environment.parse(row));
}

const goneKey = (ctx: Pick<Context, "tenant">, app: string, name: string) => key(ctx, `GONE#${app}#${name}`);

/** For the commit that removes an environment: a client that got no answer may repeat its requests. */
export const keepRequests = (ctx: Context, { app, name, requests }: Environment): Write[] =>
  requests.length > 0 ? [put(ctx, goneKey(ctx, app, name), { requests, ttl: ttlIn(ctx, KEEP_SECONDS) })] : [];

/** Restores the requests of a removed environment with the same name. */
export async function withMemory(ctx: Context, environment: Environment): Promise<Environment> {
  const gone = await get(ctx, goneKey(ctx, environment.app, environment.name));
  return gone ? { ...environment, requests: Environment.shape.requests.parse(gone.requests) } : environment;
}

export const withRequest = (environment: Environment, once: Context["once"], job: string) =>
  once ? [...environment.requests, { key: once.key, hash: once.hash, job }].slice(-REQUESTS_KEPT) : environment.requests;
