import { systemContext, type World } from "../context.ts";
import { LAST_MINUTES } from "../job/advance.ts";
import { dueShards, Job, jobKey } from "../job/job.ts";
import { ended } from "../job/status.ts";
import { allDue, getAll } from "../query.ts";
import { tenantOf } from "../table.ts";
import { StoredTarget, targetKey } from "../target/target.ts";

export interface Unfinished {
  readonly tenant: string;
  readonly job: Job;
  readonly dueAt: string;
}

export interface Held {
  readonly tenant: string;
  readonly target: string;
  readonly name: string;
  readonly fence: number;
  readonly holder?: string | undefined;
  readonly until?: string | undefined;
  readonly waiting: readonly string[];
}

/** Sweeps come every minute, so a job that is overdue by this much is stuck. */
const UNSEEN_MINUTES = 5;

/** Reads the sparse index, so the cost depends on the number of unfinished jobs alone. */
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

/** Jobs that the sweep missed, or that outlived the longest a job may take. If there are any, the sweep is broken. */
export function stuck(unfinished: readonly Unfinished[], now: Date): Unfinished[] {
  const before = (minutes: number) => new Date(now.getTime() - minutes * 60_000).toISOString();
  return unfinished.filter(
    ({ job, dueAt }) => dueAt < before(UNSEEN_MINUTES) || job.createdAt < before(LAST_MINUTES + UNSEEN_MINUTES),
  );
}

export async function listLeases(world: World, unfinished: readonly Unfinished[]): Promise<Held[]> {
  const wanted = new Map(
    unfinished.flatMap(({ tenant, job }) =>
      Object.keys(job.rollouts).map((target) => [`${tenant}/${target}`, { tenant, target }] as const),
    ),
  );
  const targets = [...wanted.values()];
  const rows = await getAll(
    world,
    targets.map(({ tenant, target }) => targetKey(systemContext(world, tenant, "operator"), target)),
  );
  return targets.flatMap(({ tenant, target }, i) => {
    if (!rows[i]) return [];
    const { name, fence, lease, waiting } = StoredTarget.parse(rows[i]);
    return [{ tenant, target, name, fence, holder: lease?.job, until: lease?.until, waiting }];
  });
}
