import type { Context } from "../context.ts";
import { failure, failureOf, failureOfLine } from "../job/failure.ts";
import { READ_SECONDS, within } from "../remote/deadline.ts";
import type { Reach } from "../remote/reach.ts";
import { type Exit, RemoteError, type RunEvent, type RunInput } from "../remote/remote.ts";
import { openLine } from "../target/connection.ts";
import type { StoredTarget } from "../target/target.ts";
import { type Gathering, gapOf } from "./gather.ts";
import type { LogItem } from "./item.ts";
import type { LogSession, Place } from "./log.ts";
import { type Listener, listener } from "./position.ts";
import type { Together } from "./together.ts";

export interface Voice {
  readonly ctx: Context;
  readonly reach: Reach;
  readonly session: LogSession;
  readonly target: { readonly id: string; readonly name: string };
  readonly row: StoredTarget | undefined;
  readonly place: Place;
  readonly plan: Readonly<Record<string, string>>;
  readonly out: Gathering;
  readonly past: Together;
  readonly signal: AbortSignal;
}

const AGAIN_SECONDS = [1, 2, 5, 10, 15];
/** The runner sends a heartbeat every few seconds; after this long without one the connection is given up. */
const SILENT_SECONDS = READ_SECONDS;
/** A server that ends earlier than requested is asked again in this turn, not at once by the next worker. */
const EARLY_SECONDS = 5;
const PAST_BYTES = 1_000_000;
/** Failures that last until somebody changes something: retrying is pointless. */
const lasting = new Set(["untrusted", "target.not_found", "hostkey.changed", "auth.failed", "address.refused"]);

export async function lastLines(voice: Voice): Promise<void> {
  const heard = hearing(voice);
  const trouble = await heard.run({}, READ_SECONDS);
  if (trouble) heard.fail(trouble);
}

/** Lines missed while the connection was lost are sent once it is back. */
export async function follow(voice: Voice, until: number): Promise<void> {
  const { ctx, signal, past, target } = voice;
  const heard = hearing(voice);
  const left = () => Math.ceil((until - ctx.now().getTime()) / 1000);
  for (let tries = 0; !signal.aborted && left() > 0; ) {
    const begun = ctx.now().getTime();
    const trouble = await heard.run({ follow: "1", timeout_seconds: String(left()) }, left() + SILENT_SECONDS);
    if (signal.aborted || (!trouble && left() <= EARLY_SECONDS)) return;
    if (trouble) heard.fail(trouble);
    past.none(target.id);
    if (trouble && lasting.has(trouble.class)) return;
    if (ctx.now().getTime() - begun > SILENT_SECONDS * 1000) tries = 0;
    await ctx.sleep((AGAIN_SECONDS[tries++] ?? 15) * 1000, signal);
  }
}

interface Trouble {
  readonly class: string;
  readonly message: string;
}

function hearing({ ctx, reach, session, target, row, place, plan, out, past, signal }: Voice) {
  const ear = listener(target, place);
  const now = () => ctx.now().toISOString();
  let trouble = place.trouble;
  let lines: LogItem[] = [];
  let size = 0;
  /** Requested lines before the buffered ones, dropped for lack of room. */
  let tooLong = 0;

  const took = (text: string | undefined, over = false) =>
    ear.stepTo("trouble", (there) => {
      if (text === undefined) delete there.trouble;
      else there.trouble = text;
      if (over) there.over = true;
    });

  const hear = (event: RunEvent) => {
    if (trouble !== undefined) {
      trouble = undefined;
      out.add({ type: "readable", at: now(), target: target.name, text: `${target.name} can be read again` }, took(undefined));
    }
    const heard = ear.hear(event);
    if (heard.kind === "step") out.step(heard.step);
    if (heard.kind === "line" && ear.place.begun !== undefined) out.add(heard.item, heard.step);
    else if (heard.kind === "line") keepPast(heard.item, heard.step);
    if (heard.kind !== "begun") return;
    out.step(heard.step);
    tellPast();
  };

  const keepPast = (item: LogItem, step: ReturnType<typeof took> | undefined) => {
    if (step) out.step(step);
    lines.push(item);
    size += item.type === "log" ? item.text.length : 0;
    while (lines.length > session.tail + 50 || size > PAST_BYTES) {
      if (lines.length <= session.tail) tooLong++;
      size -= lines.shift()?.text.length ?? 0;
    }
  };

  const tellPast = () => {
    const [first] = lines;
    const gap = first && tooLong > 0 ? [gapOf(first, tooLong)] : [];
    const found = lines;
    lines = [];
    if (past.add(target.id, [...gap, ...found])) return;
    for (const item of [...gap, ...found.slice(Math.max(0, found.length - session.tail))]) out.add(item);
  };

  const exitOf = (more: Readonly<Record<string, string>>, seconds: number): Promise<Exit> =>
    within(ctx, seconds, async (late) => {
      const silent = new AbortController();
      const over = AbortSignal.any([signal, late, silent.signal]);
      const remote = await openLine(ctx, row as StoredTarget, reach, over); // looked at before
      let heardAt = ctx.now().getTime();
      const done = new AbortController();
      const guard = async () => {
        while (!done.signal.aborted) {
          await ctx.sleep(5000, done.signal);
          if (ctx.now().getTime() - heardAt > SILENT_SECONDS * 1000) silent.abort();
        }
      };
      void guard();
      try {
        const goesOn = {
          ...(ear.place.begun && { begun: ear.place.begun, positions: positionsOf(ear) }),
        };
        const input: RunInput = {
          op: "logs",
          job: session.id,
          fence: 0,
          from: 0,
          files: [],
          plan: { ...plan, ...more, ...goesOn },
        };
        return await remote.run(
          input,
          (event) => {
            heardAt = ctx.now().getTime();
            if (event.type !== "result") hear(event);
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
      if (!row.hostKey) return failure("untrusted");
      lines = [];
      size = 0;
      tooLong = 0;
      try {
        const exit = await exitOf(more, seconds);
        if (exit.code !== 0) return failureOf(exit);
        if (lines.length > 0) tellPast();
        return undefined;
      } catch (error) {
        if (!(error instanceof RemoteError)) throw error;
        return failureOfLine(error);
      }
    },
    fail({ class: kind, message }: Trouble): void {
      if (trouble === kind) return;
      trouble = kind;
      const item = { type: "unreadable" as const, at: now(), target: target.name, class: kind, text: message };
      out.add(item, took(kind, lasting.has(kind)));
    },
  };
}

const positionsOf = ({ place }: Listener) =>
  Object.entries(place.containers)
    .map(([id, { at }]) => `${id} ${at}\n`)
    .join("");
