import { READER_SECONDS } from "../remote/deadline.ts";
import { type Failure, FIRST_SWEEP_SECONDS, type Job, REDISPATCH_SECONDS, type Rollout } from "./job.ts";
import type { Kind } from "./kind.ts";
import type { Outcome } from "./outcome.ts";
import { ended } from "./status.ts";

/** `at` is when it happened: nothing here reads a clock. */
export type JobEvent = { readonly at: Date } & (
  | { readonly type: "started"; readonly target: string }
  | { readonly type: "waits"; readonly target: string; readonly for: string }
  /** The outcome is ignored if a later `attempt` has started. */
  | { readonly type: "ended"; readonly target: string; readonly outcome: Outcome; readonly attempt?: number | undefined }
  | { readonly type: "canceled" }
  | { readonly type: "overdue" }
);

/** What follows from the new state. `yield` is part of its commit: the job moves behind the tenant's others while it waits for its retry. */
export type Effect =
  | { readonly type: "dispatch"; readonly target: string; readonly delaySeconds: number }
  | { readonly type: "yield" }
  | { readonly type: "finish" };

export interface Advanced {
  readonly job: Job;
  readonly effects: readonly Effect[];
  /** When the sweep dispatches the job again if nothing is heard of it. */
  readonly dueAt: Date;
}

/** Failures that may pass by themselves. All others are caused by the app or the customer and fail at once. */
const passing = new Set([
  "unreachable",
  "refused",
  "dropped",
  "agent.silent",
  "aws.throttled",
  "registry.unavailable",
  "docker.down",
  "busy",
  "interrupted",
]);

/** Of those, the verdicts of the server's own run: a retry is a new run, not a replay of the verdict. */
const verdicts = new Set(["registry.unavailable", "docker.down"]);

/** After the last retry the rollout fails, unless its run may still be going on. */
export const RETRY_MINUTES = [1, 5, 15] as const;

/** Between questions to a silent server about what became of a run that may have begun. */
const ASK_MINUTES = 15;

/** No run begins on a job this old, and a run that has lasted this long is stopped: a run takes at most an hour, its retries 21 minutes. */
export const LIFE_MINUTES = 90;

/** The longest any job can take: the last run to begin may use its hour, and another to roll back. */
export const LAST_MINUTES = 3 * LIFE_MINUTES;

const minutes = (count: number) => count * 60_000;
const later = (at: Date, milliseconds: number) => new Date(at.getTime() + milliseconds);

export type Moves = Pick<Kind, "changes" | "retries">;

/** Pure: the same state and event give the same answer. An event for something that has ended changes nothing. */
export function advance(job: Job, event: JobEvent, kind: Moves): Advanced {
  if (ended(job)) return { job, effects: [], dueAt: event.at };
  switch (event.type) {
    case "started":
      // Another worker has rescheduled it meanwhile.
      if ((job.rollouts[event.target]?.nextAt ?? "") > later(event.at, 1000).toISOString())
        return { job, effects: [], dueAt: nextSweepAt(job, event.at) };
      return onRollout(job, event, kind, (rollout) => ({
        ...without(rollout, "waitsFor", "nextAt"),
        ...vanished(rollout),
        status: "running",
        attempts: rollout.attempts + 1,
        // For a kind that only reads, this is when the current reader began.
        startedAt: kind.changes === "target" ? (rollout.startedAt ?? event.at.toISOString()) : event.at.toISOString(),
      }));
    case "waits":
      return onRollout(job, event, kind, (rollout) => ({
        ...rollout,
        ...vanished(rollout),
        status: "waiting",
        waitsFor: event.for,
      }));
    case "ended":
      return onEnded(job, event, kind);
    case "canceled":
      return onCanceled(job, event.at);
    case "overdue":
      return onOverdue(job, event.at);
  }
}

/** A running rollout that starts again was left by a dead worker: its run may have begun. */
const vanished = (rollout: Rollout) => (rollout.status === "running" ? { begun: true } : {});

function onRollout(job: Job, event: { at: Date; target: string }, kind: Moves, change: (rollout: Rollout) => Rollout): Advanced {
  const rollout = job.rollouts[event.target];
  if (!rollout || ended(rollout)) return { job, effects: [], dueAt: later(event.at, minutes(1)) };
  const next = change(rollout);
  const status = next.status === "running" ? "running" : job.status;
  const startedAt = status === "running" ? (job.startedAt ?? event.at.toISOString()) : job.startedAt;
  return {
    job: { ...job, status, ...(startedAt && { startedAt }), rollouts: { ...job.rollouts, [event.target]: next } },
    effects: [],
    dueAt: dueAfter(job, event.at, kind),
  };
}

/** A new job keeps its first due time, which saves the index two writes. */
function dueAfter(job: Job, at: Date, { changes }: Moves): Date {
  // The reader's deadline has passed by then, whatever the server does.
  if (changes === "nothing") return later(at, READER_SECONDS * 1000);
  const first = later(new Date(job.createdAt), FIRST_SWEEP_SECONDS * 1000);
  return first > at ? first : later(at, REDISPATCH_SECONDS * 1000);
}

/** At the next sweep or, if every open rollout waits for a retry, soon after the first retry. */
export function nextSweepAt(job: Job, at: Date): Date {
  const open = Object.values(job.rollouts).filter((rollout) => !ended(rollout));
  const tries = open.map(({ nextAt }) => (nextAt === undefined ? 0 : Date.parse(nextAt)));
  return later(new Date(Math.max(at.getTime(), Math.min(...tries))), REDISPATCH_SECONDS * 1000);
}

function onEnded(job: Job, event: JobEvent & { type: "ended" }, { retries }: Moves): Advanced {
  const { at, outcome, target } = event;
  const rollout = job.rollouts[target];
  const overtaken = event.attempt !== undefined && rollout?.attempts !== event.attempt;
  if (!rollout || ended(rollout) || overtaken) return { job, effects: [], dueAt: later(at, minutes(1)) };
  const begun = rollout.begun || (!outcome.ok && outcome.run === "may have begun");
  const again = retries ? nextTry(job, rollout, outcome, Boolean(begun)) : undefined;
  if (!outcome.ok && again !== undefined) {
    const nextAt = later(at, minutes(again));
    const verdict = verdicts.has(outcome.failure.class);
    const waiting: Rollout = {
      // A run that reached a verdict has ended: nothing of it is left to ask about.
      ...(verdict ? without(rollout, "begun") : rollout),
      status: "retrying",
      nextAt: nextAt.toISOString(),
      failure: outcome.failure,
      retries: (rollout.retries ?? 0) + 1,
      ...(begun && outcome.run && { begun }),
      ...(RETRY_MINUTES[rollout.retries ?? 0] === undefined && { withdrawn: true }),
      ...(verdict && { runs: (rollout.runs ?? 0) + 1 }),
    };
    const next = { ...job, rollouts: { ...job.rollouts, [target]: waiting } };
    const alone = Object.values(next.rollouts).every((other) => other.target === target || ended(other));
    const yields = alone && !waiting.begun && !job.cancelAt;
    return {
      job: next,
      effects: [{ type: "dispatch", target, delaySeconds: again * 60 }, ...(yields ? [{ type: "yield" as const }] : [])],
      dueAt: nextSweepAt(next, at),
    };
  }
  const done: Rollout = {
    ...without(rollout, "waitsFor", "nextAt", "failure", "begun", "withdrawn"),
    status: outcome.ok ? "succeeded" : job.cancelAt && outcome.run ? "canceled" : "failed",
    endedAt: at.toISOString(),
    // Withdrawn because of the earlier failure, not canceled by anybody.
    ...(!outcome.ok && {
      failure: outcome.run === "canceled" && !job.cancelAt ? (rollout.failure ?? outcome.failure) : outcome.failure,
    }),
    ...(outcome.downMs !== undefined && { downMs: outcome.downMs }),
    ...(outcome.ok && outcome.unchanged && { unchanged: true }),
    ...(outcome.found && { found: outcome.found }),
  };
  return settle({ ...job, rollouts: { ...job.rollouts, [target]: done } }, at);
}

/**
 * Minutes until the next try, if any. A job whose run may have begun does not end before its silent server was asked about the run: the
 * table must not contradict the server.
 */
function nextTry(job: Job, rollout: Rollout, outcome: Outcome, begun: boolean): number | undefined {
  if (outcome.ok || !passing.has(outcome.failure.class)) return undefined;
  const unsettled = begun && outcome.run;
  if (job.cancelAt && !unsettled) return undefined;
  return RETRY_MINUTES[rollout.retries ?? 0] ?? (unsettled ? ASK_MINUTES : undefined);
}

/** A rollout without a run ends at once. A run that has begun, or may have, is stopped on its server by a worker. */
function onCanceled(job: Job, at: Date): Advanced {
  const rollouts: Record<string, Rollout> = {};
  for (const [target, rollout] of Object.entries(job.rollouts)) {
    const idle = rollout.status === "queued" || rollout.status === "waiting" || rollout.status === "retrying";
    rollouts[target] =
      idle && !rollout.begun
        ? { ...without(rollout, "waitsFor", "nextAt"), status: "canceled", endedAt: at.toISOString() }
        : ended(rollout)
          ? rollout
          : without(rollout, "nextAt");
  }
  const next = settle({ ...job, cancelAt: job.cancelAt ?? at.toISOString(), rollouts }, at);
  const dispatches = Object.values(next.job.rollouts).filter((rollout) => !ended(rollout));
  return {
    ...next,
    effects: [...next.effects, ...dispatches.map(({ target }) => ({ type: "dispatch" as const, target, delaySeconds: 0 }))],
  };
}

/** What has not begun fails. What may have is withdrawn, and fails after LAST_MINUTES if its server is still silent. */
function onOverdue(job: Job, at: Date): Advanced {
  const failure: Failure = {
    class: "overdue",
    message: `It was not done within ${LIFE_MINUTES} minutes.`,
    remedy: "Check that the server answers, then try again.",
  };
  const last = at.getTime() - Date.parse(job.createdAt) > minutes(LAST_MINUTES);
  const rollouts: Record<string, Rollout> = {};
  const dispatches: Effect[] = [];
  for (const [target, rollout] of Object.entries(job.rollouts)) {
    const open = !last && (rollout.begun || rollout.status === "running");
    // Time spent waiting before the run does not count.
    const young = at.getTime() - Date.parse(rollout.startedAt ?? job.createdAt) <= minutes(LIFE_MINUTES);
    if (ended(rollout) || (open && (young || rollout.withdrawn))) rollouts[target] = rollout;
    else if (open) {
      rollouts[target] = { ...without(rollout, "nextAt"), failure, withdrawn: true };
      dispatches.push({ type: "dispatch", target, delaySeconds: 0 });
    } else rollouts[target] = { ...without(rollout, "nextAt", "waitsFor"), status: "failed", endedAt: at.toISOString(), failure };
  }
  const idle = Object.entries(rollouts).every(([target, rollout]) => rollout === job.rollouts[target]);
  if (idle) return { job, effects: [], dueAt: later(at, minutes(1)) };
  const next = settle({ ...job, rollouts }, at);
  return { ...next, effects: [...next.effects, ...dispatches] };
}

function settle(job: Job, at: Date): Advanced {
  const all = Object.values(job.rollouts);
  if (!all.every(ended)) return { job, effects: [], dueAt: nextSweepAt(job, at) };
  const failed = all.find((rollout) => rollout.status === "failed");
  const status = failed ? "failed" : all.some((rollout) => rollout.status === "canceled") ? "canceled" : "succeeded";
  return {
    job: { ...job, status, endedAt: at.toISOString(), ...(failed?.failure && { failure: failed.failure }) },
    effects: [{ type: "finish" }],
    dueAt: at,
  };
}

function without<T extends object, K extends keyof T>(object: T, ...names: K[]): Omit<T, K> {
  const copy = { ...object };
  for (const name of names) delete copy[name];
  return copy;
}
