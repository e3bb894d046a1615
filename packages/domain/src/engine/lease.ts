import type { Context } from "../context.ts";
import { unfinishedJobs } from "../job/job.ts";
import { get } from "../query.ts";
import { tryUpdate } from "../table.ts";
import { StoredTarget, targetKey } from "../target/target.ts";
import { isoIn } from "../time.ts";

/**
 * The lease says which job changes a target now. It lapses unless renewed, so a dead worker blocks others for LEASE_SECONDS at most. The fence
 * rises with every lease and goes with the run to the server, which refuses a lower one. A job that has ended holds nothing. Waiting jobs are
 * served in the order of the tenant's list of deploys, never of ids, which follow the clock of the process that made them: with two orders, two
 * jobs could wait for each other.
 */
export const LEASE_SECONDS = 30;
export const RENEW_SECONDS = 10;

export type Taken =
  | { readonly kind: "taken"; readonly target: StoredTarget; readonly fence: number }
  /** Another worker holds the lease for this very job. */
  | { readonly kind: "attended"; readonly until: string }
  | { readonly kind: "waits"; readonly behind: string }
  | { readonly kind: "gone" };

/**
 * `before`: the jobs whose turn comes first, oldest first. A job that ran here before passes none: it waits for the holder but not for the
 * queue, which may be waiting for it.
 */
export async function takeLease(ctx: Context, id: string, job: string, before: readonly string[]): Promise<Taken> {
  for (;;) {
    const row = await get(ctx, targetKey(ctx, id));
    if (!row) return { kind: "gone" };
    const target = StoredTarget.parse(row);
    const held = target.lease !== undefined && target.lease.until > ctx.now().toISOString();
    if (held && target.lease?.job === job) return { kind: "attended", until: target.lease.until };
    const holder = held && target.lease && !(await hasEnded(ctx, target.lease.job)) ? target.lease.job : undefined;
    const waiting = await unfinishedWaiting(ctx, target.waiting, job);
    const ahead = holder ?? before.find((other) => waiting.includes(other));
    if (ahead === undefined) {
      const taken = await take(ctx, target, job, waiting);
      if (taken) return taken;
    } else if (target.waiting.includes(job) || (await joinWaiting(ctx, target, [...waiting, job])))
      return { kind: "waits", behind: ahead };
  }
}

const hasEnded = async (ctx: Context, id: string) => (await unfinishedJobs(ctx, [id])).length === 0;

async function unfinishedWaiting(ctx: Context, waiting: readonly string[], job: string): Promise<string[]> {
  const others = waiting.filter((id) => id !== job);
  return (await unfinishedJobs(ctx, others)).map(({ id }) => id);
}

const unchanged = "fence = :seen AND waiting = :waiting";

async function take(ctx: Context, target: StoredTarget, job: string, waiting: string[]): Promise<Taken | undefined> {
  const row = await tryUpdate(ctx, targetKey(ctx, target.id), {
    change: "SET lease = :lease, fence = :fence, waiting = :rest",
    // The lease was not renewed since it was read, either.
    condition: `${unchanged} AND ${target.lease ? "lease = :held" : "attribute_not_exists(lease)"}`,
    values: {
      ...(target.lease && { ":held": target.lease }),
      ":lease": { job, until: isoIn(ctx, LEASE_SECONDS) },
      ":fence": target.fence + 1,
      ":seen": target.fence,
      ":waiting": target.waiting,
      ":rest": waiting,
    },
  });
  return row && { kind: "taken", target: StoredTarget.parse(row), fence: target.fence + 1 };
}

const joinWaiting = (ctx: Context, target: StoredTarget, waiting: string[]) =>
  tryUpdate(ctx, targetKey(ctx, target.id), {
    change: "SET waiting = :next",
    condition: unchanged,
    values: { ":next": waiting, ":seen": target.fence, ":waiting": target.waiting },
  });

/** False if the lease was taken with another fence. `seconds` 0 hands it over. */
export async function renewLease(ctx: Context, id: string, fence: number, seconds = LEASE_SECONDS): Promise<boolean> {
  const renewed = await tryUpdate(ctx, targetKey(ctx, id), {
    change: "SET lease.#until = :until",
    condition: "fence = :fence AND attribute_exists(lease)",
    values: { ":until": isoIn(ctx, seconds), ":fence": fence },
  });
  return renewed !== undefined;
}
