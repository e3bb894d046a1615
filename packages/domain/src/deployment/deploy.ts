import { createHash } from "node:crypto";
import {
  type App,
  appKey,
  before,
  type Environment,
  environmentKey,
  GOOD_KEPT,
  getAppIn,
  PRODUCTION,
  withMemory,
  withRequest,
} from "../app/app.ts";
import { audit } from "../audit/audit.ts";
import { checkPath, checkPaths, readCompose } from "../compose/compose.ts";
import { allow, type Context } from "../context.ts";
import { type Account, entitled } from "../entitlement/account.ts";
import { Problem } from "../error.ts";
import { newId } from "../id.ts";
import { enqueue, getJob, type Job, ring } from "../job/job.ts";
import { type Bundle, findRelease, insertRelease, lastNumber, pack, type Release } from "../release/release.ts";
import { commit, getAll, insert, replace, update, type Write } from "../table.ts";
import { findTarget, listTargets, targetKey } from "../target/target.ts";
import { freeToChange, inTurn } from "./busy.ts";

export interface DeployInput {
  readonly app: string;
  readonly environment?: string | undefined;
  readonly bundle: Bundle;
  /** Ids or names. Without any: where the environment is already, else the only target there is. */
  readonly targets?: readonly string[] | undefined;
  readonly note?: string | undefined;
}

/** Makes a release and the job that makes it live. Returns at once; the job's rollouts do the rest. */
export async function deploy(ctx: Context, input: DeployInput): Promise<Job> {
  allow(ctx, "deploy", { app: input.app });
  const name = input.environment ?? PRODUCTION;
  const composed = readCompose(input.bundle.compose);
  const files = input.bundle.files.map((file) => ({ ...file, path: checkPath(file.path) }));
  checkPaths(files.map(({ path }) => path));
  const data = pack({ ...input.bundle, files });
  return inTurn(ctx, async () => {
    const { app, environment: found, account } = await getAppIn(ctx, input.app, name);
    const environment = found.version === 0 ? await withMemory(ctx, found) : found;
    const again = await sameRequest(ctx, environment);
    if (again) return again;
    const last = environment.version === 0 ? await lastNumber(ctx, app.id, name) : environment.releases;
    const release: Release = {
      app: app.name,
      environment: name,
      number: last + 1,
      services: [...composed.services],
      hash: createHash("sha256").update(data).digest("hex"),
      ...(input.note && { note: input.note }),
      by: { kind: ctx.actor.kind, id: ctx.actor.id },
      createdAt: ctx.now().toISOString(),
    };
    const placed = await place(ctx, environment, input.targets);
    return start(ctx, { app, environment, account, placed, release, writes: insertRelease(ctx, app, release, data) });
  });
}

/**
 * Deploys an earlier release that was healthy: unless a number is given the one before the live one, or, where a deploy went live on some
 * targets only, the one that all had before it. Permitted in grace.
 */
export async function rollback(
  ctx: Context,
  input: { app: string; environment?: string | undefined; release?: number | undefined },
): Promise<Job> {
  allow(ctx, "deploy", { app: input.app });
  const name = input.environment ?? PRODUCTION;
  return inTurn(ctx, async () => {
    const { app, environment, account } = await getAppIn(ctx, input.app, name);
    const again = await sameRequest(ctx, environment);
    if (again) return again;
    const number = input.release ?? earlier(environment);
    if (number === undefined)
      throw new Problem("release.none_earlier", { detail: `"${app.name}" has no earlier healthy release.` });
    const release = await findRelease(ctx, app.id, name, number);
    if (!environment.good.includes(number))
      throw new Problem("release.never_healthy", { detail: `Release ${number} was never healthy.` });
    const placed = await place(ctx, environment, undefined);
    return start(ctx, { app, environment, account, placed, release, writes: [], rollback: true });
  });
}

const earlier = (environment: Environment) => {
  const last = environment.good.at(-1);
  return Object.values(environment.live).some((number) => number !== last) ? last : before(environment);
};

/** The job an earlier request with the same key made. @throws Problem idempotency.mismatch */
async function sameRequest(ctx: Context, environment: Environment): Promise<Job | undefined> {
  const known = ctx.once && environment.requests.find(({ key }) => key === ctx.once?.key);
  if (!known) return undefined;
  if (known.hash !== ctx.once?.hash) throw new Problem("idempotency.mismatch");
  return getJob(ctx, known.job);
}

interface Placed {
  readonly id: string;
  readonly name: string;
  /** Not placed there before. */
  readonly fresh: boolean;
}

async function place(ctx: Context, environment: Environment, asked: readonly string[] | undefined): Promise<Placed[]> {
  const known = new Set(environment.placement);
  if (asked && asked.length > 0) {
    const named = await Promise.all([...new Set(asked)].map((name) => findTarget(ctx, name)));
    // By id and by name it may be the same one.
    const found = [...new Map(named.map((target) => [target.id, target])).values()];
    const ids = new Set(found.map((target) => target.id));
    for (const target of found) if (!target.hostKey) throw untrusted(target.name);
    const kept = await placedOn(
      ctx,
      environment.placement.filter((id) => !ids.has(id)),
    );
    return [...kept, ...found.map(({ id, name }) => ({ id, name, fresh: !known.has(id) }))];
  }
  if (environment.placement.length > 0) return placedOn(ctx, environment.placement);
  const all = await listTargets(ctx);
  const [only] = all;
  if (all.length !== 1 || !only)
    throw new Problem("deployment.no_target", {
      detail:
        all.length === 0
          ? "There is no target yet."
          : `There are ${all.length} targets: ${all.map((each) => each.name).join(", ")}.`,
      ...(all.length === 0 && { next: ["berth target add NAME USER@HOST"] }),
    });
  if (!only.hostKey) throw untrusted(only.name);
  return [{ id: only.id, name: only.name, fresh: true }];
}

const untrusted = (name: string) =>
  new Problem("target.untrusted", {
    detail: `"${name}" waits for you to confirm its host key.`,
    next: [`berth target trust ${name}`],
  });

async function placedOn(ctx: Context, ids: readonly string[]): Promise<Placed[]> {
  const rows = await getAll(
    ctx,
    ids.map((id) => targetKey(ctx, id)),
    { consistent: false }, // a name never changes
  );
  return ids.map((id, i) => ({ id, name: String(rows[i]?.name ?? id), fresh: false }));
}

interface Start {
  readonly app: App;
  readonly environment: Environment;
  readonly account: Account;
  readonly placed: readonly Placed[];
  readonly release: Release;
  readonly writes: readonly Write[];
  readonly rollback?: true;
}

/** The one commit that accepts a deploy: entitlement, slot and place among the plan's deploys, the claim on the environment, the release, the job. */
async function start(ctx: Context, input: Start): Promise<Job> {
  const { app, environment, account, placed, release } = input;
  const deploys = await freeToChange(ctx, environment, account);
  const job: Job = {
    id: newId(ctx, "job"),
    kind: "deploy",
    status: "queued",
    app: app.name,
    appId: app.id,
    environment: environment.name,
    release: release.number,
    ...(input.rollback && { rollback: true }),
    rollouts: Object.fromEntries(placed.map(({ id, name }) => [id, { target: id, name, status: "queued", attempts: 0 }])),
    by: { kind: ctx.actor.kind, id: ctx.actor.id },
    createdAt: ctx.now().toISOString(),
    version: 1,
  };
  const slots = app.active.length === 0 ? { slots: 1 as const } : {};
  await commit(
    ctx,
    claim(ctx, environment, job, release, placed),
    entitled(ctx, input.rollback ? "rollback" : "grow", {
      ...slots,
      deploys: { seen: account.deploys, set: [...deploys, job.id] },
    }),
    app.active.includes(environment.name) ? undefined : activate(ctx, app, environment.name),
    ...placed.filter((target) => target.fresh).map((target) => placeOn(ctx, target, environment)),
    ...input.writes,
    enqueue(ctx, job),
    audit(ctx, input.rollback ? "deployment.rollback" : "deployment.create", `${app.name}/${environment.name}`, {
      detail: `release ${release.number}, ${job.id}`,
    }),
  );
  await ring(ctx, job);
  return job;
}

function claim(ctx: Context, environment: Environment, job: Job, release: Release, placed: readonly Placed[]): Write {
  const next: Environment = {
    ...environment,
    good: environment.good.slice(-GOOD_KEPT),
    placement: placed.map(({ id }) => id),
    releases: Math.max(environment.releases, release.number),
    job: job.id,
    requests: withRequest(environment, ctx.once, job.id),
    version: environment.version + 1,
  };
  const at = environmentKey(ctx, environment.app, environment.name);
  const stale = new Problem("version.stale");
  return environment.version === 0 ? insert(ctx, at, next, stale) : replace(ctx, at, next, environment.version, stale);
}

const activate = (ctx: Context, app: App, environment: string): Write =>
  replace(ctx, appKey(ctx, app.name), { ...app, active: [...app.active, environment], version: app.version + 1 }, app.version);

const placeOn = (ctx: Context, target: Placed, environment: Environment): Write =>
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
