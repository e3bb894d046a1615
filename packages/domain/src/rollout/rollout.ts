import type { Context } from "../context.ts";
import { type Account, getAccount, logDays, refusal } from "../entitlement/account.ts";
import type { Outcome } from "../job/advance.ts";
import { lastSeq } from "../job/event.ts";
import { happen } from "../job/happen.ts";
import { ended, findJob, goingOn, type Job, mutates, ring, rolloutEnded } from "../job/job.ts";
import { planOf } from "../plan/plan.ts";
import { getBundle } from "../release/release.ts";
import { type Connect, type Exit, RemoteError, type RunInput } from "../remote/remote.ts";
import { redactor } from "../secret/redact.ts";
import { get } from "../table.ts";
import type { HostKey } from "../target/host-key.ts";
import { StoredTarget, targetKey } from "../target/target.ts";
import { failure, failureOf, failureOfLine, isFailureClass } from "./failure.ts";
import { filesOf } from "./files.ts";
import { RENEW_SECONDS, renewLease, takeLease } from "./lease.ts";
import { type Line, lineTo, openLine } from "./line.ts";
import { RUN_SPAN, recorder } from "./recorder.ts";

/** A job's part on one target. The message that leads here is only a bell: everything is read again, and a bell too many does nothing. */
export interface Bell {
  readonly job: string;
  readonly target: string;
  /** From the sweep: nobody may be at it, so if somebody seems to be, look once more when the lease would have lapsed. */
  readonly again?: boolean | undefined;
}

/** How servers are reached; the simulation gives its own. */
export interface Reach {
  readonly connect: Connect;
  readonly scan: (host: string, port: number) => Promise<HostKey>;
  /** The IP address to connect to. @throws RemoteError address.* */
  readonly resolve: (host: string, options: { allowPrivate: boolean }) => Promise<string>;
}

/** A worker stays with a run for this long, then hands it over. */
const ATTEND_MINUTES = 10;
const WATCH_SECONDS = 3;
/** Together longer than a cut line or a restart of sshd lasts, so that these use up none of the job's retries. */
const RECONNECT_SECONDS = [1, 2, 5, 10, 15];
const passing = new Set<RemoteError["class"]>(["dropped", "unreachable", "refused", "timeout"]);
/** What a look at a server may take. */
const LOOK_DAYS = 1;

/** Does whatever a job's rollout needs next: waits its turn, runs or attaches to the run on the server, and lets the outcome happen to the job. */
export async function rollout(ctx: Context, bell: Bell, reach: Reach): Promise<void> {
  const job = await findJob(ctx, bell.job);
  const state = job?.rollouts[bell.target];
  if (!job || !state || ended(job) || rolloutEnded(state)) return;
  const now = ctx.now();
  if (state.nextAt && state.nextAt > new Date(now.getTime() + 1000).toISOString()) return;
  if (!mutates(job)) return look(ctx, job, bell, reach);
  const account = await getAccount(ctx);
  let before: string[] = [];
  if (state.attempts === 0) {
    const refused = refusal(ctx, account, job.rollback ? "rollback" : "grow");
    if (refused && isFailureClass(refused.code)) return end(ctx, job, bell, { ok: false, failure: failure(refused.code) });
  }
  // A run that may be going on has had its turn, and to stop one needs none.
  if (state.status !== "running" && !state.begun && !isStopping(job, bell.target)) {
    const concurrent = account.plan ? planOf(account.plan).concurrent : 1;
    before = await stillAhead(ctx, account.deploys, job.id);
    if (before.length >= concurrent)
      return waits(ctx, job, bell, `${before[0]}: the plan has ${concurrent} deploy${concurrent === 1 ? "" : "s"} at a time`);
  }
  const taken = await takeLease(ctx, bell.target, job.id, before);
  if (taken.kind === "attended") {
    if (bell.again)
      await ring(ctx, job, [bell.target], { delaySeconds: Math.ceil((Date.parse(taken.until) - now.getTime()) / 1000) + 1 });
    return;
  }
  if (taken.kind === "gone") return end(ctx, job, bell, { ok: false, failure: failure("target.not_found") });
  if (taken.kind === "waits") return waits(ctx, job, bell, taken.behind);
  const line = lineTo(ctx, taken.target, reach);
  try {
    const started = await happen(ctx, job.id, { type: "started", target: bell.target, at: ctx.now() }, job);
    // Meanwhile it may have been canceled or refused: or put off by another worker: then it is not begun.
    const begun = started.rollouts[bell.target];
    if (begun?.status !== "running") return;
    await attend(ctx, started, bell, line, taken.target, taken.fence, account);
  } finally {
    await line.close();
  }
}

async function stillAhead(ctx: Context, deploys: readonly string[], job: string): Promise<string[]> {
  const before = await goingOn(ctx, deploys.slice(0, Math.max(0, deploys.indexOf(job))));
  return before.map(({ id }) => id);
}

async function waits(ctx: Context, job: Job, bell: Bell, behind: string): Promise<void> {
  if (job.rollouts[bell.target]?.waitsFor === behind) return;
  await happen(ctx, job.id, { type: "waits", target: bell.target, for: behind, at: ctx.now() });
}

async function end(ctx: Context, job: Job, bell: Bell, outcome: Outcome): Promise<void> {
  const attempt = job.rollouts[bell.target]?.attempts;
  await happen(ctx, job.id, { type: "ended", target: bell.target, outcome, attempt, at: ctx.now() }, job);
}

/** The server and what to run there, put together from the table. */
async function inputOf(
  ctx: Context,
  job: Job,
  target: string,
  fence: number,
  account: Account,
): Promise<{ run: RunInput; redact: (text: string) => string; days: number }> {
  const state = job.rollouts[target];
  const days = logDays(account, ctx.now());
  const environment = job.environment ?? "";
  const plan = { project: `${job.app}-${environment}`, app_id: `${ctx.tenant}/${job.appId}`, resource: target };
  const common = { job: runId(job, target), fence, from: 0, files: [], plan };
  if (job.kind === "logs") {
    const { tail = "200", service, since } = job.input ?? {};
    const asked = { tail, ...(service && { service }), ...(since && { since }) };
    return { run: { ...common, op: "logs", plan: { ...plan, ...asked } }, redact: (text) => text, days: LOOK_DAYS };
  }
  if (job.kind === "remove")
    return {
      run: { ...common, op: "remove", plan: { ...plan, volumes: job.input?.volumes ?? "keep" } },
      redact: (text) => text,
      days,
    };
  const number = job.release ?? 0;
  const { release, bundle } = await getBundle(ctx, job.appId ?? "", environment, number);
  const known = state && state.attempts > 1 ? await lastSeq(ctx, { job: job.id, target }) : 0;
  return {
    run: {
      ...common,
      op: "deploy",
      from: Math.max(0, known - baseOf(job, target)), // of an earlier run none are of this one
      files: filesOf(release, bundle),
      // Going back needs no registry: what served before is on the server.
      plan: { ...plan, release: String(number), pull: job.rollback ? "missing" : "always" },
    },
    redact: redactor(bundle.variables),
    days,
  };
}

/** Where the numbers of this run's events begin. */
const baseOf = (job: Job, target: string) => (job.rollouts[target]?.runs ?? 0) * RUN_SPAN;

/** The run's name on the server. A new one only after the server itself gave a verdict that is worth trying again. */
const runId = (job: Job, target: string) => {
  const runs = job.rollouts[target]?.runs ?? 0;
  return runs === 0 ? job.id : `${job.id}-${runs}`;
};

/** Holds the lease and stays with the run on the server until it ends, is handed over, or the lease is lost. */
async function attend(
  ctx: Context,
  job: Job,
  bell: Bell,
  line: Line,
  target: StoredTarget,
  fence: number,
  account: Account,
): Promise<void> {
  if (!target.hostKey) return end(ctx, job, bell, { ok: false, failure: failure("untrusted") });
  const { run, redact, days } = await inputOf(ctx, job, bell.target, fence, account);
  const events = recorder(ctx, { job: job.id, target: bell.target }, { days, base: baseOf(job, bell.target), redact });
  const watch = watching(ctx, job, bell, fence, () => stop(line, run));
  let seen = run.from;
  let begun = false;
  const attempt = (): Promise<Exit> =>
    line.use(async (remote) => {
      const note = (event: Parameters<typeof events.add>[0]) => {
        seen = Math.max(seen, event.seq);
        events.add(event);
      };
      // Canceled before this worker came, or while the line was down: the server says what became of the run, and starts none.
      if (isStopping(job, bell.target) || watch.stopping()) return await remote.run(cancelOf(run), note, watch.signal);
      begun = true;
      return await remote.run({ ...run, from: seen }, note, watch.signal);
    });
  const result = await persist(ctx, attempt, () => begun, watch.signal).finally(watch.end);
  await events.done();
  if (watch.why() === "lost") return;
  if (watch.why() === "handover") {
    if (await renewLease(ctx, bell.target, fence, 0)) await ring(ctx, job, [bell.target]);
    return;
  }
  if (result instanceof RemoteError) {
    // What this worker could not reach, a newer one may be running: only the holder says that it failed.
    if (await renewLease(ctx, bell.target, fence))
      await end(ctx, job, bell, { ok: false, failure: failureOfLine(result), silent: true, begun });
    return;
  }
  if (result.class === "fence") return;
  await end(ctx, job, bell, outcomeOf(result, redact));
}

const outcomeOf = (exit: Exit, redact: (text: string) => string): Outcome =>
  exit.code === 0
    ? { ok: true, downMs: exit.downMs }
    : {
        ok: false,
        failure: failureOf(exit, redact),
        canceled: exit.class === "canceled",
        downMs: exit.downMs,
        ...(exit.class === "interrupted" && { silent: true, begun: true }),
        ...(exit.class === "busy" && { silent: true }),
      };

const isStopping = (job: Job | undefined, target: string) =>
  job !== undefined && (job.cancelAt !== undefined || job.rollouts[target]?.withdrawn === true);

/**
 * Runs, and attaches again when the line drops, a few times; then the answer is why it could not be reached. Once a run may have begun there
 * is something to attach to, so a server that is away for a moment is asked again too; before that its job's retries do it.
 */
async function persist(
  ctx: Context,
  attempt: () => Promise<Exit>,
  begun: () => boolean,
  signal: AbortSignal,
): Promise<Exit | RemoteError> {
  for (let tries = 0; ; tries++) {
    try {
      return await attempt();
    } catch (error) {
      if (!(error instanceof RemoteError)) throw error;
      const wait = RECONNECT_SECONDS[tries];
      const again = error.class === "dropped" || (begun() && passing.has(error.class));
      if (!again || wait === undefined || signal.aborted) return error;
      await ctx.sleep(wait * 1000);
      if (signal.aborted) return error;
    }
  }
}

/** Renews the lease and looks for a cancellation while a run lasts. The signal ends the worker's part, not the run's. */
function watching(ctx: Context, job: Job, bell: Bell, fence: number, cancel: () => Promise<boolean>) {
  const over = new AbortController();
  const asleep = new AbortController();
  let reason: "lost" | "handover" | undefined;
  let stopping = false;
  const until = ctx.now().getTime() + ATTEND_MINUTES * 60_000;
  const give = (why: "lost" | "handover") => {
    reason = why;
    over.abort();
  };
  const loop = async () => {
    let canceled = false;
    for (let renewed = ctx.now().getTime(); !asleep.signal.aborted; ) {
      await ctx.sleep(WATCH_SECONDS * 1000, asleep.signal);
      if (asleep.signal.aborted) return;
      const now = ctx.now().getTime();
      if (now >= until) return give("handover");
      if (now - renewed >= RENEW_SECONDS * 1000) {
        if (!(await renewLease(ctx, bell.target, fence))) return give("lost");
        renewed = now;
      }
      stopping ||= isStopping(await findJob(ctx, job.id, { consistent: false }), bell.target);
      if (stopping && !canceled) canceled = await cancel();
    }
  };
  const watched = loop().catch((error: unknown) => {
    ctx.log("error", "watching a run failed", { job: job.id, target: bell.target, error });
    give("lost"); // without renewal the lease lapses, and the next worker attaches
  });
  return {
    signal: over.signal,
    why: () => reason,
    stopping: () => stopping,
    async end() {
      asleep.abort();
      await watched;
    },
  };
}

const cancelOf = (run: RunInput): RunInput => {
  const { resource = "", project = "" } = run.plan;
  return {
    op: "cancel",
    job: `${run.job}-cancel`,
    fence: run.fence,
    from: run.from,
    files: [],
    plan: { run: run.job, resource, project },
  };
};

/** Stops the run on the server over a connection of its own; the run itself then says that it was canceled. False if it could not be told. */
async function stop(line: Line, run: RunInput): Promise<boolean> {
  try {
    await line.use((remote) => remote.run(cancelOf(run), () => {}));
    return true;
  } catch (error) {
    if (error instanceof RemoteError) return false;
    throw error;
  }
}

/** Work that only looks: no lease, no fence, no second try. */
async function look(ctx: Context, job: Job, bell: Bell, reach: Reach): Promise<void> {
  const row = await get(ctx, targetKey(ctx, bell.target));
  if (!row) return end(ctx, job, bell, { ok: false, failure: failure("target.not_found") });
  const target = StoredTarget.parse(row);
  try {
    const outcome = job.kind === "check" ? await check(ctx, job, target, reach) : await readLog(ctx, job, target, reach);
    await happen(ctx, job.id, { type: "ended", target: bell.target, outcome, at: ctx.now() });
  } catch (error) {
    if (!(error instanceof RemoteError)) throw error;
    const shown =
      error.class === "hostkey.changed"
        ? await reach.scan(await reach.resolve(target.host, { allowPrivate: ctx.privateTargets }), target.port)
        : undefined;
    await happen(ctx, job.id, {
      type: "ended",
      target: bell.target,
      outcome: { ok: false, failure: failureOfLine(error), ...(shown && { found: { hostKey: shown } }) },
      at: ctx.now(),
    });
  }
}

async function check(ctx: Context, job: Job, target: StoredTarget, reach: Reach): Promise<Outcome> {
  if (!target.hostKey) {
    const host = await reach.resolve(target.host, { allowPrivate: ctx.privateTargets });
    return { ok: true, found: { hostKey: await reach.scan(host, target.port) } };
  }
  const remote = await openLine(ctx, target, reach);
  try {
    const exit = await remote.run({ op: "check", job: job.id, fence: 0, from: 0, files: [], plan: {} }, () => {});
    return exit.code === 0 ? { ok: true, found: { facts: exit.data } } : { ok: false, failure: failureOf(exit, (text) => text) };
  } finally {
    await remote.close();
  }
}

async function readLog(ctx: Context, job: Job, target: StoredTarget, reach: Reach): Promise<Outcome> {
  const { run, redact, days } = await inputOf(ctx, job, target.id, 0, await getAccount(ctx));
  const events = recorder(ctx, { job: job.id, target: target.id }, { days, base: 0, redact });
  const remote = await openLine(ctx, target, reach);
  try {
    const exit = await remote.run(run, events.add);
    await events.done();
    return exit.code === 0 ? { ok: true } : { ok: false, failure: failureOf(exit, redact) };
  } finally {
    await remote.close();
  }
}
