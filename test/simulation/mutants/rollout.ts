// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are texts of programs
import { of } from "./of.ts";

const lease = "packages/domain/src/engine/lease.ts";
const rollout = "packages/domain/src/engine/rollout.ts";
const attend = "packages/domain/src/engine/attend.ts";
const readTarget = "packages/domain/src/engine/read-target.ts";
const ending = "packages/domain/src/engine/end.ts";
const input = "packages/domain/src/engine/input.ts";
const watch = "packages/domain/src/engine/watch.ts";
const recorder = "packages/domain/src/engine/recorder.ts";
const connection = "packages/domain/src/target/connection.ts";
const whole = "packages/domain/src/secret/whole.ts";
const drain = "packages/aws/src/sqs-handler.ts";
const jobs = "functions/workers/rollout.ts";
const held = "packages/domain/src/held.ts";
const deadline = "packages/domain/src/remote/deadline.ts";
const inspect = "packages/domain/src/engine/inspect.ts";

/** What a rollout holds and hears while it runs. */
export const rolloutMutants = [
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
    'condition: `:seen = :seen AND :waiting = :waiting${target.lease ? " AND :held = :held" : ""}`',
  ),
  of(
    lease,
    "whoever comes first goes first, whoever waits already",
    "before.find((other) => waiting.includes(other))",
    "before.find((other) => other === job)",
  ),
  of(
    lease,
    "those that wait are in the order of the ids",
    "before.find((other) => waiting.includes(other))",
    "(before.length > 0 ? [...waiting].sort().find((other) => other < job) : undefined)",
  ),
  of(
    lease,
    "a lease is renewed with an older fence",
    'condition: "fence = :fence AND attribute_exists(lease)"',
    'condition: ":fence = :fence AND attribute_exists(lease)"',
  ),
  of(lease, "a lease never lapses", "isoIn(ctx, LEASE_SECONDS)", "isoIn(ctx, LEASE_SECONDS * 1000)"),
  of(
    lease,
    "a claim of a job that has ended still holds",
    "(await unfinishedJobs(ctx, [id])).length === 0",
    "(await unfinishedJobs(ctx, [id])).length < 0",
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
    "outcome, attempt, at: ctx.now() },",
    "outcome, attempt: attempt && undefined, at: ctx.now() },",
  ),
  of(rollout, "the plan's number of deploys is not looked at", "before.length >= concurrent", "before.length >= 100"),
  of(
    rollout,
    "the plan's number is not looked at again for a retry",
    'if (state.status !== "running" && !state.begun &&',
    "if (state.attempts === 0 &&",
  ),
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
    "if (isStopping(job, message.target) || watch.stopping()) return",
    "if (isStopping(undefined, message.target) || watch.stopping()) return",
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
    "if (isStopping(job, message.target) || watch.stopping()) return",
    "if (isStopping(job, message.target)) return",
  ),
  of(
    input,
    "every try is a run of its own",
    "const runs = job.rollouts[target]?.runs ?? 0;\n  return runs",
    "const runs = job.rollouts[target]?.attempts ?? 0;\n  return runs",
  ),
  of(input, "a verdict that is tried again is only replayed", "return runs === 0 ? job.id", "return runs < 100 ? job.id"),
  of(attend, "secrets are not taken out", "connection.use(redact, work", "connection.use((told) => told, work"),
  of(
    connection,
    "secrets are not taken out of failures",
    ".then(cleaned, (error",
    ".then((exit) => ({ ...cleaned(exit), ...exit }), (error",
  ),
  of(connection, "secrets are not taken out of events", "onEvent(clean(event))", "onEvent(event)"),
  of(whole, "secrets are not taken out of a container's last lines", "inner.map((each) => walk(each, name))", "inner"),
  of(
    recorder,
    "events are acknowledged before they are written",
    "return await keepEvents(ctx, at, events, options.days);",
    "return void keepEvents(ctx, at, events, options.days).catch(() => {});",
  ),
  of(recorder, "the last events are not waited for", "while (writing) await writing;", ""),
  of(drain, "a message that failed is acknowledged", "return [{ itemIdentifier: record.messageId }];", "return [];"),
  of(
    jobs,
    "a message with a field too many is refused",
    "again: z.boolean().optional() })",
    "again: z.boolean().optional() }).strict()",
  ),
  of(
    rollout,
    "a job that was begun waits behind one that waits for it to end",
    "job.id, before)",
    "job.id, await stillAhead(ctx, account.deploys, job.id))",
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
    "const hold = await take(ctx, readers);",
    "const hold = await take(ctx, { ...readers, most: 4000 });",
  ),
  of(
    readTarget,
    "a check that is under way is begun by every worker",
    'status === "running" && startedAt ?',
    'status === "canceled" && startedAt ?',
  ),
  of(readTarget, "the place of a check is not given back", "    await hold.release();\n", ""),
];
