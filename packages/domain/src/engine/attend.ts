import { keepSeen } from "../container/seen.ts";
import type { Context } from "../context.ts";
import { type Account, getAccount, logDays, refusal } from "../entitlement/account.ts";
import { connectionFailure, type FailureClass, failure, failureOf, isFailureClass } from "../job/failure.ts";
import { dispatch, type Job, type JobMessage } from "../job/job.ts";
import { type Change, jobOf } from "../job/kind.ts";
import type { Outcome } from "../job/outcome.ts";
import { isTrusted, type Reach } from "../remote/reach.ts";
import { type Decision, type Exit, type Remote, RemoteError, type RunEvent } from "../remote/remote.ts";
import type { Connection } from "../target/connection.ts";
import type { StoredTarget } from "../target/target.ts";
import { end } from "./end.ts";
import { baseOf, cancelOf, inputOf } from "./input.ts";
import { renewLease } from "./lease.ts";
import { recorder } from "./recorder.ts";
import { isStopping, stop, watching } from "./watch.ts";

/** In total longer than a lost connection or a restart of sshd lasts, so that neither uses up a retry of the job. */
const RECONNECT_SECONDS = [1, 2, 5, 10, 15];
/** What the account may do is looked at again before a run whose server took longer than this to ask whether it may begin. */
const LOOK_AGAIN_MILLISECONDS = 30_000;
const passing = new Set<RemoteError["class"]>(["dropped", "unreachable", "refused", "timeout", "agent.silent", "aws.throttled"]);

/** Holds the lease and follows the run until it ends, is handed over, or the lease is lost. */
export async function attend(
  ctx: Context,
  kind: Change,
  job: Job,
  message: JobMessage,
  connection: Connection,
  { target, fence }: { readonly target: StoredTarget; readonly fence: number },
  account: Account,
  reach: Reach,
): Promise<void> {
  if (!isTrusted(target)) return end(ctx, job, message, { ok: false, failure: failure("untrusted") });
  const { run: asked, redact } = await inputOf(ctx, kind, job, message.target, fence, account, reach);
  const days = logDays(account, ctx.now());
  const events = recorder(ctx, { job: job.id, target: message.target }, { days, base: baseOf(job, message.target) });
  const { decide } = asked;
  const looked = ctx.now().getTime();
  let refused: FailureClass | undefined;
  const answer = async (report?: Uint8Array): Promise<Decision> => {
    refused = ctx.now().getTime() - looked > LOOK_AGAIN_MILLISECONDS ? await refusedNow(ctx, job, message.target) : undefined;
    return refused || !decide ? { no: "plan.failed", reasons: [] } : events.decided(await decide(report));
  };
  const run = { ...asked, ...(decide && { decide: answer }) };
  const watch = watching(ctx, job, message, fence, (signal) => stop(ctx, connection, run, redact, signal));
  let seen = run.from;
  let begun = false;
  const keeps = (event: RunEvent) => {
    seen = Math.max(seen, event.seq);
    return events.keeps(event);
  };
  const work = async (remote: Remote) => {
    // Canceled before this worker attached, or while disconnected: asks what became of the run, and starts none.
    if (isStopping(job, message.target) || watch.stopping()) return await remote.run(cancelOf(run), events.add, watch.signal);
    begun = true;
    return await remote.run({ ...run, from: seen }, events.add, watch.signal);
  };
  const attempt = (): Promise<Exit> => connection.use(redact, work, keeps);
  const result = await persist(ctx, attempt, () => begun, watch.signal).finally(watch.end);
  await events.done();
  if (watch.why() === "lost") return;
  if (watch.why() === "handover") {
    if (await renewLease(ctx, message.target, fence, 0)) await dispatch(ctx, job, [message.target]);
    return;
  }
  if (refused) {
    if (!(await renewLease(ctx, message.target, fence))) return;
    return end(ctx, job, message, { ok: false, failure: failure(refused) });
  }
  if (result instanceof RemoteError) {
    // A newer worker may have reached the server: only the lease holder reports the failure.
    if (!(await renewLease(ctx, message.target, fence))) return;
    const found = begun ? "may have begun" : "not begun";
    return end(ctx, job, message, { ok: false, failure: connectionFailure(result), run: found });
  }
  if (result.class === "fence") return;
  await keepWhatIsLeft(ctx, job, message.target, result);
  await end(ctx, job, message, outcomeOf(result), kind.record?.(ctx, jobOf(kind, job), message.target, result));
}

/** Why what would begin now may not; what has begun once may go on. */
async function refusedNow(ctx: Context, job: Job, target: string): Promise<FailureClass | undefined> {
  if ((job.rollouts[target]?.runs ?? 0) > 0) return undefined;
  const refused = refusal(ctx, await getAccount(ctx), job.rollback ? "rollback" : "grow");
  return refused && isFailureClass(refused.code) ? refused.code : undefined;
}

async function keepWhatIsLeft(ctx: Context, { app, appId, environment }: Job, target: string, exit: Exit): Promise<void> {
  if (!exit.containers || !app || !appId || !environment) return;
  await keepSeen(ctx, { app, appId, environment, target }, exit.containers, { live: exit.code === 0 || exit.rolledBack });
}

const outcomeOf = (exit: Exit): Outcome =>
  exit.code === 0
    ? { ok: true, downMs: exit.downMs, unchanged: exit.unchanged }
    : {
        ok: false,
        failure: failureOf(exit),
        run: runOf(exit),
        downMs: exit.downMs,
      };

function runOf(exit: Exit) {
  if (exit.class === "canceled") return "canceled";
  if (exit.class === "interrupted") return "may have begun";
  return exit.class === "busy" ? "not begun" : undefined;
}

/** Reconnects a few times. Once a run may have begun, an unreachable server is retried as well; before that, the job's retries do it. */
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
