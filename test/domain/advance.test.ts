import { kinds } from "@berth/domain/engine/kinds.ts";
import { type JobEvent, LAST_MINUTES, LIFE_MINUTES, advance as move, RETRY_MINUTES } from "@berth/domain/job/advance.ts";
import { failure, failures } from "@berth/domain/job/failure.ts";
import type { Job } from "@berth/domain/job/job.ts";
import type { Outcome } from "@berth/domain/job/outcome.ts";
import { ended } from "@berth/domain/job/status.ts";
import fc from "fast-check";
import { expect, test } from "vitest";

const at = new Date("2027-01-01T00:00:00.000Z");
const later = (minutes: number) => new Date(at.getTime() + minutes * 60_000);
const job = (targets: string[], more: Partial<Job> = {}): Job => ({
  id: "job_1",
  kind: "deployment",
  status: "queued",
  rollouts: Object.fromEntries(targets.map((target) => [target, { target, name: target, status: "queued", attempts: 0 }])),
  by: { kind: "system", id: "test" },
  createdAt: at.toISOString(),
  version: 1,
  ...more,
});
const advance = (state: Job, event: JobEvent) => move(state, event, kinds.deployment);
const lostLine: Outcome = { ok: false, failure: failure("unreachable") };

test("a rollout that may pass by itself is tried again after 1, 5 and 15 minutes, then it has failed", () => {
  let state = job(["a"]);
  const delays: number[] = [];
  for (let i = 0; i < 4; i++) {
    state = advance(state, { type: "started", target: "a", at }).job;
    const next = advance(state, { type: "ended", target: "a", outcome: lostLine, at });
    for (const effect of next.effects) if (effect.type === "dispatch") delays.push(effect.delaySeconds / 60);
    state = next.job;
  }
  expect(delays).toEqual([...RETRY_MINUTES]);
  expect(state).toMatchObject({ status: "failed", failure: { class: "unreachable" } });
});

test("what the app or the customer caused fails at once", () => {
  const may = [
    "unreachable",
    "refused",
    "dropped",
    "agent.silent",
    "aws.throttled",
    "registry.unavailable",
    "docker.down",
    "busy",
    "interrupted",
  ];
  const kinds = Object.keys(failures).filter((kind) => !may.includes(kind)) as (keyof typeof failures)[];
  expect(kinds).toEqual(expect.arrayContaining(["docker.denied", "folder.denied", "registry.denied", "registry.untrusted"]));
  for (const kind of kinds) {
    const { job: state, effects } = advance(job(["a"]), {
      type: "ended",
      target: "a",
      outcome: { ok: false, failure: failure(kind) },
      at,
    });
    expect(state.status).toBe("failed");
    expect(effects).toEqual([{ type: "finish" }]);
  }
});

test("a verdict of the server that is tried again is a new run there; a lost line is the same run", () => {
  const started = advance(job(["a"]), { type: "started", target: "a", at }).job;
  const end = (kind: "registry.unavailable" | "unreachable" | "interrupted") =>
    advance(started, { type: "ended", target: "a", outcome: { ok: false, failure: failure(kind) }, at }).job.rollouts.a?.runs ??
    0;
  expect([end("registry.unavailable"), end("unreachable"), end("interrupted")]).toEqual([1, 0, 0]);
});

test("a worker that takes over from a dead one does not use up a retry", () => {
  let state = job(["a"]);
  for (let i = 0; i < 5; i++) state = advance(state, { type: "started", target: "a", at }).job;
  const { effects } = advance(state, { type: "ended", target: "a", outcome: lostLine, at });
  expect(effects).toEqual([{ type: "dispatch", target: "a", delaySeconds: 60 }]);
});

test("cancelling ends what has not started and leaves what runs to the worker that holds it", () => {
  const running = advance(job(["a", "b"]), { type: "started", target: "a", at }).job;
  const { job: state, effects } = advance(running, { type: "canceled", at });
  expect(state.status).toBe("running");
  expect(state.rollouts).toMatchObject({ a: { status: "running" }, b: { status: "canceled" } });
  expect(effects).toEqual([{ type: "dispatch", target: "a", delaySeconds: 0 }]);
  const done = advance(state, {
    type: "ended",
    target: "a",
    outcome: { ok: false, run: "canceled", failure: failure("canceled") },
    at,
  });
  expect(done.job.status).toBe("canceled");
});

test("a job that only waits, for its turn or its next try, is canceled at once", () => {
  const never: Outcome = { ok: false, failure: failure("unreachable"), run: "not begun" };
  const verdict: Outcome = { ok: false, failure: failure("registry.unavailable") };
  const lost: Outcome = { ...never, run: "may have begun" };
  const started = (state: Job) => advance(state, { type: "started", target: "a", at }).job;
  const ended = (state: Job, outcome: Outcome) => advance(state, { type: "ended", target: "a", outcome, at }).job;
  const waits = (state: Job) => advance(state, { type: "waits", target: "a", for: "job_0", at }).job;
  for (const state of [
    job(["a"]),
    waits(job(["a"])),
    ended(started(job(["a"])), never),
    waits(ended(started(job(["a"])), never)),
    ended(started(job(["a"])), verdict),
    // First its fate was not known, then the server told it.
    ended(started(ended(started(job(["a"])), lost)), verdict),
  ]) {
    const { job: after, effects } = advance(state, { type: "canceled", at });
    expect(after).toMatchObject({ status: "canceled", endedAt: at.toISOString() });
    expect(after.rollouts.a?.nextAt).toBeUndefined();
    expect(effects).toEqual([{ type: "finish" }]);
  }
});

test("a job that waits for its next try is not canceled at once where its run may go on", () => {
  const started = advance(job(["a"]), { type: "started", target: "a", at }).job;
  const lost = advance(started, { type: "ended", target: "a", outcome: silentLine, at }).job;
  const { job: after, effects } = advance(lost, { type: "canceled", at });
  expect(after).toMatchObject({ status: "running", cancelAt: at.toISOString() });
  expect(effects).toEqual([{ type: "dispatch", target: "a", delaySeconds: 0 }]);
});

const silentLine: Outcome = { ok: false, failure: failure("unreachable"), run: "may have begun" };

test("where a run may have begun and the server is silent, the job is not ended before the server was asked what became of it", () => {
  let state = job(["a"]);
  for (let i = 0; i < 6; i++) {
    state = advance(state, { type: "started", target: "a", at }).job;
    state = advance(state, { type: "ended", target: "a", outcome: silentLine, at }).job;
  }
  expect(state.rollouts.a).toMatchObject({ status: "retrying", withdrawn: true });
  const done = advance(state, {
    type: "ended",
    target: "a",
    outcome: { ok: false, run: "canceled", failure: failure("canceled") },
    at,
  }).job;
  expect(done).toMatchObject({ status: "failed", failure: { class: "unreachable" } });
  expect(advance(state, { type: "ended", target: "a", outcome: { ok: true }, at }).job.status).toBe("succeeded");
});

test("a canceled job whose server is silent waits for its word, and one that never began is canceled at once", () => {
  const started = advance(job(["a"]), { type: "started", target: "a", at }).job;
  const canceled = advance(started, { type: "canceled", at }).job;
  const never: Outcome = { ok: false, failure: failure("unreachable"), run: "not begun" };
  expect(advance(canceled, { type: "ended", target: "a", outcome: silentLine, at }).job.status).toBe("running");
  expect(advance(canceled, { type: "ended", target: "a", outcome: never, at }).job.status).toBe("canceled");
});

test("a run that waited long for its turn has as long as any other, and none has longer than the job may live", () => {
  const waited = advance(job(["a", "b"]), { type: "started", target: "a", at: later(LIFE_MINUTES - 1) }).job;
  const { job: late, effects } = advance(waited, { type: "overdue", at: later(LIFE_MINUTES + 60) });
  expect(late.rollouts).toMatchObject({ a: { status: "running" }, b: { status: "failed" } });
  expect(late.rollouts.a?.withdrawn).toBeUndefined();
  expect(effects).toEqual([]);
  const after = advance(late, { type: "overdue", at: later(2 * LIFE_MINUTES) });
  expect(after.job.rollouts.a?.withdrawn).toBe(true);
  // An hour's run that began at the last moment, and an hour to put things back.
  expect(LAST_MINUTES).toBeGreaterThan(LIFE_MINUTES + 120);
});

test("a job that is overdue ends where nothing began, and where something may have is withdrawn until the last", () => {
  const started = advance(job(["a", "b"]), { type: "started", target: "a", at }).job;
  const late = advance(started, { type: "overdue", at: later(LIFE_MINUTES + 1) });
  expect(late.job.rollouts).toMatchObject({ a: { status: "running", withdrawn: true }, b: { status: "failed" } });
  expect(late.effects).toEqual([{ type: "dispatch", target: "a", delaySeconds: 0 }]);
  expect(advance(late.job, { type: "overdue", at: later(LIFE_MINUTES + 2) }).job).toBe(late.job);
  expect(advance(late.job, { type: "overdue", at: later(LAST_MINUTES + 1) }).job.status).toBe("failed");
});

const arbitraryOutcome: fc.Arbitrary<Outcome> = fc.oneof(
  fc.constant<Outcome>({ ok: true }),
  fc
    .constantFrom("unreachable" as const, "unhealthy" as const, "busy" as const)
    .map((kind): Outcome => ({ ok: false, failure: failure(kind) })),
);
const arbitraryEvent = fc.oneof(
  fc.record({ type: fc.constant("started" as const), target: fc.constantFrom("a", "b") }),
  fc.record({ type: fc.constant("waits" as const), target: fc.constantFrom("a", "b"), for: fc.constant("x") }),
  fc.record({ type: fc.constant("ended" as const), target: fc.constantFrom("a", "b"), outcome: arbitraryOutcome }),
  fc.record({ type: fc.constant("canceled" as const) }),
);

test("whatever happens in whatever order, a job ends once and stays as it ended", () => {
  fc.assert(
    fc.property(fc.array(arbitraryEvent, { maxLength: 60 }), (events) => {
      let state = job(["a", "b"]);
      let finishes = 0;
      for (const [i, event] of events.entries()) {
        const before = state;
        const next = advance(state, { ...event, at: later(i) } as JobEvent);
        finishes += next.effects.filter(({ type }) => type === "finish").length;
        state = next.job;
        if (ended(before)) expect(state).toBe(before);
      }
      const late = advance(state, { type: "overdue", at: later(LIFE_MINUTES + 1) });
      const last = advance(late.job, { type: "overdue", at: later(LAST_MINUTES + 1) });
      for (const { effects } of [late, last]) finishes += effects.filter(({ type }) => type === "finish").length;
      expect(ended(last.job)).toBe(true);
      expect(finishes).toBe(1);
      expect(Object.values(last.job.rollouts).every(({ endedAt }) => endedAt !== undefined)).toBe(true);
    }),
    { numRuns: 2000 },
  );
});

test("the same state and event give the same answer, and change nothing of what they were given", () => {
  const state = Object.freeze(job(["a"]));
  const event: JobEvent = { type: "started", target: "a", at };
  expect(advance(state, event)).toEqual(advance(state, event));
  expect(state).toEqual(job(["a"]));
});
