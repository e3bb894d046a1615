import * as z from "zod";
import { type Environment, getAppIn, PRODUCTION } from "../app/app.ts";
import { ANY_APP, allow, type Context } from "../context.ts";
import { Failure, Job, jobKey } from "../job/job.ts";
import { ended } from "../job/status.ts";
import type { Page, Paging } from "../page.ts";
import { getAll } from "../query.ts";
import { targetKey } from "../target/target.ts";
import { ImagesOnTarget, imagesOf } from "./images.ts";
import { findRelease, pageOfReleases, Release } from "./release.ts";
import { rollbackProblem } from "./return.ts";

/** `live`: on at least one target. `was_live`: it was healthy everywhere. `unknown`: its deployment is no longer kept. */
export const ReleaseView = Release.extend({
  outcome: z.enum(["deploying", "live", "was_live", "failed", "canceled", "unknown"]),
  liveOn: z.array(z.string()),
  endedAt: z.iso.datetime().optional(),
  failure: Failure.pick({ class: true, message: true, service: true }).optional(),
  rollback: z.object({ possible: z.boolean(), code: z.string().optional(), reason: z.string().optional() }),
});
export type ReleaseView = z.infer<typeof ReleaseView>;

export const ReleaseWithImages = ReleaseView.extend({ images: z.array(ImagesOnTarget) });
export type ReleaseWithImages = z.infer<typeof ReleaseWithImages>;

export async function getRelease(
  ctx: Context,
  input: { app: string; environment?: string | undefined; number: number },
): Promise<ReleaseWithImages> {
  allow(ctx, "read", ANY_APP);
  const { app, environment } = await getAppIn(ctx, input.app, input.environment ?? PRODUCTION);
  const release = await findRelease(ctx, app.id, environment.name, input.number);
  const of = { app: app.id, environment: environment.name, number: input.number };
  const [[view], images] = await Promise.all([viewed(ctx, environment, [release]), imagesOf(ctx, of)]);
  return { ...(view as ReleaseView), images }; // one was given
}

export async function listReleases(
  ctx: Context,
  input: Paging & { app: string; environment?: string | undefined },
): Promise<Page<ReleaseView>> {
  allow(ctx, "read", ANY_APP);
  const { app, environment } = await getAppIn(ctx, input.app, input.environment ?? PRODUCTION);
  const { items, next } = await pageOfReleases(ctx, { ...input, app: app.id, environment: environment.name });
  return { items: await viewed(ctx, environment, items), next };
}

/** One round trip for any number, or two while a deployment is running. */
async function viewed(ctx: Context, environment: Environment, releases: readonly Release[]): Promise<ReleaseView[]> {
  const serving = Object.keys(environment.live);
  const ids = releases.flatMap(({ job }) => job ?? []);
  const rows = await getAll(ctx, [...serving.map((id) => targetKey(ctx, id)), ...ids.map((id) => jobKey(ctx, id))], {
    consistent: false,
  });
  const names = new Map(serving.map((id, i) => [id, String(rows[i]?.name ?? id)]));
  const jobs = new Map(rows.slice(serving.length).flatMap((row) => (row ? [[String(row.id), Job.parse(row)] as const] : [])));
  // Jobs that have ended do not change: only the others are read consistently.
  const open = ids.filter((id) => {
    const job = jobs.get(id);
    return !job || !ended(job);
  });
  for (const row of await getAll(
    ctx,
    open.map((id) => jobKey(ctx, id)),
  ))
    if (row) jobs.set(String(row.id), Job.parse(row));
  return releases.map((release) => view(release, environment, names, jobs.get(release.job ?? "")));
}

function view(release: Release, environment: Environment, names: ReadonlyMap<string, string>, job: Job | undefined): ReleaseView {
  const { number } = release;
  const liveOn = Object.entries(environment.live).flatMap(([id, live]) => (live === number ? [names.get(id) ?? id] : []));
  const refused = rollbackProblem(environment, number, job?.status === "succeeded");
  const { failure } = job ?? {};
  return {
    ...release,
    outcome: liveOn.length > 0 ? "live" : outcomeOf(environment, number, job),
    liveOn: liveOn.sort(),
    ...(job?.endedAt && { endedAt: job.endedAt }),
    ...(failure && {
      failure: { class: failure.class, message: failure.message, ...(failure.service && { service: failure.service }) },
    }),
    rollback: refused ? { possible: false, code: refused.code, reason: refused.detail ?? "" } : { possible: true },
  };
}

function outcomeOf(environment: Environment, number: number, job: Job | undefined): ReleaseView["outcome"] {
  if (environment.healthy.includes(number) || job?.status === "succeeded") return "was_live";
  if (!job) return "unknown";
  return job.status === "failed" || job.status === "canceled" ? job.status : "deploying";
}
