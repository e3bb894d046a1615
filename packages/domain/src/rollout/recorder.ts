import type { Context } from "../context.ts";
import { type Event, keepEvents } from "../job/event.ts";
import type { RunEvent } from "../remote/remote.ts";

/** Runs of one job on one target after each other: the events of each are numbered on from here. */
export const RUN_SPAN = 1_000_000;
const BATCH_BYTES = 100_000;
/** A row written is what an event costs, whatever its size: two seconds halve that, and are not long to wait for a line. */
const BATCH_MILLISECONDS = 2000;
const TRIES = 5;

/**
 * Keeps a run's events: the first at once, the rest in batches of about two seconds, in order. `add` never waits; `done` resolves when all is
 * written and throws if something could not be.
 */
export function recorder(
  ctx: Context,
  at: { job: string; target: string },
  options: { days: number; base: number; redact: (text: string) => string },
) {
  let batch: Event[] = [];
  let bytes = 0;
  let writing: Promise<void> | undefined;
  let last = Number.NEGATIVE_INFINITY;
  let failed: unknown;

  const flush = async () => {
    const wait = last + BATCH_MILLISECONDS - ctx.now().getTime();
    if (wait > 0 && bytes < BATCH_BYTES) await ctx.sleep(wait);
    const events = batch;
    batch = [];
    bytes = 0;
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
      batch.push({
        seq: options.base + seq,
        at: time,
        type,
        ...(step && { step }),
        ...(service && { service }),
        ...(clean !== undefined && { text: clean }),
      });
      bytes += (clean?.length ?? 0) + 100;
      kick();
    },
    async done(): Promise<void> {
      last = Number.NEGATIVE_INFINITY; // what is left needs no company
      kick();
      while (writing) await writing;
      if (failed !== undefined) throw failed;
    },
  };
}
