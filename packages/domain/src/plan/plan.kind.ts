import * as z from "zod";
import { openPasswords, variablesWith } from "../addon/password.ts";
import { projectValues } from "../app/app.ts";
import { audit } from "../audit/audit.ts";
import type { Context } from "../context.ts";
import { failure, failureOf } from "../job/failure.ts";
import type { JobOf, Read } from "../job/kind.ts";
import type { Outcome } from "../job/outcome.ts";
import { builtFrom, bundleValues, filesOf } from "../release/files.ts";
import { isTrusted, type Reach, type Server } from "../remote/reach.ts";
import { RemoteError } from "../remote/remote.ts";
import { commit } from "../table.ts";
import { ask } from "../target/connection.ts";
import { magicOf } from "../variable/magic.ts";
import { redactorOf } from "../variable/redactor.ts";
import { NotKept, openUsed } from "../variable/used.ts";
import { hashOf } from "./hash.ts";
import { makingOn } from "./making.ts";
import { bundleOfPlan, endPlan, findPlan, keepTargetPlan, type StoredPlan, targetPlansOf } from "./stored.ts";

const Planning = z.object({
  app: z.string(),
  appId: z.string(),
  environment: z.string(),
  input: z.object({ plan: z.string() }),
});
type Planning = z.infer<typeof Planning>;

/** Asks a server how it reads a bundle and what is there, and keeps what deploying it would do. */
export const plan: Read<Planning> = {
  changes: "nothing",
  input: Planning,
  retries: false,

  async read(ctx, job, server, reach): Promise<Outcome> {
    if (!isTrusted(server)) return { ok: false, failure: failure("untrusted") };
    const stored = await findPlan(ctx, ownerOf(job));
    const told = await report(ctx, job, stored, server, reach).catch(notKept);
    if (!told)
      return {
        ok: false,
        failure: failure("plan.stale", { message: "A value that it was to be made with is not kept any more" }),
      };
    const { exit, redact } = told;
    if (exit.code !== 0 || !exit.report) return { ok: false, failure: failureOf(exit) };
    // Loaded for a plan alone: it brings all that reads what servers report.
    const { planOf } = await import("./read-plan.ts");
    const found = await planOf(ctx, exit.report, redact, { making: makingOn(stored, server.id) });
    if (!found) return { ok: false, failure: failure("internal", { message: "The server's report could not be read" }) };
    await commit(ctx, keepTargetPlan(ctx, stored, server.id, found.plan));
    return { ok: true };
  },

  async finish(ctx, job) {
    const { app, environment } = job;
    const told = audit(ctx, "deployment.planned", `${app}/${environment}`, { result: job.status, detail: job.id });
    const hash = job.status === "succeeded" ? await wholeHash(ctx, await findPlan(ctx, ownerOf(job))) : undefined;
    return [told, ...endPlan(ctx, ownerOf(job), hash)];
  },
};

function notKept(error: unknown): undefined {
  if (!(error instanceof NotKept)) throw error;
}

const ownerOf = ({ appId, input }: Planning) => ({ appId, id: input.plan });

async function wholeHash(ctx: Context, stored: StoredPlan): Promise<string> {
  const { app, environment, bundle } = stored;
  return hashOf({ app, environment, bundle, targets: await targetPlansOf(ctx, stored) });
}

async function report(ctx: Context, job: JobOf<Planning>, stored: StoredPlan, server: Server, reach: Reach) {
  const bundle = await bundleOfPlan(ctx, stored);
  if (!bundle) throw new RemoteError("timeout", "The servers were not asked within an hour");
  const name = job.rollouts[server.id]?.name ?? server.id;
  const release = { number: stored.release, services: stored.services };
  const { addons = [] } = bundle;
  const [passwords, opened] = await Promise.all([openPasswords(ctx, job, addons), openUsed(ctx, job, stored.variables)]);
  const redact = await redactorOf(ctx, { ...job, target: server.id, name }, { release, bundle, passwords, values: opened });
  const magic = magicOf(bundle, { ...job, release: stored.release, target: name });
  const variables = { ...bundle.variables, ...opened, ...magic, ...variablesWith(passwords, addons) };
  const values = {
    ...projectValues(ctx, job),
    release: String(stored.release),
    ...bundleValues(bundle),
    ...builtFrom(bundle),
  };
  const run = { op: "plan", job: job.id, fence: 0, from: 0, files: filesOf(stored, { ...bundle, variables }), values } as const;
  return { exit: await ask(ctx, server, reach, run, redact), redact };
}
