import type { Context } from "../context.ts";
import { type Event, keepEvents } from "../job/event.ts";
import type { RunEvent } from "../remote/remote.ts";

/** Runs of one job on one target after each other: the events of each are numbered on from here. */
export const RUN_SPAN = 1_000_000;
const BATCH_BYTES = 100_000;
/** A row written is what an event costs, whatever its size: of a short run two or three are enough. */
const EARLY_BATCHES = 3;
const EARLY_BATCH_MILLISECONDS = 2000;
const BATCH_MILLISECONDS = 1000;
const TRIES = 5;

const sizeOf = (event: Event | undefined) => (event?.text?.length ?? 0) + 100;

/**
 * Keeps a run's events, in order: one that comes after a quiet second at once, the others together with what comes within a second (in a
 * run's first seconds within two). `add` never waits; `done` resolves when all is written, without waiting for company, and throws if something could not be.
 */
export function recorder(
  ctx: Context,
  at: { job: string; target: string },
  options: { days: number; base: number; redact: (text: string) => string },
) {
  const batch: Event[] = [];
  let bytes = 0;
  let writing: Promise<void> | undefined;
  let last = Number.NEGATIVE_INFINITY;
  let batches = 0;
  let failed: unknown;
  const over = new AbortController();

  /** As many as one row may hold. */
  const cut = () => {
    let count = 0;
    for (let size = 0; count < batch.length; count++) {
      size += sizeOf(batch[count]);
      if (size > BATCH_BYTES && count > 0) break;
    }
    const events = batch.splice(0, count);
    for (const event of events) bytes -= sizeOf(event);
    return events;
  };

  const flush = async () => {
    const wait = last + (batches < EARLY_BATCHES ? EARLY_BATCH_MILLISECONDS : BATCH_MILLISECONDS) - ctx.now().getTime();
    if (wait > 0 && bytes < BATCH_BYTES) await ctx.sleep(wait, over.signal);
    const events = cut();
    batches += 1;
    last = ctx.now().getTime();
    for (let tries = 1; ; tries++) {
      try {
        return await keepEvents(ctx, at, events, options.days);
      } catch (error) {
        if (tries === TRIES) throw error;
        await ctx.sleep(BATCH_MILLISECONDS);
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

  return {
    add(event: RunEvent): void {
      if (event.type === "result") return;
      const { seq, at: time, type, step, service, text } = event;
      const clean = text === undefined ? undefined : options.redact(text);
      const kept = {
        seq: options.base + seq,
        at: time,
        type,
        ...(step && { step }),
        ...(service && { service }),
        ...(clean !== undefined && { text: clean }),
      };
      batch.push(kept);
      bytes += sizeOf(kept);
      kick();
    },
    async done(): Promise<void> {
      over.abort();
      kick();
      while (writing) await writing;
      if (failed !== undefined) throw failed;
    },
  };
}
