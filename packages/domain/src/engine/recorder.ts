import type { Context } from "../context.ts";
import { type Event, keepEvents } from "../job/event.ts";
import { EVENTS_MOST } from "../remote/events.ts";
import type { RunEvent } from "../remote/remote.ts";

/** Runs of one job on one target after each other: the events of each are numbered on from here. */
export const RUN_SPAN = 1_000_000;
const BATCH_BYTES = 100_000;
/** What a person waits for (a step, an image, a service's health) is kept this soon; lines of a log ride along, or wait so long for company. */
const CHANGE_MILLISECONDS = 100;
const LINE_MILLISECONDS = 1000;
/** A row written is what events cost, whatever their size. So many changes may have one of their own, some of them steps only; more come with time. */
const CHANGES_AT_ONCE = 30;
const KEPT_FOR_STEPS = 8;
const ANOTHER_MILLISECONDS = 4000;
const AGAIN_MILLISECONDS = 1000;
const TRIES = 5;
/** Of one run so many lines are kept and so many bytes of them, and while they are written so many wait: a server may say more than that for ever. */
const LINES_MOST = 10_000;
const LINE_BYTES_MOST = 4_000_000;
const WAITING_BYTES_MOST = 1_000_000;
/** To search a megabyte of the worst for secrets takes a second: so much of the lines is searched at once and so much a second, and as much of the rest. */
const AT_ONCE_BYTES = 1_000_000;
const BYTES_A_SECOND = 100_000;

type Told = Pick<Event, "step" | "service" | "text">;
const sizeOf = ({ step = "", service = "", text = "" }: Told) => step.length + service.length + text.length + 100;

/**
 * Keeps a run's events, in order: the first at once, a change within a tenth of a second, a line of a log with the next change or within a second.
 * `keeps` is asked before an event is searched for secrets, and `add` takes what it has let through. Neither waits; `done` resolves when all is written, without waiting for company, and throws if something could not be.
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
  /** Lines that came faster than they could be written: the first of them, in whose place it is said how many there were. */
  let gap: { first: Event; count: number } | undefined;
  let told = false;
  const allowances = { log: allowance(ctx), rest: allowance(ctx) };

  /** Whether this change may cost a row of its own; those that come in a stream are kept as seldom as lines. */
  const mayHurry = (type: string) => {
    const now = ctx.now().getTime();
    changes = Math.min(CHANGES_AT_ONCE, changes + (now - refilledAt) / ANOTHER_MILLISECONDS);
    refilledAt = now;
    if (changes < (type === "step" ? 1 : 1 + KEPT_FOR_STEPS)) return false;
    changes -= 1;
    return true;
  };

  /** When the batch has to be kept, now that this has come. */
  const hasten = (type: string) => {
    const now = ctx.now().getTime();
    const soon = type !== "log" && now + CHANGE_MILLISECONDS < dueAt && mayHurry(type);
    dueAt = Math.min(dueAt, now + (soon ? CHANGE_MILLISECONDS : LINE_MILLISECONDS));
  };

  /** As many as one row may hold. */
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
    // Past what could not be written nothing is: whoever attaches next goes on from the last event kept.
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

  /** Whether it is one too many. What a run does is told to its end; what its containers print is not. */
  const tooMuch = (event: Event, size: number): boolean => {
    if (event.type !== "log") return event.seq - options.base > EVENTS_MOST;
    lineBytes += size;
    if (event.seq - options.base <= LINES_MOST && lineBytes <= LINE_BYTES_MOST) return false;
    if (!told) push({ ...event, text: "(This run says more than is kept of one: its further lines are left out.)" });
    told = true;
    return true;
  };

  return {
    /** Decides by an event's size alone. A line is kept as a whole or not at all, so that no secret is cut in two. */
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
    add(event: RunEvent): void {
      const { seq, at: time, type, step, service, text } = event;
      const kept = {
        seq: options.base + seq,
        at: time,
        type,
        ...(step && { step }),
        ...(service && { service }),
        ...(text !== undefined && { text }),
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

/** What may be had now of so much at once and so much a second. */
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
