// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are texts of programs
/** A mistake somebody could make: what is found in a file is replaced, and the simulation has to notice. */
export interface Mutant {
  readonly name: string;
  /** Below packages/, functions/ or test/simulation/. */
  readonly file: string;
  readonly find: string;
  readonly replace: string;
}

const lease = "packages/domain/src/engine/lease.ts";
const rollout = "packages/domain/src/engine/rollout.ts";
const attend = "packages/domain/src/engine/attend.ts";
const look = "packages/domain/src/engine/read-target.ts";
const ending = "packages/domain/src/engine/end.ts";
const input = "packages/domain/src/engine/input.ts";
const watch = "packages/domain/src/engine/watch.ts";
const recorder = "packages/domain/src/engine/recorder.ts";
const line = "packages/domain/src/target/connection.ts";
const whole = "packages/domain/src/secret/whole.ts";
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
const drain = "packages/aws/src/sqs-handler.ts";
const context = "packages/domain/src/context.ts";
const jobs = "functions/workers/rollout.ts";
const runner = "test/simulation/runner.ts";
const attendance = "packages/domain/src/log/attend.ts";
const follow = "packages/domain/src/log/follow.ts";
const gather = "packages/domain/src/log/gather.ts";
const log = "packages/domain/src/log/log.ts";
const open = "packages/domain/src/log/open.ts";
const position = "packages/domain/src/log/position.ts";
const read = "packages/domain/src/log/read.ts";
const held = "packages/domain/src/held.ts";
const deadline = "packages/domain/src/remote/deadline.ts";
const inspect = "packages/domain/src/engine/inspect.ts";

const of = (file: string, name: string, find: string, replace: string): Mutant => ({ name, file, find, replace });

export const mutants: readonly Mutant[] = [
  of(
    recorder,
    "a batch that could not be written is forgotten",
    "if (tries === TRIES) throw error;",
    "if (tries < TRIES) return;",
  ),
  of(lease, "the fence does not rise", '":fence": target.fence + 1', '":fence": target.fence'),
  of(
    lease,
    "the lease is taken whoever holds it",
    "const held = target.lease !== undefined &&",
    "const held = id === job && target.lease !== undefined &&",
  ),
  of(
    lease,
    "the lease is taken without a look at what changed",
    'condition: `${unchanged} AND ${target.lease ? "lease = :held" : "attribute_not_exists(lease)"}`',
    'condition: `:seen = :seen AND :line = :line${target.lease ? " AND :held = :held" : ""}`',
  ),
  of(
    lease,
    "whoever comes first goes first, whoever stands in line",
    "before.find((other) => line.includes(other))",
    "before.find((other) => other === job)",
  ),
  of(
    lease,
    "the line is in the order of the ids",
    "before.find((other) => line.includes(other))",
    "(before.length > 0 ? [...line].sort().find((other) => other < job) : undefined)",
  ),
  of(
    lease,
    "a lease is renewed with an older fence",
    'condition: "fence = :fence AND attribute_exists(lease)"',
    'condition: ":fence = :fence AND attribute_exists(lease)"',
  ),
  of(
    lease,
    "a lease never lapses",
    "ctx.now().getTime() + LEASE_SECONDS * 1000",
    "ctx.now().getTime() + LEASE_SECONDS * 1_000_000",
  ),
  of(
    lease,
    "a claim of a job that has ended still holds",
    "(await goingOn(ctx, [id])).length === 0",
    "(await goingOn(ctx, [id])).length < 0",
  ),
  of(watch, "the lease is not renewed", "now - renewed >= RENEW_SECONDS * 1000", "now - renewed >= RENEW_SECONDS * 1_000_000"),
  of(
    rollout,
    "a job that ended meanwhile is begun",
    'if (begun?.status !== "running") return;',
    "if (begun === undefined) return;",
  ),
  of(
    ending,
    "what one overtaken heard counts",
    "outcome, attempt, at: ctx.now() }, job, also",
    "outcome, attempt: attempt && undefined, at: ctx.now() }, job, also",
  ),
  of(rollout, "the plan's number of deploys is not looked at", "before.length >= concurrent", "before.length >= 100"),
  of(
    rollout,
    "the plan's number is not looked at again for a retry",
    'if (state.status !== "running" && !state.begun &&',
    "if (state.attempts === 0 &&",
  ),
  of(
    advance,
    "who lets others go may be at work elsewhere",
    "alone && !waiting.begun &&",
    "(alone || !alone) && !waiting.begun &&",
  ),
  of(advance, "who lets others go may have begun", "alone && !waiting.begun &&", "alone &&"),
  of(rollout, "the plan's number is one too many", "before.length >= concurrent", "before.length > concurrent"),
  of(
    rollout,
    "the entitlement is not looked at again when the job starts",
    "if (refused && isFailureClass(refused.code))",
    "if (false as boolean && refused && isFailureClass(refused.code))",
  ),
  of(
    rollout,
    "a retry comes before its time",
    "if (state.nextAt && state.nextAt >",
    "if (false as boolean && state.nextAt && state.nextAt >",
  ),
  of(
    attend,
    "a worker that attaches hears everything again, and numbers it on",
    "await remote.run({ ...run, from: seen }, events.add",
    "await remote.run({ ...run, from: 0 }, (each) => events.add({ ...each, seq: each.seq + seen })",
  ),
  of(
    attend,
    "a cancellation before the worker came is not seen",
    "if (isStopping(job, bell.target) || watch.stopping()) return",
    "if (watch.stopping()) return",
  ),
  of(
    watch,
    "a running job does not hear that it is canceled",
    "if (!stopping || canceled || canceling) continue;",
    "if ((true as boolean) || !stopping || canceled || canceling) continue;",
  ),
  of(
    attend,
    "a cancellation while the line was down is not seen",
    "if (isStopping(job, bell.target) || watch.stopping()) return",
    "if (isStopping(job, bell.target)) return",
  ),
  of(
    input,
    "every try is a run of its own",
    "const runs = job.rollouts[target]?.runs ?? 0;\n  return runs",
    "const runs = job.rollouts[target]?.attempts ?? 0;\n  return runs",
  ),
  of(input, "a verdict that is tried again is only replayed", "return runs === 0 ? job.id", "return runs < 100 ? job.id"),
  of(attend, "secrets are not taken out", "line.use(redact, work", "line.use((told) => told, work"),
  of(line, "secrets are not taken out of failures", ".then(clean, (error", ".then((exit) => exit, (error"),
  of(line, "secrets are not taken out of events", "onEvent(clean(event))", "onEvent(event)"),
  of(whole, "secrets are not taken out of a container's last lines", "inner.map((each) => walk(each, name))", "inner"),
  of(
    recorder,
    "events are acknowledged before they are written",
    "return await keepEvents(ctx, at, events, options.days);",
    "return void keepEvents(ctx, at, events, options.days).catch(() => {});",
  ),
  of(recorder, "the last events are not waited for", "while (writing) await writing;", ""),
  of(event, "events of a second worker overwrite those of the first", "place(first.seq), part", "place(1), part"),
  of(advance, "a fourth retry", "RETRY_MINUTES = [1, 5, 15]", "RETRY_MINUTES = [1, 5, 15, 15]"),
  of(advance, "retries come at 1, 1 and 1 minutes", "RETRY_MINUTES = [1, 5, 15]", "RETRY_MINUTES = [1, 1, 1]"),
  of(advance, "retries are not counted", "retries: (rollout.retries ?? 0) + 1,", ""),
  of(advance, "what may pass fails at once", 'new Set(["unreachable", "refused", ', "new Set(["),
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
    "if (!rollout || rolloutEnded(rollout) || overtaken) return",
    "if (!rollout || overtaken) return",
  ),
  of(advance, "a job ends with its first rollout", "if (!all.every(rolloutEnded))", "if (!all.some(rolloutEnded))"),
  of(
    advance,
    "a retry rings nobody and is not due",
    '      effects: [{ type: "ring", target, delaySeconds: again * 60 }, ...(yields ? [{ type: "yield" as const }] : [])],\n      dueAt: nextLook(next, at),',
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
    "if (row?.mark !== move.mark)",
    "if (row?.mark !== `${move.mark} `)",
  ),
  of(
    applyEvent,
    "those who wait are not rung, and the sweep does not look",
    "else await ringWaiting(ctx, next);",
    'else await ringWaiting(ctx, { ...next, kind: "check" });',
  ),
  of(
    applyEvent,
    "cancelling and its audit line are two writes",
    "else if (writes.length > 0) await commit(ctx, moveJob(ctx, next, job.version, move), ...writes)",
    "else if (writes.length > 0) await commit(ctx, moveJob(ctx, next, job.version, move), ...writes.slice(also.length))",
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
  of(job, "only the first target is rung", "for (const target of targets)\n", "for (const target of targets.slice(0, 0))\n"),
  of(
    sweep,
    "the sweep rings twice",
    "if (pushed) await ring(ctx, job, unfinished(job), { again: true });",
    "if (pushed) for (let i = 0; i < 12; i++) await ring(ctx, job, unfinished(job), { again: true });",
  ),
  of(sweep, "the sweep does not push the due time on", "nextLook(job, now)", "nextLook(job, new Date(0))"),
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
    "const done = Object.values(job.rollouts);\n",
  ),
  of(
    deployment,
    "the end of a deploy has no audit line",
    '[wentLive(ctx, job), auditEnd(ctx, job, "deployment.end")]',
    "[wentLive(ctx, job)]",
  ),
  of(
    deployment,
    "the end of a deploy has two audit lines",
    '[wentLive(ctx, job), auditEnd(ctx, job, "deployment.end")]',
    '[wentLive(ctx, job), auditEnd(ctx, job, "deployment.end"), auditEnd(ctx, job, "deployment.end")]',
  ),
  of(removing, "what was removed is still live", "([target]) => !gone.has(target)", '([target]) => target !== ""'),
  of(cancel, "cancelling leaves no audit line", '[audit(ctx, "job.cancel", id)]', '[audit(ctx, "job.cancel", id)].slice(1)'),
  of(
    deploy,
    "a repeat of a request makes another job",
    "if (again) return again;\n    const refused",
    'if (again?.status === "failed") return again;\n    const refused',
  ),
  of(
    deploy,
    "a second deploy of an app is accepted",
    "const deploys = await freeToChange(ctx, environment, account);",
    "const deploys = await freeToChange(ctx, environment, account).catch(() => account.deploys);",
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
  of(drain, "a message that failed is acknowledged", "return [{ itemIdentifier: record.messageId }];", "return [];"),
  of(
    context,
    "every message is worked on as one tenant's",
    "  tenant,\n  actor",
    '  tenant: tenant.replace(/.$/, "0"),\n  actor',
  ),
  of(
    jobs,
    "a message with a field too many is refused",
    "again: z.boolean().optional() })",
    "again: z.boolean().optional() }).strict()",
  ),
  of(runner, "the server does not compare fences", "if (fence < stored) return", "if (fence < 0) return"),
  of(
    runner,
    "the server starts a run again that has ended",
    "if (run && (run.alive || run.exit)) return undefined;",
    "if (run?.alive) return undefined;",
  ),
  of(
    runner,
    "a caller with the same fence starts a run again",
    "if (run?.pid && input.fence <= run.fence) return undefined;\n    return start",
    "if (run?.alive) return undefined;\n    if (run) server.mutation = undefined;\n    return start",
  ),
  of(
    runner,
    "what is put back asks again what its tag means",
    "run.previous ? project.healthy.get(run.previous) : undefined",
    'run.previous ? imageOf({ pull: "always" }) : undefined',
  ),
  of(runner, "a removal can be stopped half-way", "if (run.removing) run.canceled = false;", ""),
  of(
    runner,
    "what served before is forgotten when the server reboots",
    "server.mutation.life++;",
    "server.mutation.life++;\n      server.mutation.previous = undefined;",
  ),
  of(
    runner,
    "a run can be canceled before it began, and begins",
    'server.runs.set(job, { ...blank(job), exit: verdict(1, "canceled", "Canceled before it began") });',
    "",
  ),
  of(
    runner,
    "what was recorded before the server went away is done over",
    "else if (run.recorded) record",
    "else if (run.recorded && run.canceled) record",
  ),
  of(
    rollout,
    "a job that was begun waits behind one that waits for it to end",
    "job.id, before)",
    "job.id, await stillAhead(ctx, account.deploys, job.id))",
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
    "if (row?.mark !== move.mark)",
    "if (row?.mark !== move.mark && JSON.stringify(row && Job.parse(row)) !== JSON.stringify(Job.parse({ ...next, version: job.version + 1 })))",
  ),
  of(
    attendance,
    "a session's turn is taken whoever has it",
    "(attribute_not_exists(turn) OR turn.#until < :now OR turn.#id = :id)",
    "(attribute_not_exists(turn) OR turn.#until < :now OR turn.#id <> :id)",
  ),
  of(attendance, "a session's turn is not kept", '":until": soon(ctx),\n  });', '":until": ctx.now().toISOString(),\n  });'),
  of(
    attendance,
    "a worker that another has overtaken keeps the turn",
    '"attribute_not_exists(closed) AND turn.#id = :turn", {\n    ":turn": turn,\n    ":until": soon(ctx)',
    '"attribute_not_exists(closed) AND (turn.#id = :turn OR attribute_exists(turn))", {\n    ":turn": turn,\n    ":until": soon(ctx)',
  ),
  of(
    attendance,
    "logs that nobody reads are followed on",
    'else if (!(await isRead(ctx, id))) why = "left";',
    'else if (id === "") why = "left";',
  ),
  of(attendance, "a worker stays until its session's place is somebody else's", "> LOOK_SECONDS + 1;", "> 0;"),
  of(
    attendance,
    "the next worker is not called when a turn ends",
    "if (given && (await isRead(ctx, id))) await callWorker(ctx, id);",
    "if (given && !(await isRead(ctx, id))) await callWorker(ctx, id);",
  ),
  of(attendance, "the next worker begins anew", "const places = before?.places ?? {};", "const places = {};"),
  of(follow, "a server that says nothing is waited for", "heardAt > SILENT_SECONDS * 1000", "heardAt > SILENT_SECONDS * 100_000"),
  of(follow, "a step is lost with the line it came with", "out.add(heard.item, heard.step);", "out.add(heard.item);"),
  of(gather, "lines that are left out are not said to be", "    gap.lines++;\n", "    gap.lines = 1;\n"),
  of(
    gather,
    "a batch is written over another's",
    'condition: "attribute_not_exists(pk)",',
    'condition: "attribute_not_exists(pk) OR attribute_exists(pk)",',
  ),
  of(
    gather,
    "a batch whose answer was lost is written again as the next",
    "if (error === ours) break;",
    "if (error === ours) seq++;",
  ),
  of(
    position,
    "the first line that comes again is told again",
    "return seen + 1 > last.count;",
    "return seen + 1 >= last.count;",
  ),
  of(
    position,
    "the second line of a moment is taken for the first",
    "if (!last || at > last.at) again.delete(id);",
    "if (last && at > last.at) again.delete(id);",
  ),
  of(
    position,
    "a container that is started again is told from its beginning",
    "if (place.containers[first]) again.set(first, 0);",
    "again.delete(first);",
  ),
  of(
    read,
    "reading does not keep a session open",
    "if ((await heldFor(ctx, logReaders, session.id)) < RENEW_SECONDS)",
    "if ((await heldFor(ctx, logReaders, session.id)) < RENEW_SECONDS - 100)",
  ),
  of(read, "nobody calls a worker in the place of one that is dead", "calledAt > long) return;", "calledAt !== long) return;"),
  of(
    read,
    "a page that is too long skips what it had no room for",
    "return { items, next, ended: false };",
    "return { items, next: batch.seq, ended: false };",
  ),
  of(
    open,
    "who closes a session may open the next before its worker has gone",
    "if (!turn || turn.until <= ctx.now().toISOString()) await letGo",
    "if (!turn || turn.until !== ctx.now().toISOString()) await letGo",
  ),
  of(
    log,
    "what was read is kept for ever",
    "export const batchTtl = (ctx: Context) => ttlIn(ctx, 2 * KEEP_SECONDS);",
    "export const batchTtl = (ctx: Context) => ttlIn(ctx, 2000 * KEEP_SECONDS);",
  ),
  of(held, "a tenant may hold one more than its share", "size(held) < :most`", "size(held) <= :most`"),
  of(
    held,
    "a place that is asked for again lasts no longer",
    "attribute_exists(held.#${id}) OR size(held) < :most",
    "attribute_not_exists(held.#${id}) AND size(held) < :most",
  ),
  of(
    deadline,
    "a wait on a server has no end of ours",
    "void world.sleep(seconds * 1000, done.signal)",
    "void world.sleep(seconds * 120_000, done.signal)",
  ),
  of(deadline, "a tenant's silent servers hold all workers", 'name: "readers", most: 4', 'name: "readers", most: 400'),
  of(
    inspect,
    "questions for containers are counted in no share",
    'if ("freeInSeconds" in hold)',
    'if ("freeInSeconds" in hold && inspection.id === "")',
  ),
  of(
    look,
    "a check that is under way is begun by every worker",
    'status === "running" && startedAt ?',
    'status === "canceled" && startedAt ?',
  ),
  of(look, "the place of a check is not given back", "    await hold.release();\n", ""),
];
