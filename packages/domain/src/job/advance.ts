import {
  ended,
  type Failure,
  FIRST_LOOK_SECONDS,
  type Found,
  type Job,
  RING_AGAIN_SECONDS,
  type Rollout,
  rolloutEnded,
} from "./job.ts";

/** How a rollout's run on the server, or the attempt to reach it, came out. */
export type Outcome =
  | { readonly ok: true; readonly downMs?: number | undefined; readonly found?: Found | undefined }
  | {
      readonly ok: false;
      readonly failure: Failure;
      readonly canceled?: boolean;
      readonly downMs?: number | undefined;
      readonly found?: Found;
    };

/** What can happen to a job. `at` is when; nothing here reads a clock. */
export type JobEvent = { readonly at: Date } & (
  | { readonly type: "started"; readonly target: string }
  | { readonly type: "waits"; readonly target: string; readonly for: string }
  | { readonly type: "ended"; readonly target: string; readonly outcome: Outcome }
  | { readonly type: "canceled" }
  | { readonly type: "overdue" }
);

/** What has to be done once the new state is written. */
export type Effect =
  | { readonly type: "ring"; readonly target: string; readonly delaySeconds: number }
  | { readonly type: "finish" };

export interface Advanced {
  readonly job: Job;
  readonly effects: readonly Effect[];
  /** When somebody has to look at the job again if nothing is heard of it. */
  readonly dueAt: Date;
}

/** What may pass by itself; everything else was caused by the app or the customer and fails at once. */
const passing = new Set(["unreachable", "refused", "dropped", "registry.unavailable", "docker.down", "busy", "interrupted"]);

/** Of those, the ones the server's own run ended with: trying again is a new run there, not a replay of that verdict. */
const verdicts = new Set(["registry.unavailable", "docker.down", "busy"]);

/** Minutes after which a rollout that may pass by itself is tried again: three times, then it has failed. */
export const RETRY_MINUTES = [1, 5, 15] as const;

/** No job lives longer than this, whatever happens: its retries take 21 minutes and a run at most as long as it may. */
export const LIFE_MINUTES = 90;

const minutes = (count: number) => count * 60_000;
const later = (at: Date, milliseconds: number) => new Date(at.getTime() + milliseconds);

/** The next state of a job and what follows from it. Pure: the same state and event give the same answer. An event for something that has ended changes nothing. */
export function advance(job: Job, event: JobEvent): Advanced {
  if (ended(job)) return { job, effects: [], dueAt: event.at };
  switch (event.type) {
    case "started":
      return onRollout(job, event, (rollout) => ({
        ...without(rollout, "waitsFor", "nextAt"),
        status: "running",
        attempts: rollout.attempts + 1,
        startedAt: rollout.startedAt ?? event.at.toISOString(),
      }));
    case "waits":
      return onRollout(job, event, (rollout) => ({ ...rollout, status: "waiting", waitsFor: event.for }));
    case "ended":
      return onEnded(job, event);
    case "canceled":
      return onCanceled(job, event.at);
    case "overdue":
      return endAll(job, event.at, {
        class: "overdue",
        message: `It was not done within ${LIFE_MINUTES} minutes.`,
        remedy: "Check that the server answers, then deploy again.",
      });
  }
}

function onRollout(job: Job, event: { at: Date; target: string }, change: (rollout: Rollout) => Rollout): Advanced {
  const rollout = job.rollouts[event.target];
  if (!rollout || rolloutEnded(rollout)) return { job, effects: [], dueAt: later(event.at, minutes(1)) };
  const next = change(rollout);
  const status = next.status === "running" ? "running" : job.status;
  const startedAt = status === "running" ? (job.startedAt ?? event.at.toISOString()) : job.startedAt;
  return {
    job: { ...job, status, ...(startedAt && { startedAt }), rollouts: { ...job.rollouts, [event.target]: next } },
    effects: [],
    dueAt: dueAfter(job, event.at),
  };
}

/** A job just accepted keeps the time it was given then, which spares the index two writes. */
function dueAfter(job: Job, at: Date): Date {
  const first = later(new Date(job.createdAt), FIRST_LOOK_SECONDS * 1000);
  return first > at ? first : later(at, RING_AGAIN_SECONDS * 1000);
}

function onEnded(job: Job, event: JobEvent & { type: "ended" }): Advanced {
  const { at, outcome, target } = event;
  const rollout = job.rollouts[target];
  if (!rollout || rolloutEnded(rollout)) return { job, effects: [], dueAt: later(at, minutes(1)) };
  const again = RETRY_MINUTES[rollout.retries ?? 0];
  if (!outcome.ok && passing.has(outcome.failure.class) && again !== undefined && retries(job) && !job.cancelAt) {
    const nextAt = later(at, minutes(again));
    const waiting: Rollout = {
      ...rollout,
      status: "retrying",
      nextAt: nextAt.toISOString(),
      failure: outcome.failure,
      retries: (rollout.retries ?? 0) + 1,
      ...(verdicts.has(outcome.failure.class) && { runs: (rollout.runs ?? 0) + 1 }),
    };
    return {
      job: { ...job, rollouts: { ...job.rollouts, [target]: waiting } },
      effects: [{ type: "ring", target, delaySeconds: again * 60 }],
      dueAt: later(nextAt, minutes(1)),
    };
  }
  const done: Rollout = {
    ...without(rollout, "waitsFor", "nextAt", "failure"),
    status: outcome.ok ? "succeeded" : outcome.canceled ? "canceled" : "failed",
    endedAt: at.toISOString(),
    ...(!outcome.ok && { failure: outcome.failure }),
    ...(outcome.downMs !== undefined && { downMs: outcome.downMs }),
    ...(outcome.found && { found: outcome.found }),
  };
  return settle({ ...job, rollouts: { ...job.rollouts, [target]: done } }, at);
}

/** A look at a server is wanted now or not at all; only work that changes something is worth trying again later. */
const retries = (job: Job) => job.kind === "deploy" || job.kind === "remove";

/** Rollouts that have not started are canceled at once; one that runs is stopped by the worker that holds it. */
function onCanceled(job: Job, at: Date): Advanced {
  const rollouts: Record<string, Rollout> = {};
  for (const [target, rollout] of Object.entries(job.rollouts)) {
    const idle = rollout.status === "queued" || rollout.status === "waiting" || rollout.status === "retrying";
    const started = rollout.attempts > 0;
    rollouts[target] =
      idle && !started ? { ...without(rollout, "waitsFor", "nextAt"), status: "canceled", endedAt: at.toISOString() } : rollout;
  }
  const next = settle({ ...job, cancelAt: job.cancelAt ?? at.toISOString(), rollouts }, at);
  const rings = Object.values(next.job.rollouts).filter((rollout) => !rolloutEnded(rollout));
  return {
    ...next,
    effects: [...next.effects, ...rings.map(({ target }) => ({ type: "ring" as const, target, delaySeconds: 0 }))],
  };
}

function endAll(job: Job, at: Date, failure: Failure): Advanced {
  const rollouts: Record<string, Rollout> = {};
  for (const [target, rollout] of Object.entries(job.rollouts))
    rollouts[target] = rolloutEnded(rollout) ? rollout : { ...rollout, status: "failed", endedAt: at.toISOString(), failure };
  return settle({ ...job, rollouts }, at);
}

/** Ends the job when its last rollout has ended: failed if one failed, canceled if one was, else succeeded. */
function settle(job: Job, at: Date): Advanced {
  const all = Object.values(job.rollouts);
  if (!all.every(rolloutEnded)) return { job, effects: [], dueAt: later(at, minutes(1)) };
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
