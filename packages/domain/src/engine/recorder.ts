import type { Context } from "../context.ts";
import { type Event, keepEvents } from "../job/event.ts";
import { EVENTS_MOST } from "../remote/events.ts";
import type { Decision, Planned, RunEvent } from "../remote/remote.ts";

/** Event numbers reserved for each run of a job on a target. */
export const RUN_SPAN = 1_000_000;
const BATCH_BYTES = 100_000;
/** Changes that people wait for (steps, images, health) are stored this soon. Log lines join them, or wait for LINE_MILLISECONDS. */
const CHANGE_MILLISECONDS = 100;
const LINE_MILLISECONDS = 1000;
/** Each row costs a write, whatever its size. This many changes at once may have a row each, some reserved for steps; more are allowed over time. */
const CHANGES_AT_ONCE = 30;
const KEPT_FOR_STEPS = 8;
const ANOTHER_MILLISECONDS = 4000;
const AGAIN_MILLISECONDS = 1000;
const TRIES = 5;
/** Limits of one run, as a server may print for ever: lines, their bytes, and the bytes that wait to be written. */
const LINES_MOST = 10_000;
const LINE_BYTES_MOST = 4_000_000;
const WAITING_BYTES_MOST = 1_000_000;
/** Searching a megabyte for secrets can take a second: AT_ONCE_BYTES may come in a burst. Log lines and other events have an allowance each. */
const AT_ONCE_BYTES = 1_000_000;
const BYTES_A_SECOND = 100_000;

type Told = Pick<Event, "step" | "service" | "text" | "plan">;
const sizeOf = ({ step = "", service = "", text = "", plan }: Told) =>
  step.length + service.length + text.length + (plan ? JSON.stringify(plan).length : 0) + 100;

/**
 * Stores a run's events in order: the first at once, a change within a tenth of a second, a log line with the next change or within a second.
 * `keeps` is asked before an event is searched for secrets, and `add` takes those it let through. Neither waits; `done` resolves when all is
 * written, and throws if something could not be.
 */
export function recorder(ctx: Context, at: { job: string; target: string }, options: { days: number; base: number }) {
  const batch: Event[] = [];
  let bytes = 0;
  let writing: Promise<void> | undefined;
  let dueAt = Number.NEGATIVE_INFINITY;
  let waiting: AbortController | undefined;
  let over = false;
  let failed: unknown;
  let changes = CHANGES_AT_ONCE;
  let refilledAt = ctx.now().getTime();
  let lineBytes = 0;
  /** Events skipped because they came too fast: the first, and how many. */
  let gap: { first: Event; count: number } | undefined;
  let told = false;
  let planned: Planned | undefined;
  const allowances = { log: allowance(ctx), rest: allowance(ctx) };

  /** Whether a change may have a row of its own; a stream of changes is stored as seldom as lines. */
  const mayHurry = (type: string) => {
    const now = ctx.now().getTime();
    changes = Math.min(CHANGES_AT_ONCE, changes + (now - refilledAt) / ANOTHER_MILLISECONDS);
    refilledAt = now;
    if (changes < (type === "step" ? 1 : 1 + KEPT_FOR_STEPS)) return false;
    changes -= 1;
    return true;
  };

  const hasten = (type: string) => {
    const now = ctx.now().getTime();
    const soon = type !== "log" && now + CHANGE_MILLISECONDS < dueAt && mayHurry(type);
    dueAt = Math.min(dueAt, now + (soon ? CHANGE_MILLISECONDS : LINE_MILLISECONDS));
  };

  const cut = () => {
    let count = 0;
    for (let size = 0; count < batch.length; count++) {
      size += sizeOf(batch[count] as Event); // within its length
      if (size > BATCH_BYTES && count > 0) break;
    }
    const events = batch.splice(0, count);
    for (const event of events) bytes -= sizeOf(event);
    return events;
  };

  const company = async () => {
    while (!over && bytes < BATCH_BYTES) {
      const wait = dueAt - ctx.now().getTime();
      if (wait <= 0) return;
      waiting = new AbortController();
      await ctx.sleep(wait, waiting.signal);
    }
  };

  const flush = async () => {
    await company();
    const events = cut();
    dueAt = batch.length > 0 ? ctx.now().getTime() : Number.POSITIVE_INFINITY;
    for (let tries = 1; ; tries++) {
      try {
        return await keepEvents(ctx, at, events, options.days);
      } catch (error) {
        if (tries === TRIES) throw error;
        await ctx.sleep(AGAIN_MILLISECONDS);
      }
    }
  };

  const kick = () => {
    // Nothing is written past a failed write: the next worker resumes from the last event stored.
    if (writing || failed !== undefined || batch.length === 0) return;
    writing = flush()
      .catch((error: unknown) => {
        failed ??= error;
      })
      .finally(() => {
        writing = undefined;
        kick();
      });
  };

  const push = (event: Event) => {
    batch.push(event);
    bytes += sizeOf(event);
  };

  const closeGap = () => {
    if (gap)
      push({
        ...gap.first,
        type: "log",
        text: `(${gap.count} ${gap.count === 1 ? "line" : "lines"} skipped: they came faster than Berth can store them)`,
      });
    gap = undefined;
  };

  /** What a run does is stored to its end; what its containers print is limited. */
  const tooMuch = (event: Event, size: number): boolean => {
    if (event.type !== "log") return event.seq - options.base > EVENTS_MOST;
    lineBytes += size;
    if (event.seq - options.base <= LINES_MOST && lineBytes <= LINE_BYTES_MOST) return false;
    if (!told) push({ ...event, text: "(This run says more than is kept of one: its further lines are left out.)" });
    told = true;
    return true;
  };

  return {
    /** Decides by size alone. A line is kept whole or not at all, so that no secret is cut in two. */
    keeps(event: RunEvent): boolean {
      if (event.type === "result") return false;
      const { type, at: time } = event;
      const bare = { seq: options.base + event.seq, at: time, type };
      const size = sizeOf(event);
      if (tooMuch(bare, size)) return false;
      if (bytes >= WAITING_BYTES_MOST || !allowances[type === "log" ? "log" : "rest"](size)) {
        gap = { first: gap?.first ?? bare, count: (gap?.count ?? 0) + 1 };
        return false;
      }
      return true;
    },
    /** What is planned goes with the first event that tells of it: a server may say a small one again and again. */
    decided(decision: Decision): Decision {
      if ("go" in decision) planned = decision.planned;
      return decision;
    },
    add(event: RunEvent): void {
      const { seq, at: time, type, step, service, text } = event;
      const plan = type === "plan" ? planned : undefined;
      if (plan) planned = undefined;
      const kept = {
        seq: options.base + seq,
        at: time,
        type,
        ...(step && { step }),
        ...(service && { service }),
        ...(text !== undefined && { text }),
        ...(plan && { plan }),
      };
      closeGap();
      push(kept);
      const before = dueAt;
      hasten(type);
      if (dueAt < before || bytes >= BATCH_BYTES) waiting?.abort();
      kick();
    },
    async done(): Promise<void> {
      over = true;
      closeGap();
      waiting?.abort();
      kick();
      while (writing) await writing;
      if (failed !== undefined) throw failed;
    },
  };
}

/** A token bucket of bytes. */
function allowance(ctx: Context): (size: number) => boolean {
  let left = AT_ONCE_BYTES;
  let filledAt = ctx.now().getTime();
  return (size) => {
    const now = ctx.now().getTime();
    left = Math.min(AT_ONCE_BYTES, left + ((now - filledAt) / 1000) * BYTES_A_SECOND);
    filledAt = now;
    if (size > left) return false;
    left -= size;
    return true;
  };
}
