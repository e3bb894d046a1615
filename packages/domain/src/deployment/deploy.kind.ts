import * as z from "zod";
import { volumeOf } from "../addon/fragment.ts";
import { openAddons, variablesWith } from "../addon/password.ts";
import { environmentKey, projectValues } from "../app/app.ts";
import type { Context } from "../context.ts";
import { readPolicy } from "../entitlement/policy.ts";
import { succeededRollouts } from "../job/job.ts";
import type { Change, JobOf } from "../job/kind.ts";
import { makingOn } from "../plan/making.ts";
import { loginsFor } from "../registry/login.ts";
import { builtFrom, bundleValues, filesOf } from "../release/files.ts";
import { pinsOf, readImages, recordImages } from "../release/images.ts";
import { type Bundle, getBundle, type Release, releaseIfKept } from "../release/release.ts";
import { registryOf } from "../remote/registry-host.ts";
import type { Archives, Decision, Login } from "../remote/remote.ts";
import { replace, update, type Write } from "../table.ts";
import { magicOf } from "../variable/magic.ts";
import { redactorOf } from "../variable/redactor.ts";
import { openUsed } from "../variable/used.ts";
import { auditEnd, deactivate, environmentOf } from "./after-job.ts";
import { carriedFrom } from "./carry.ts";
import { upgraded, usedAgain } from "./upgraded.ts";
import { wholeOf } from "./whole.ts";

const Deployment = z.object({
  app: z.string(),
  appId: z.string(),
  environment: z.string(),
  release: z.number().int(),
  live: z.record(z.string(), z.number().int()).optional(),
  rollback: z.boolean().optional(),
  again: z.boolean().optional(),
  input: z
    .object({
      files: z.literal("replace").optional(),
      plan: z.string().optional(),
      dataRisk: z.literal("accepted").optional(),
      policy: z.string().optional(),
      /** The id of the target that builds for the others. */
      builder: z.string().optional(),
      /** Services whose images are pulled by their names, though others are pinned. */
      fresh: z.string().optional(),
      /** The add-on that gets another version, and the volume that it leaves for a new one. */
      upgrade: z.string().optional(),
      leaves: z.string().optional(),
      /** Names that a rollback brings back though they were unset. */
      unset: z.string().optional(),
    })
    .optional(),
});
export type Deployment = z.infer<typeof Deployment>;

/** Makes a new or an earlier release live. */
export const deploy: Change<Deployment> = {
  changes: "target",
  input: Deployment,
  retries: true,

  first: (job) => job.input?.builder,

  async run(ctx, job, target, account, reach) {
    const kept = await getBundle(ctx, job.appId, job.environment, job.release);
    const { release } = kept;
    const { bundle, conflict } = await wholeOf(job, kept);
    const name = job.rollouts[target]?.name ?? target;
    const logins = account.logins ? await loginsOf(ctx, job, target, release) : [];
    const { addons = [] } = bundle;
    const [{ passwords, lapsed }, values] = await Promise.all([
      openAddons(ctx, job, addons),
      openUsed(ctx, job, release.variables),
    ]);
    const redact = await redactorOf(
      ctx,
      { ...job, target, name },
      { release, bundle, live: job.live, passwords, values },
      logins,
    );
    const magic = magicOf(bundle, { ...job, target: name });
    const variables = { ...bundle.variables, ...values, ...magic, ...variablesWith(passwords, addons) };
    const { builder = target } = job.input ?? {};
    const making = makingOn({ builder }, target);
    const carried = making === "carry";
    return {
      op: "deploy",
      files: filesOf(release, { ...bundle, variables }),
      values: {
        ...projectValues(ctx, job),
        release: String(job.release),
        ...(await imagesFor(ctx, job, release, target)),
        ...(release.waitSeconds && { wait_seconds: String(release.waitSeconds) }),
        ...bundleValues(bundle),
        ...(job.input?.files === "replace" && { replace_files: "1" }),
        ...(carried && { carried: "1", ...builtFrom(bundle) }),
        ...movesOf(job, release),
        ...lapsedFrom(lapsed, release),
        ask: "1",
      },
      logins,
      redact,
      archives: archivesOf(ctx, bundle, job.rollback === true || carried || release.from !== undefined),
      ...(carried && { carried: carriedFrom(ctx, reach, { job, release, builder }, redact) }),
      async decide(report) {
        if (conflict !== undefined) return { no: "compose.conflict", reasons: [conflict] };
        const { decide } = await import("../plan/decide.ts");
        // What was accepted when the live release was deployed holds when it is started again.
        const acceptDataRisk = job.again === true || job.input?.dataRisk === "accepted";
        const policy = readPolicy(job.input?.policy ?? "");
        const of = { appId: job.appId, target, plan: job.input?.plan };
        const moves = job.input?.leaves !== undefined && job.input.upgrade !== undefined ? [job.input.upgrade] : [];
        const decision = await decide(ctx, { ...of, acceptDataRisk, policy, bundle, making, moves }, report, redact);
        return withUnset(decision, job.input?.unset);
      },
    };
  },

  record: (ctx, job, target, exit) => (exit.code === 0 ? recordImages(ctx, releaseOf(job), target, readImages(exit)) : []),

  /** The live release changes only on targets where the new one became healthy. An app with nothing live releases its slot. */
  async finish(ctx, job) {
    const done = succeededRollouts(job);
    const everywhere = done.length === Object.keys(job.rollouts).length;
    const again = done.length > 0 ? await usedAgain(ctx, job) : [];
    if (everywhere)
      return [wentLive(ctx, job), ...again, ...(await upgraded(ctx, job, job.input)), auditEnd(ctx, job, "deployment.end")];
    const environment = await environmentOf(ctx, job);
    const next = {
      ...environment,
      live: { ...environment.live, ...Object.fromEntries(done.map(({ target }) => [target, job.release])) },
      version: environment.version + 1,
    };
    const idle = Object.keys(next.live).length === 0;
    return [
      replace(ctx, environmentKey(ctx, next.app, next.name), next, environment.version),
      ...again,
      ...(idle ? await deactivate(ctx, next) : []),
      auditEnd(ctx, job, "deployment.end"),
    ];
  },
};

/** A rollback builds nothing, nor does a server that others build for. */
function archivesOf(ctx: Context, { archives = [], large }: Bundle, unbuilt: boolean): Archives | undefined {
  const list = unbuilt ? [] : archives;
  const mounted = large?.archives ?? [];
  if (list.length + mounted.length === 0) return undefined;
  return { list, mounted, open: (hash) => ctx.archives.open(ctx.tenant, hash) };
}

const releaseOf = ({ appId, environment, release }: Deployment) => ({ app: appId, environment, number: release });

/**
 * Of the registries of its release, and of the live one, which a failure starts again. A build may be from an image of any registry: only the
 * Dockerfiles name it.
 */
const loginsOf = (ctx: Context, job: Deployment, target: string, release: Release): Promise<Login[]> =>
  loginsFor(ctx, async () => {
    if (!job.rollback && release.services.some(({ built }) => built)) return () => true;
    const live = job.live?.[target];
    const before = live ? await releaseIfKept(ctx, job.appId, job.environment, live) : undefined;
    const named = new Set([release, before].flatMap((each) => each?.services.map(({ image }) => registryOf(image)) ?? []));
    return (host) => named.has(host);
  });

/** A rollback needs no registry while the images are on the server; otherwise it pulls them by digest. So does a release that has another's images. */
async function imagesFor(
  ctx: Context,
  job: Deployment,
  { from, imagesFrom = from }: Release,
  target: string,
): Promise<{ pull: string; pins?: string; fresh?: string }> {
  if (!job.rollback && imagesFrom === undefined) return { pull: "always" };
  const of = releaseOf(job);
  const all = await pinsOf(ctx, job.rollback ? of : { ...of, number: imagesFrom ?? of.number }, target);
  const fresh = job.input?.fresh?.split(" ") ?? [];
  const pins = all.filter(([service]) => !fresh.includes(service)).map((pin) => `${pin.join("\t")}\n`);
  return {
    pull: "missing",
    ...(pins.length > 0 && { pins: pins.join("") }),
    ...(fresh.length > 0 && { fresh: fresh.map((service) => `${service}\n`).join("") }),
  };
}

/** The line for people says so too. */
function withUnset(decision: Decision, unset: string | undefined): Decision {
  if ("no" in decision || unset === undefined) return decision;
  const [line, ...operations] = decision.plan;
  return { ...decision, plan: [`${line}; brings back what was unset: ${unset}`, ...operations] };
}

/** A rollback may use one of them. */
function lapsedFrom(lapsed: readonly string[], { addons = [] }: Release): { lapsed?: string } {
  const used = new Set(addons.map(volumeOf));
  const free = lapsed.filter((volume) => !used.has(volume));
  return free.length > 0 ? { lapsed: free.map((volume) => `${volume}\n`).join("") } : {};
}

function movesOf({ input: { upgrade, leaves } = {} }: Deployment, { addons = [] }: Release): { moves?: string } {
  const addon = addons.find(({ name }) => name === upgrade);
  return addon && leaves !== undefined ? { moves: `${[addon.name, addon.kind, leaves, volumeOf(addon)].join("\t")}\n` } : {};
}

/** Without a read: nobody else changes the environment while the job holds it. */
const wentLive = (ctx: Context, job: JobOf<Deployment>): Write =>
  update(ctx, environmentKey(ctx, job.app, job.environment), {
    change: "SET #live = :live, #healthy = list_append(#healthy, :release), #version = #version + :one",
    condition: "#job = :job",
    values: {
      ":live": Object.fromEntries(Object.keys(job.rollouts).map((target) => [target, job.release])),
      ":release": [job.release],
      ":one": 1,
      ":job": job.id,
    },
  });
