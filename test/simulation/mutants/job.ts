// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are texts of programs
import { of } from "./of.ts";

const advance = "packages/domain/src/job/advance.ts";
const applyEvent = "packages/domain/src/engine/apply-event.ts";
const afterJob = "packages/domain/src/deployment/after-job.ts";
const deployment = "packages/domain/src/deployment/deploy.kind.ts";
const removing = "packages/domain/src/deployment/remove.kind.ts";
const cancel = "packages/domain/src/engine/cancel.ts";
const job = "packages/domain/src/job/job.ts";
const event = "packages/domain/src/job/event.ts";
const sweep = "packages/domain/src/engine/sweep.ts";
const deploy = "packages/domain/src/deployment/deploy.ts";
const busy = "packages/domain/src/deployment/admission.ts";
const account = "packages/domain/src/entitlement/account.ts";
const table = "packages/domain/src/table.ts";
const app = "packages/domain/src/app/app.ts";
const removal = "packages/domain/src/deployment/remove.ts";
const context = "packages/domain/src/context.ts";

/** What a job is, becomes and leaves behind. */
export const jobMutants = [
  of(
    advance,
    "who lets others go may be at work elsewhere",
    "alone && !waiting.begun &&",
    "(alone || !alone) && !waiting.begun &&",
  ),
  of(advance, "who lets others go may have begun", "alone && !waiting.begun &&", "alone &&"),
  of(event, "events of a second worker overwrite those of the first", "sortKey(first.seq), part", "sortKey(1), part"),
  of(advance, "a fourth retry", "RETRY_MINUTES = [1, 5, 15]", "RETRY_MINUTES = [1, 5, 15, 15]"),
  of(advance, "retries come at 1, 1 and 1 minutes", "RETRY_MINUTES = [1, 5, 15]", "RETRY_MINUTES = [1, 1, 1]"),
  of(advance, "retries are not counted", "retries: (rollout.retries ?? 0) + 1,", ""),
  of(advance, "what may pass fails at once", '\n  "unreachable",\n  "refused",\n', "\n"),
  of(
    advance,
    "a canceled job is given up though its run may go on",
    "if (job.cancelAt && !unsettled) return undefined;",
    "if (job.cancelAt) return undefined;",
  ),
  of(
    advance,
    "a job is given up though its run may go on",
    "?? (unsettled ? ASK_MINUTES : undefined)",
    "?? (unsettled && job.version === 0 ? ASK_MINUTES : undefined)",
  ),
  of(
    advance,
    "cancelling forgets what runs",
    "idle && !rollout.begun\n",
    '(idle || rollout.status === "running") && !rollout.begun\n',
  ),
  of(advance, "cancelling forgets a run that may go on", "idle && !rollout.begun\n", "idle\n"),
  of(
    advance,
    "cancelling a job that waits for its next try asks its server",
    "idle && !rollout.begun\n",
    "idle && rollout.attempts === 0\n",
  ),
  of(
    advance,
    "a rollout that has ended ends again",
    "if (!rollout || ended(rollout) || overtaken) return",
    "if (!rollout || overtaken) return",
  ),
  of(advance, "a job ends with its first rollout", "if (!all.every(ended))", "if (!all.some(ended))"),
  of(
    advance,
    "a retry is not dispatched and is not due",
    '      effects: [{ type: "dispatch", target, delaySeconds: again * 60 }, ...(yields ? [{ type: "yield" as const }] : [])],\n      dueAt: nextSweepAt(next, at),',
    '      effects: yields ? [{ type: "yield" as const }] : [],\n      dueAt: later(at, minutes(100_000)),',
  ),
  of(
    advance,
    "a lost line is a verdict of the run, and trying again a new run",
    'new Set(["registry.unavailable", "docker.down"])',
    'new Set(["registry.unavailable", "docker.down", "dropped"])',
  ),
  of(
    advance,
    "who took over from a dead worker does not know that a run may have begun",
    'rollout.status === "running" ? { begun: true }',
    'rollout.status === "canceled" ? { begun: true }',
  ),
  of(
    applyEvent,
    "a lost update: the job as it was seen is written again",
    "        job = row && Job.parse(row);\n",
    "        job = row && { ...job, version: Job.parse(row).version };\n",
  ),
  of(
    applyEvent,
    "a write that was done is done again after a time-out",
    "if (row?.writeId !== move.writeId)",
    "if (row?.writeId !== `${move.writeId} `)",
  ),
  of(
    applyEvent,
    "waiting jobs are not dispatched, and the sweep does not look",
    "else await dispatchWaiting(ctx, next);",
    'else await dispatchWaiting(ctx, { ...next, kind: "target.check" });',
  ),
  of(
    applyEvent,
    "cancelling and its audit line are two writes",
    "? await tryCommit(ctx, moveJob(ctx, next, job.version, move), ...writes)\n        :",
    "? await tryCommit(ctx, moveJob(ctx, next, job.version, move), ...writes.slice(also.length))\n        :",
  ),
  of(
    job,
    "a job is moved whatever its version is",
    "  replace(ctx, jobKey(ctx, job.id), moved(ctx, job, seen, move), seen)",
    "  ({ op: { Put: { TableName: ctx.table.name, Item: replace(ctx, jobKey(ctx, job.id), moved(ctx, job, seen, move), seen).op.Put?.Item } } })",
  ),
  of(job, "a job that has ended stays due", "if (ended(job)) return {};", ""),
  of(
    job,
    "a new job is not due",
    "enqueue = (ctx: Context, job: Job): Write =>\n  insert(ctx, jobKey(ctx, job.id), row(",
    "enqueue = (ctx: Context, job: Job): Write =>\n  insert(ctx, jobKey(ctx, job.id), ((_: World, each: Job, __: Date) => each)(",
  ),
  of(job, "no target is dispatched", "for (const target of targets)\n", "for (const target of targets.slice(0, 0))\n"),
  of(
    sweep,
    "the sweep dispatches twelve times",
    "if (pushed) await dispatch(ctx, job, unfinished(job), { again: true });",
    "if (pushed) for (let i = 0; i < 12; i++) await dispatch(ctx, job, unfinished(job), { again: true });",
  ),
  of(sweep, "the sweep does not push the due time on", "nextSweepAt(job, now)", "nextSweepAt(job, new Date(0))"),
  of(sweep, "the sweep finds nothing", "listDue(world, shard, world.now())", "listDue(world, shard, new Date(0))"),
  of(
    afterJob,
    "the slot of a failed first deploy leaks",
    "app.active.length > 0 && active.length === 0 ?",
    "app.active.length > 1 && active.length === 0 ?",
  ),
  of(
    deployment,
    "a failed release is live",
    "const done = succeededRollouts(job);\n",
    "const done = succeededRollouts(job).length < 0 ? [] : Object.values(job.rollouts);\n",
  ),
  of(
    deployment,
    "the end of a deploy has no audit line",
    '...(await upgraded(ctx, job, job.input)), auditEnd(ctx, job, "deployment.end")]',
    "...(await upgraded(ctx, job, job.input))]",
  ),
  of(
    deployment,
    "the end of a deploy has two audit lines",
    '...(await upgraded(ctx, job, job.input)), auditEnd(ctx, job, "deployment.end")]',
    '...(await upgraded(ctx, job, job.input)), auditEnd(ctx, job, "deployment.end"), auditEnd(ctx, job, "deployment.end")]',
  ),
  of(removing, "what was removed is still live", "([target]) => !gone.has(target)", '([target]) => target !== ""'),
  of(cancel, "cancelling leaves no audit line", '[audit(ctx, "job.cancel", id)]', '[audit(ctx, "job.cancel", id)].slice(1)'),
  of(
    deploy,
    "a repeat of a request makes another job",
    "if (again) return again;\n    assertPermitted",
    'if (again?.status === "failed") return again;\n    assertPermitted',
  ),
  of(
    deploy,
    "a second deploy of an app is accepted",
    "const deploys = await assertNotBusy(ctx, environment, account);",
    "const deploys = await assertNotBusy(ctx, environment, account).catch(() => account.deploys);",
  ),
  of(busy, "a busy environment is free", "going.has(environment.job)) throw", "going.has(`${environment.job} `)) throw"),
  of(
    deploy,
    "an app's slot is claimed at every deploy",
    "app.active.length === 0 ? { slots: 1 as const } : {}",
    "{ slots: 1 as const }",
  ),
  of(
    removal,
    "removing an app leaves no audit line",
    'audit(ctx, "app.remove", `${app.name}/${name}`, { detail',
    "void 0 as never, void ((_: unknown) => _)({ detail",
  ),
  of(
    account,
    "slots are not limited",
    'conditions.push(by > 0 ? `${what} < ${what === "slots" ? "slotLimit" : "targetLimit"}`',
    'conditions.push(by > 0 ? "attribute_exists(pk)"',
  ),
  of(account, "who does not pay may deploy", 'conditions.push("kind = :good"', 'conditions.push(":good = :good"'),
  of(
    table,
    "a transaction refused for a conflict counts as done",
    'if (attempt === 6) throw new Problem("service.busy", { cause: error });',
    "if (attempt < 6) return;",
  ),
  of(table, "a version is not compared", 'ConditionExpression: "version = :seen"', 'ConditionExpression: ":seen = :seen"'),
  of(
    app,
    "the environment of another app is read",
    "const [app, found, account] = await getAll(ctx, [appKey(ctx, name), environmentKey(ctx, name, environment)",
    'const [app, found, account] = await getAll(ctx, [appKey(ctx, name), environmentKey(ctx, "shop", environment)',
  ),
  of(
    removal,
    "removing an app does not claim it",
    "{ ...environment, job: job.id, version: environment.version + 1 }",
    "{ ...environment, version: environment.version + 1 }",
  ),
  of(
    context,
    "every message is worked on as one tenant's",
    "  tenant,\n  actor",
    '  tenant: tenant.replace(/.$/, "0"),\n  actor',
  ),
  of(
    advance,
    "who took the lease before the retry was written begins it before its time",
    'nextAt ?? "") > later(event.at, 1000)',
    'nextAt ?? "").slice(0, 0) > later(event.at, 1000)',
  ),
  of(
    applyEvent,
    "who finds what it wanted to write takes it for its own",
    "if (row?.writeId !== move.writeId)",
    "if (row?.writeId !== move.writeId && JSON.stringify(row && Job.parse(row)) !== JSON.stringify(Job.parse({ ...next, version: job.version + 1 })))",
  ),
];
