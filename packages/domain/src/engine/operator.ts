import { systemContext, type World } from "../context.ts";
import { LAST_MINUTES } from "../job/advance.ts";
import { dueShards, Job, jobKey } from "../job/job.ts";
import { ended } from "../job/status.ts";
import { allDue, getAll } from "../query.ts";
import { tenantOf } from "../table.ts";
import { StoredTarget, targetKey } from "../target/target.ts";

/** A job that has not ended, of any tenant. */
export interface Unfinished {
  readonly tenant: string;
  readonly job: Job;
  /** When somebody had to look at it. */
  readonly dueAt: string;
}

/** Who holds a target, and who waits for it. */
export interface Held {
  readonly tenant: string;
  readonly target: string;
  readonly name: string;
  readonly fence: number;
  readonly holder?: string | undefined;
  readonly until?: string | undefined;
  readonly line: readonly string[];
}

/** A job that no sweep looked at for this long is stuck: sweeps come every minute. */
const UNSEEN_MINUTES = 5;

/** Every job that has not ended, by the sparse index: what it costs depends on their number and on nothing else. */
export async function listUnfinished(world: World): Promise<Unfinished[]> {
  const shards = await Promise.all(dueShards.map((shard) => allDue(world, shard)));
  const due = shards.flat().map((row) => ({
    tenant: tenantOf(row),
    id: String(row.sk).slice("JOB#".length),
    dueAt: String(row.dueAt),
  }));
  const rows = await getAll(
    world,
    due.map(({ tenant, id }) => jobKey(systemContext(world, tenant, "operator"), id)),
  );
  return due
    .flatMap(({ tenant, dueAt }, i) => (rows[i] ? [{ tenant, dueAt, job: Job.parse(rows[i]) }] : []))
    .filter(({ job }) => !ended(job))
    .sort((a, b) => (a.job.createdAt < b.job.createdAt ? -1 : 1));
}

/** Jobs that nobody looked at in time, or that outlived the longest a job may take. Always empty, or the sweep is broken. */
export function stuck(unfinished: readonly Unfinished[], now: Date): Unfinished[] {
  const before = (minutes: number) => new Date(now.getTime() - minutes * 60_000).toISOString();
  return unfinished.filter(
    ({ job, dueAt }) => dueAt < before(UNSEEN_MINUTES) || job.createdAt < before(LAST_MINUTES + UNSEEN_MINUTES),
  );
}

/** The leases of all targets that unfinished jobs are for. */
export async function listLeases(world: World, unfinished: readonly Unfinished[]): Promise<Held[]> {
  const wanted = new Map(
    unfinished.flatMap(({ tenant, job }) =>
      Object.keys(job.rollouts).map((target) => [`${tenant}/${target}`, { tenant, target }] as const),
    ),
  );
  const places = [...wanted.values()];
  const rows = await getAll(
    world,
    places.map(({ tenant, target }) => targetKey(systemContext(world, tenant, "operator"), target)),
  );
  return places.flatMap(({ tenant, target }, i) => {
    if (!rows[i]) return [];
    const { name, fence, lease, line } = StoredTarget.parse(rows[i]);
    return [{ tenant, target, name, fence, holder: lease?.job, until: lease?.until, line }];
  });
}
