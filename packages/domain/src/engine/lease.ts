import type { Context } from "../context.ts";
import { unfinishedJobs } from "../job/job.ts";
import { get } from "../query.ts";
import { tryUpdate } from "../table.ts";
import { StoredTarget, targetKey } from "../target/target.ts";

/**
 * Which job changes a target now. The claim lapses unless it is renewed, so a dead worker holds up nobody for more than LEASE_SECONDS; the
 * fence rises at every taking and goes with the run to the server, which refuses a lower one. A job that has ended holds nothing. Those who
 * find the target held stand in line, and are served in the order their jobs were accepted: the tenant's list of deploys, never the ids, which
 * are as old as the clock of the process that made them. With two orders each of two jobs could wait for the other.
 */
export const LEASE_SECONDS = 30;
export const RENEW_SECONDS = 10;

export type Taken =
  | { readonly kind: "taken"; readonly target: StoredTarget; readonly fence: number }
  /** Another worker is at this very job: nothing to do. */
  | { readonly kind: "attended"; readonly until: string }
  | { readonly kind: "waits"; readonly behind: string }
  | { readonly kind: "gone" };

const until = (ctx: Context) => new Date(ctx.now().getTime() + LEASE_SECONDS * 1000).toISOString();

/**
 * `before`: the jobs whose turn comes first, oldest first. A job that was here before has none: it waits for whoever holds the target, but not
 * for the line, in which somebody may wait for it to end.
 */
export async function takeLease(ctx: Context, id: string, job: string, before: readonly string[]): Promise<Taken> {
  for (;;) {
    const row = await get(ctx, targetKey(ctx, id));
    if (!row) return { kind: "gone" };
    const target = StoredTarget.parse(row);
    const held = target.lease !== undefined && target.lease.until > ctx.now().toISOString();
    if (held && target.lease?.job === job) return { kind: "attended", until: target.lease.until };
    const holder = held && target.lease && !(await hasEnded(ctx, target.lease.job)) ? target.lease.job : undefined;
    const line = await livingLine(ctx, target.line, job);
    const ahead = holder ?? before.find((other) => line.includes(other));
    if (ahead === undefined) {
      const taken = await take(ctx, target, job, line);
      if (taken) return taken;
    } else if (target.line.includes(job) || (await stand(ctx, target, [...line, job]))) return { kind: "waits", behind: ahead };
  }
}

const hasEnded = async (ctx: Context, id: string) => (await unfinishedJobs(ctx, [id])).length === 0;

/** The line without this job and without those who have ended or are being served elsewhere. */
async function livingLine(ctx: Context, line: readonly string[], job: string): Promise<string[]> {
  const others = line.filter((id) => id !== job);
  return (await unfinishedJobs(ctx, others)).map(({ id }) => id);
}

const unchanged = "fence = :seen AND line = :line";

async function take(ctx: Context, target: StoredTarget, job: string, line: string[]): Promise<Taken | undefined> {
  const row = await tryUpdate(ctx, targetKey(ctx, target.id), {
    change: "SET lease = :lease, fence = :fence, line = :rest",
    // Also not renewed since it was read.
    condition: `${unchanged} AND ${target.lease ? "lease = :held" : "attribute_not_exists(lease)"}`,
    values: {
      ...(target.lease && { ":held": target.lease }),
      ":lease": { job, until: until(ctx) },
      ":fence": target.fence + 1,
      ":seen": target.fence,
      ":line": target.line,
      ":rest": line,
    },
  });
  return row && { kind: "taken", target: StoredTarget.parse(row), fence: target.fence + 1 };
}

const stand = (ctx: Context, target: StoredTarget, line: string[]) =>
  tryUpdate(ctx, targetKey(ctx, target.id), {
    change: "SET line = :next",
    condition: unchanged,
    values: { ":next": line, ":seen": target.fence, ":line": target.line },
  });

/** Whether the lease is still the one taken with this fence; if so it lives on. `seconds` 0 hands it over. */
export async function renewLease(ctx: Context, id: string, fence: number, seconds = LEASE_SECONDS): Promise<boolean> {
  const ends = new Date(ctx.now().getTime() + seconds * 1000).toISOString();
  const renewed = await tryUpdate(ctx, targetKey(ctx, id), {
    change: "SET lease.#until = :until",
    condition: "fence = :fence AND attribute_exists(lease)",
    values: { ":until": ends, ":fence": fence },
  });
  return renewed !== undefined;
}
