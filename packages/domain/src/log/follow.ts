import type { Context } from "../context.ts";
import { connectionFailure, failure, failureOf } from "../job/failure.ts";
import { READ_SECONDS, within } from "../remote/deadline.ts";
import { isTrusted, type Reach } from "../remote/reach.ts";
import { type Exit, RemoteError, type RunEvent, type RunInput } from "../remote/remote.ts";
import { openConnection } from "../target/connection.ts";
import type { StoredTarget } from "../target/target.ts";
import { type BatchWriter, gapOf, type Update } from "./batch-writer.ts";
import type { InitialLines } from "./initial-lines.ts";
import type { LogItem } from "./item.ts";
import type { LogSession, Progress } from "./log.ts";
import { type Tracker, tracker } from "./position.ts";

export interface Source {
  readonly ctx: Context;
  readonly reach: Reach;
  readonly session: LogSession;
  readonly target: { readonly id: string; readonly name: string };
  readonly row: StoredTarget | undefined;
  readonly progress: Progress;
  readonly values: Readonly<Record<string, string>>;
  readonly out: BatchWriter;
  readonly initial: InitialLines;
  readonly signal: AbortSignal;
}

const RETRY_SECONDS = [1, 2, 5, 10, 15];
/** The runner sends a heartbeat every few seconds; after this long without one the connection is given up. */
const SILENT_SECONDS = READ_SECONDS;
/** A server that ends earlier than requested is asked again in this turn, not at once by the next worker. */
const EARLY_SECONDS = 5;
const INITIAL_BYTES = 1_000_000;
/** Failures that last until somebody changes something: retrying is pointless. */
const permanent = new Set(["untrusted", "target.not_found", "hostkey.changed", "auth.failed", "address.refused"]);

export async function lastLines(source: Source): Promise<void> {
  const reader = sourceReader(source);
  const trouble = await reader.run({}, READ_SECONDS);
  if (trouble) reader.fail(trouble);
}

/** Lines missed while the connection was lost are sent once it is back. */
export async function follow(source: Source, until: number): Promise<void> {
  const { ctx, signal, initial, target } = source;
  const reader = sourceReader(source);
  const left = () => Math.ceil((until - ctx.now().getTime()) / 1000);
  for (let tries = 0; !signal.aborted && left() > 0; ) {
    const begun = ctx.now().getTime();
    const trouble = await reader.run({ follow: "1", timeout_seconds: String(left()) }, left() + SILENT_SECONDS);
    if (signal.aborted || (!trouble && left() <= EARLY_SECONDS)) return;
    if (trouble) reader.fail(trouble);
    initial.finish(target.id);
    if (trouble && permanent.has(trouble.class)) return;
    if (ctx.now().getTime() - begun > SILENT_SECONDS * 1000) tries = 0;
    await ctx.sleep((RETRY_SECONDS[tries++] ?? 15) * 1000, signal);
  }
}

interface Trouble {
  readonly class: string;
  readonly message: string;
}

function sourceReader({ ctx, reach, session, target, row, progress, values, out, initial, signal }: Source) {
  const position = tracker(target, progress);
  const now = () => ctx.now().toISOString();
  let trouble = progress.trouble;
  let lines: LogItem[] = [];
  let size = 0;
  /** Requested lines before the buffered ones, dropped for lack of room. */
  let dropped = 0;

  const setTrouble = (text: string | undefined, over = false) =>
    position.updateOf("trouble", (stored) => {
      if (text === undefined) delete stored.trouble;
      else stored.trouble = text;
      if (over) stored.over = true;
    });

  const onEvent = (event: RunEvent) => {
    if (trouble !== undefined) {
      trouble = undefined;
      out.add(
        { type: "readable", at: now(), target: target.name, text: `${target.name} can be read again` },
        setTrouble(undefined),
      );
    }
    const found = position.track(event);
    if (found.kind === "update") out.update(found.update);
    if (found.kind === "line" && position.progress.begun !== undefined) out.add(found.item, found.update);
    else if (found.kind === "line") bufferInitial(found.item, found.update);
    if (found.kind !== "begun") return;
    out.update(found.update);
    sendInitial();
  };

  const bufferInitial = (item: LogItem, update: Update | undefined) => {
    if (update) out.update(update);
    lines.push(item);
    size += item.type === "log" ? item.text.length : 0;
    while (lines.length > session.tail + 50 || size > INITIAL_BYTES) {
      if (lines.length <= session.tail) dropped++;
      size -= lines.shift()?.text.length ?? 0;
    }
  };

  const sendInitial = () => {
    const [first] = lines;
    const gap = first && dropped > 0 ? [gapOf(first, dropped)] : [];
    const found = lines;
    lines = [];
    if (initial.add(target.id, [...gap, ...found])) return;
    for (const item of [...gap, ...found.slice(Math.max(0, found.length - session.tail))]) out.add(item);
  };

  const exitOf = (more: Readonly<Record<string, string>>, seconds: number): Promise<Exit> =>
    within(ctx, seconds, async (late) => {
      const silent = new AbortController();
      const over = AbortSignal.any([signal, late, silent.signal]);
      const remote = await openConnection(ctx, row as StoredTarget, reach, over); // checked by `run`
      let lastEventAt = ctx.now().getTime();
      const done = new AbortController();
      const guard = async () => {
        while (!done.signal.aborted) {
          await ctx.sleep(5000, done.signal);
          if (ctx.now().getTime() - lastEventAt > SILENT_SECONDS * 1000) silent.abort();
        }
      };
      void guard();
      try {
        const resume = {
          ...(position.progress.begun && { begun: position.progress.begun, positions: positionsOf(position) }),
        };
        const input: RunInput = {
          op: "logs",
          job: session.id,
          fence: 0,
          from: 0,
          files: [],
          values: { ...values, ...more, ...resume },
        };
        return await remote.run(
          input,
          (event) => {
            lastEventAt = ctx.now().getTime();
            if (event.type !== "result") onEvent(event);
          },
          over,
        );
      } catch (error) {
        if (silent.signal.aborted && !signal.aborted)
          throw new RemoteError("timeout", `The server did not answer for ${SILENT_SECONDS} seconds`);
        throw error;
      } finally {
        done.abort();
        await remote.close();
      }
    });

  return {
    async run(more: Readonly<Record<string, string>>, seconds: number): Promise<Trouble | undefined> {
      if (!row) return failure("target.not_found");
      if (!isTrusted(row)) return failure("untrusted");
      lines = [];
      size = 0;
      dropped = 0;
      try {
        const exit = await exitOf(more, seconds);
        if (exit.code !== 0) return failureOf(exit);
        if (lines.length > 0) sendInitial();
        return undefined;
      } catch (error) {
        if (!(error instanceof RemoteError)) throw error;
        return connectionFailure(error);
      }
    },
    fail({ class: kind, message }: Trouble): void {
      if (trouble === kind) return;
      trouble = kind;
      const item = { type: "unreadable" as const, at: now(), target: target.name, class: kind, text: message };
      out.add(item, setTrouble(kind, permanent.has(kind)));
    },
  };
}

const positionsOf = ({ progress }: Tracker) =>
  Object.entries(progress.containers)
    .map(([id, { at }]) => `${id} ${at}\n`)
    .join("");
