// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are texts of programs
import { of } from "./of.ts";

const attendance = "packages/domain/src/log/attend.ts";
const follow = "packages/domain/src/log/follow.ts";
const batches = "packages/domain/src/log/batch-writer.ts";
const log = "packages/domain/src/log/log.ts";
const open = "packages/domain/src/log/open.ts";
const position = "packages/domain/src/log/position.ts";
const read = "packages/domain/src/log/read.ts";

/** Reading logs. */
export const logMutants = [
  of(
    attendance,
    "a session's turn is taken whoever has it",
    "(attribute_not_exists(turn) OR turn.#until < :now OR turn.#id = :id)",
    "(attribute_not_exists(turn) OR turn.#until < :now OR turn.#id <> :id)",
  ),
  of(attendance, "a session's turn is not kept", '":until": turnEnd(ctx),\n  });', '":until": ctx.now().toISOString(),\n  });'),
  of(
    attendance,
    "a worker that another has overtaken keeps the turn",
    '"attribute_not_exists(closed) AND turn.#id = :turn", {\n    ":turn": turn,\n    ":until": turnEnd(ctx)',
    '"attribute_not_exists(closed) AND (turn.#id = :turn OR attribute_exists(turn))", {\n    ":turn": turn,\n    ":until": turnEnd(ctx)',
  ),
  of(
    attendance,
    "logs that nobody reads are followed on",
    'else if (!(await isRead(ctx, id))) why = "left";',
    'else if (id === "") why = "left";',
  ),
  of(attendance, "a worker stays until its session's place is somebody else's", "> CHECK_SECONDS + 1;", "> 0;"),
  of(
    attendance,
    "the next worker is not called when a turn ends",
    "if (given && (await isRead(ctx, id))) await callWorker(ctx, id);",
    "if (given && !(await isRead(ctx, id))) await callWorker(ctx, id);",
  ),
  of(
    attendance,
    "the next worker begins anew",
    "const progress = before?.progress ?? {};",
    'const progress: NonNullable<typeof before>["progress"] = {};',
  ),
  of(
    follow,
    "a server that says nothing is waited for",
    "lastEventAt > SILENT_SECONDS * 1000",
    "lastEventAt > SILENT_SECONDS * 100_000",
  ),
  of(follow, "a step is lost with the line it came with", "out.add(found.item, found.update);", "out.add(found.item);"),
  of(batches, "lines that are left out are not said to be", "    gap.lines++;\n", "    gap.lines = 1;\n"),
  of(
    batches,
    "a batch is written over another's",
    'condition: "attribute_not_exists(pk) OR #by = :by",',
    'condition: "attribute_not_exists(pk) OR #by <> :none",',
  ),
  of(
    batches,
    "a batch whose answer was lost is written again as the next",
    "await ctx.sleep(RETRY_MILLISECONDS);",
    "await ctx.sleep(RETRY_MILLISECONDS + seq++);",
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
    "if (progress.containers[first]) again.set(first, 0);",
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
    "if (!turn || turn.until <= ctx.now().toISOString()) await releaseHold",
    "if (!turn || turn.until !== ctx.now().toISOString()) await releaseHold",
  ),
  of(
    log,
    "what was read is kept for ever",
    "export const batchTtl = (ctx: Context) => ttlIn(ctx, 2 * KEEP_SECONDS);",
    "export const batchTtl = (ctx: Context) => ttlIn(ctx, 2000 * KEEP_SECONDS);",
  ),
];
