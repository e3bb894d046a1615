import { addonsOf, Chosen } from "../addon/addon.ts";
import {
  type App,
  appKey,
  type Environment,
  environmentKey,
  getAppIn,
  PRODUCTION,
  projectOf,
  withMemory,
  withRequest,
} from "../app/app.ts";
import { builderAmong, choosePlacement, type PlacedTarget } from "../app/placement.ts";
import { audit } from "../audit/audit.ts";
import { whoIs } from "../audit/who.ts";
import { isProfile, profilesIn } from "../compose/file.ts";
import { allow, type Context } from "../context.ts";
import type { Access } from "../entitlement/access.ts";
import { type Account, assertPermitted, entitled } from "../entitlement/account.ts";
import { policyText, wholePolicy } from "../entitlement/policy.ts";
import { Problem } from "../error.ts";
import { newId } from "../id.ts";
import { dispatch, enqueue, findJob, getJob, type Job, newJob } from "../job/job.ts";
import { planToApply } from "../plan/holds.ts";
import { liveRelease } from "../release/live.ts";
import { type Asked, type ReadBundle, readBundle } from "../release/read-bundle.ts";
import { findRelease, insertRelease, lastNumber, type Release } from "../release/release.ts";
import { earlier, keptHealthy, rollbackProblem } from "../release/return.ts";
import { insert, overtaken, replace, tryCommit, update, type Write } from "../table.ts";
import { targetKey } from "../target/target.ts";
import { retryOnConflict } from "../turn.ts";
import { choose, unsetSince } from "../variable/used.ts";
import { assertNotBusy } from "./admission.ts";
import type { Deployment } from "./deploy.kind.ts";

export interface DeployInput extends Asked {
  readonly note?: string | undefined;
  readonly origin?: string | undefined;
  readonly waitSeconds?: number | undefined;
  /** Overwrite files that were changed on the server. */
  readonly replaceFiles?: boolean | undefined;
  /** The hash of a plan: it is applied if nothing else would happen. */
  readonly plan?: string | undefined;
  /** Go on where the plan says that data is at risk. */
  readonly acceptDataRisk?: boolean | undefined;
  /** Variables whose credentials stand in the Compose files and may. */
  readonly plaintext?: readonly string[] | undefined;
  /** What the policy asks about. */
  readonly allow?: readonly Access[] | undefined;
}

/** An app's environments share its slot, so no plan limits them. */
const ENVIRONMENTS_MOST = 20;

/** Makes a release and a job to make it live. Returns once the job is accepted. */
export async function deploy(ctx: Context, input: DeployInput): Promise<Job> {
  allow(ctx, "deploy", { app: input.app });
  const name = input.environment ?? PRODUCTION;
  const readOnce = lastOf<ReadBundle>();
  return retryOnConflict(ctx, async () => {
    const { app, environment: found, account } = await getAppIn(ctx, input.app, name);
    const environment = found.version === 0 ? await withMemory(ctx, found) : found;
    const again = await sameRequest(ctx, environment);
    if (again) return again;
    assertPermitted(ctx, account, "grow");
    if (!app.active.includes(name) && app.active.length >= ENVIRONMENTS_MOST)
      throw new Problem("environment.too_many", { detail: `"${app.name}" has ${app.active.length}; that is the most.` });
    const addons = await addonsOf(ctx, app, name);
    const namespaces = input.namespaces ?? environment.namespaces ?? [];
    const { used, unchanged } = await choose(ctx, app, name, namespaces);
    const added = { project: projectOf(app.name, name), addons, used };
    const read = readOnce(JSON.stringify(added), () => readBundle(input, added)); // only for who may deploy
    const { composed, data } = read;
    const last = environment.version === 0 ? await lastNumber(ctx, app.id, name) : environment.releases;
    const job = newId(ctx, "job");
    const release: Release = {
      app: app.name,
      environment: name,
      number: last + 1,
      services: [...composed.services],
      hash: read.hash,
      ...(addons.length > 0 && { addons: addons.map((row) => Chosen.parse(row)) }),
      ...(used.length > 0 && { variables: [...used] }),
      ...(input.namespaces && { namespaces: [...input.namespaces] }),
      ...chosenIn(input.bundle),
      ...(input.note && { note: input.note }),
      ...(input.origin && { origin: input.origin }),
      ...(input.waitSeconds && { waitSeconds: input.waitSeconds }),
      job,
      by: whoIs(ctx.actor),
      createdAt: ctx.now().toISOString(),
    };
    const placed = await choosePlacement(ctx, environment, input.targets);
    const builder = builderAmong(placed, input.buildOn);
    const plan =
      input.plan === undefined
        ? undefined
        : await planToApply(ctx, {
            ...{ hash: input.plan, environment, appId: app.id, bundle: read.hash, targets: placed },
            acceptDataRisk: input.acceptDataRisk === true,
          });
    const writes = await insertRelease(ctx, app, release, data);
    return start(ctx, {
      app,
      environment,
      account,
      placed,
      release,
      job,
      writes: unchanged ? [...writes, unchanged] : writes,
      input: {
        ...(input.replaceFiles && { files: "replace" }),
        ...(plan && { plan }),
        ...(builder && { builder }),
        ...accepted(input),
      },
      allowed: input.allow,
      plaintext: input.plaintext,
    });
  });
}

/** Makes a thing again only for another key. */
function lastOf<T>() {
  let last: { readonly key: string; readonly made: T } | undefined;
  return (key: string, make: () => T): T => {
    if (last?.key !== key) last = { key, made: make() };
    return last.made;
  };
}

const PROFILES_MOST = 50;

function chosenIn({ variables }: DeployInput["bundle"]): Pick<Release, "profiles"> {
  if (!Object.hasOwn(variables, "COMPOSE_PROFILES")) return {};
  const names = profilesIn(variables.COMPOSE_PROFILES ?? "").filter(isProfile);
  return { profiles: [...new Set(names)].slice(0, PROFILES_MOST) };
}

export const accepted = ({ acceptDataRisk }: Pick<DeployInput, "acceptDataRisk">): Readonly<Record<string, string>> =>
  acceptDataRisk ? { dataRisk: "accepted" } : {};

interface RollbackInput extends Pick<DeployInput, "app" | "environment" | "acceptDataRisk" | "allow"> {
  readonly release?: number | undefined;
}

/** Deploys an earlier healthy release: the one named, or the one before the live one. Permitted in grace. */
export async function rollback(ctx: Context, input: RollbackInput): Promise<Job> {
  allow(ctx, "deploy", { app: input.app });
  return redeploy(ctx, input, { rollback: true, input: accepted(input), allowed: input.allow }, async (app, environment) => {
    const number = input.release ?? earlier(environment);
    if (number === undefined)
      throw new Problem("release.none_earlier", { detail: `"${app.name}" has no earlier healthy release.` });
    const release = await findRelease(ctx, app.id, environment.name, number);
    const refused = rollbackProblem(environment, number, await wentWell(ctx, release));
    if (refused) throw refused;
    return release;
  });
}

const wentWell = async (ctx: Context, { job }: Release) => job !== undefined && (await findJob(ctx, job))?.status === "succeeded";

/** Deploys the live release again, as a rollback would, to start containers that are down. Permitted in grace. */
export async function startApp(ctx: Context, input: { app: string; environment?: string | undefined }): Promise<Job> {
  allow(ctx, "deploy", { app: input.app });
  return redeploy(ctx, input, { rollback: true, again: true }, (app, environment) => liveRelease(ctx, app, environment));
}

type Redeployed = Pick<Start, "rollback" | "again" | "input" | "allowed">;

/** Deploys an existing release to the environment's placement. */
async function redeploy(
  ctx: Context,
  input: { app: string; environment?: string | undefined },
  how: Redeployed,
  choose: (app: App, environment: Environment) => Promise<Release>,
): Promise<Job> {
  return retryOnConflict(ctx, async () => {
    const { app, environment, account } = await getAppIn(ctx, input.app, input.environment ?? PRODUCTION);
    const again = await sameRequest(ctx, environment);
    if (again) return again;
    const release = await choose(app, environment);
    const placed = await choosePlacement(ctx, environment, undefined);
    const back = how.again ? [] : await unsetSince(ctx, app, release);
    const asked = { ...how.input, ...(back.length > 0 && { unset: back.join(", ") }) };
    return start(ctx, { app, environment, account, placed, release, job: newId(ctx, "job"), writes: [], ...how, input: asked });
  });
}

/** The job of an earlier request with the same key. @throws Problem idempotency.mismatch */
export async function sameRequest(ctx: Context, environment: Environment): Promise<Job | undefined> {
  const known = ctx.once && environment.requests.find(({ key }) => key === ctx.once?.key);
  if (!known) return undefined;
  if (known.hash !== ctx.once?.hash) throw new Problem("idempotency.mismatch");
  return getJob(ctx, known.job);
}

interface Start {
  readonly app: App;
  readonly environment: Environment;
  readonly account: Account;
  readonly placed: readonly PlacedTarget[];
  readonly release: Release;
  readonly job: string;
  readonly writes: readonly Write[];
  readonly rollback?: true;
  readonly again?: true;
  readonly input?: Readonly<Record<string, string>>;
  readonly allowed?: readonly Access[] | undefined;
  readonly plaintext?: readonly string[] | undefined;
}

/** One commit accepts a deploy: entitlement, slot, turn, the claim on the environment, the release and the job. */
export async function start(ctx: Context, input: Start): Promise<Job | false> {
  const { app, environment, account, placed, release } = input;
  const deploys = await assertNotBusy(ctx, environment, account);
  const own: Omit<Deployment, "input"> = {
    app: app.name,
    appId: app.id,
    environment: environment.name,
    release: release.number,
    live: environment.live,
    ...(input.rollback && { rollback: true }),
    ...(input.again && { again: true }),
  };
  // What runs already may be started again whatever the policy has become.
  const policy = input.again ? "" : policyText(wholePolicy(account, app), input.allowed ?? []);
  const asked: Record<string, string> = { ...input.input, ...(policy && { policy }) };
  const job = newJob(ctx, "deployment", placed, {
    id: input.job,
    ...own,
    ...(Object.keys(asked).length > 0 && { input: asked }),
  });
  const slots = app.active.length === 0 ? { slots: 1 as const } : {};
  const accepted = await tryCommit(
    ctx,
    claim(ctx, environment, job, release, placed),
    entitled(ctx, input.rollback ? "rollback" : "grow", {
      ...slots,
      deploys: { seen: account.deploys, set: [...deploys, job.id] },
    }),
    app.active.includes(environment.name) ? undefined : activate(ctx, app, environment.name),
    ...placed.filter((target) => target.fresh).map((target) => recordPlacement(ctx, target, environment)),
    ...input.writes,
    enqueue(ctx, job),
    audit(
      ctx,
      input.again ? "deployment.start" : input.rollback ? "deployment.rollback" : "deployment.create",
      `${app.name}/${environment.name}`,
      {
        detail: `release ${release.number}, ${job.id}${input.input?.dataRisk ? ", data risk accepted" : ""}${listed("brings back", input.input?.unset?.split(", "))}${listed("allowed", input.allowed)}${listed("in plain", input.plaintext)}`,
      },
    ),
  );
  if (!accepted) return false;
  await dispatch(ctx, job);
  return job;
}

const listed = (what: string, names: readonly string[] = []) => (names.length > 0 ? `, ${what} ${names.join(", ")}` : "");

function claim(ctx: Context, environment: Environment, job: Job, release: Release, placed: readonly PlacedTarget[]): Write {
  const next: Environment = {
    ...environment,
    healthy: keptHealthy(environment.healthy),
    placement: placed.map(({ id }) => id),
    releases: Math.max(environment.releases, release.number),
    ...(release.profiles && { profiles: release.profiles }),
    ...(release.namespaces && { namespaces: release.namespaces }),
    job: job.id,
    requests: withRequest(environment, ctx.once, job.id),
    version: environment.version + 1,
  };
  const at = environmentKey(ctx, environment.app, environment.name);
  return environment.version === 0 ? insert(ctx, at, next, overtaken) : replace(ctx, at, next, environment.version);
}

const activate = (ctx: Context, app: App, environment: string): Write =>
  replace(ctx, appKey(ctx, app.name), { ...app, active: [...app.active, environment], version: app.version + 1 }, app.version);

const recordPlacement = (ctx: Context, target: PlacedTarget, environment: Environment): Write =>
  update(
    ctx,
    targetKey(ctx, target.id),
    {
      change: "ADD apps :app",
      condition: "attribute_exists(pk)",
      values: { ":app": new Set([`${environment.app}/${environment.name}`]) },
    },
    new Problem("target.not_found", { detail: `"${target.name}" was removed.` }),
  );
