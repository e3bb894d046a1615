import type { Context } from "../context.ts";
import { tryUpdate } from "../table.ts";
import type { LogItem } from "./item.ts";
import { type Batch, batchKey, batchTtl, type Progress, pack } from "./log.ts";

/** Each row costs a write, so lines of a second share one, up to BATCH_BYTES. */
const INTERVAL_MILLISECONDS = 1000;
/** The first line after a pause is written after this delay, without waiting for others. */
const FIRST_MILLISECONDS = 100;
const BATCH_BYTES = 150_000;
/** Limits on what may wait to be written, and on what a turn may write: a burst, then a rate. Excess lines are counted and dropped. */
const WAITING_BYTES = 2_000_000;
const BURST_BYTES = 4_000_000;
const BYTES_A_SECOND = 100_000;
const TRIES = 5;
const RETRY_MILLISECONDS = 1000;

/** A change to what is known of a target, written with its line. A later one with the same key replaces it. */
export interface Update {
  readonly key: string;
  readonly apply: (progress: Record<string, Progress>) => void;
}
interface Entry {
  readonly item?: LogItem;
  readonly updates: Map<string, Update>;
  readonly bytes: number;
}
interface Gap {
  readonly at: string;
  lines: number;
  readonly updates: Map<string, Update>;
}

const sizeOf = (item: LogItem) => Buffer.byteLength(item.text) + (item.type === "log" ? Buffer.byteLength(item.service) : 0) + 60;

export const gapOf = ({ at, target }: Pick<LogItem, "at" | "target">, lines: number): LogItem => {
  const text = `${lines} ${lines === 1 ? "line was" : "lines were"} left out: more was said than can be read`;
  return { type: "gap", at, target, lines, text };
};

const updatesOf = (update: Update | undefined) => new Map(update && [[update.key, update]]);

/** Collects lines into batches. `add` never waits: excess lines become a gap. Stops once another worker has written the next batch. */
export function batchWriter(
  ctx: Context,
  session: string,
  from: {
    readonly seq: number;
    readonly progress: Readonly<Record<string, Progress>>;
    readonly by: string;
    readonly onLost: () => void;
  },
) {
  const progress = structuredClone(from.progress) as Record<string, Progress>;
  let { seq } = from;
  let waiting: Entry[] = [];
  let bytes = 0;
  let items = 0;
  let allowance = BURST_BYTES;
  let refilledAt = ctx.now().getTime();
  let paused = false;
  let closing = false;
  let lost = false;
  let failed: unknown;
  let wroteAt = Number.NEGATIVE_INFINITY;
  let writing: Promise<void> | undefined;
  let wake: AbortController | undefined;
  /** By target, while lines are being dropped. */
  const gaps = new Map<string, Gap>();

  const mayKeep = (size: number): boolean => {
    const now = ctx.now().getTime();
    allowance = Math.min(BURST_BYTES, allowance + ((now - refilledAt) / 1000) * BYTES_A_SECOND);
    refilledAt = now;
    if (bytes + size > WAITING_BYTES || size > allowance) return false;
    allowance -= size;
    return true;
  };

  const push = (entry: Entry) => {
    waiting.push(entry);
    bytes += entry.bytes;
    if (entry.item) items++;
  };

  const closeGap = (target: string) => {
    const gap = gaps.get(target);
    if (!gap) return;
    gaps.delete(target);
    const item = gapOf({ at: gap.at, target }, gap.lines);
    push({ item, updates: gap.updates, bytes: sizeOf(item) });
  };

  const drop = ({ at, target }: LogItem, update: Update | undefined) => {
    const gap = gaps.get(target) ?? { at, lines: 0, updates: new Map<string, Update>() };
    gap.lines++;
    if (update) gap.updates.set(update.key, update);
    gaps.set(target, gap);
    startWriting();
  };

  const nextBatch = (): Batch => {
    const taken: LogItem[] = [];
    let count = 0;
    for (let size = 0; count < waiting.length; count++) {
      const entry = waiting[count] as Entry; // within its length
      size += entry.bytes;
      if (size > BATCH_BYTES && count > 0) break;
      for (const { apply } of entry.updates.values()) apply(progress);
      if (entry.item) taken.push(entry.item);
      bytes -= entry.bytes;
    }
    waiting = waiting.slice(count);
    items -= taken.length;
    return { items: taken, progress, last: false };
  };

  const store = async (batch: Batch): Promise<void> => {
    const row = {
      change: "SET #batch = :batch, #by = :by, #ttl = :ttl",
      // It may be ours already, from a try whose answer was lost.
      condition: "attribute_not_exists(pk) OR #by = :by",
      values: { ":batch": pack(batch), ":by": from.by, ":ttl": batchTtl(ctx) },
    };
    for (let tries = 1; ; tries++) {
      try {
        if (await tryUpdate(ctx, batchKey(ctx, session, seq + 1), row)) break;
        lost = true;
        return from.onLost();
      } catch (error) {
        if (tries === TRIES) throw error;
        await ctx.sleep(RETRY_MILLISECONDS);
      }
    }
    seq++;
    wroteAt = ctx.now().getTime();
  };

  const batchDue = async () => {
    const due = Math.max(wroteAt + INTERVAL_MILLISECONDS, ctx.now().getTime() + FIRST_MILLISECONDS);
    while (!closing && bytes < BATCH_BYTES) {
      const wait = due - ctx.now().getTime();
      if (wait <= 0) return;
      wake = new AbortController();
      await ctx.sleep(wait, wake.signal);
    }
  };

  const write = async () => {
    while (!lost && !closing && (items > 0 || gaps.size > 0)) {
      await batchDue();
      if (closing) return; // `done` writes the rest
      for (const target of gaps.keys()) closeGap(target);
      if (waiting.length > 0) await store(nextBatch());
    }
  };

  const startWriting = () => {
    if (writing || paused || lost || closing || (items === 0 && gaps.size === 0)) return;
    writing = write()
      .catch((error: unknown) => {
        failed ??= error;
        lost = true;
        from.onLost();
      })
      .finally(() => {
        writing = undefined;
        startWriting();
      });
  };

  return {
    progress: progress as Readonly<Record<string, Progress>>,
    add(item: LogItem, update?: Update): void {
      if (lost) return;
      const size = sizeOf(item);
      if (item.type === "log" && !mayKeep(size)) {
        drop(item, update);
        return;
      }
      closeGap(item.target);
      push({ item, updates: updatesOf(update), bytes: size });
      if (bytes >= BATCH_BYTES) wake?.abort();
      startWriting();
    },
    update(update: Update): void {
      if (lost) return;
      const end = waiting.at(-1);
      if (end && !end.item) end.updates.set(update.key, update);
      else push({ updates: updatesOf(update), bytes: 0 });
    },
    /** Nothing is written until `resume`, whose items precede those added meanwhile. */
    hold(): void {
      paused = true;
    },
    resume(first: readonly LogItem[]): void {
      const meanwhile = waiting;
      waiting = [];
      bytes = 0;
      items = 0;
      for (const item of first) push({ item, updates: updatesOf(undefined), bytes: sizeOf(item) });
      for (const entry of meanwhile) push(entry);
      paused = false;
      startWriting();
    },
    async done(last: boolean): Promise<boolean> {
      paused = false;
      closing = true;
      wake?.abort();
      while (writing) await writing;
      if (failed !== undefined) throw failed;
      for (const target of gaps.keys()) closeGap(target);
      while (!lost && (waiting.length > 0 || last)) {
        const batch = nextBatch();
        const isLast = last && waiting.length === 0;
        await store({ ...batch, last: isLast });
        if (isLast) break;
      }
      return !lost;
    },
  };
}
export type BatchWriter = ReturnType<typeof batchWriter>;
