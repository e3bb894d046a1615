import { readEvents } from "@berth/api-client/job.ts";
import { pause } from "@berth/api-client/retry.ts";
import type { Event, Job } from "@berth/api-client/types.ts";
import { useEffect, useReducer } from "preact/hooks";
import { api, mayPass } from "../api.ts";

/** Lines beyond this many are dropped from the top: a page is no archive. */
export const KEPT = 3_000;

/** What is known of a job that is followed. */
export interface Followed {
  readonly job?: Job;
  readonly events: readonly Event[];
  /** How many were dropped from the top. */
  readonly dropped: number;
  readonly seen: ReadonlySet<string>;
  /** How news arrives now. */
  readonly by: "stream" | "poll" | "over";
  readonly error?: unknown;
}

export type News =
  | { readonly type: "events"; readonly items: readonly Event[] }
  | { readonly type: "job"; readonly job: Job; readonly done: boolean }
  | { readonly type: "by"; readonly by: "stream" | "poll" }
  | { readonly type: "error"; readonly error: unknown };

export const nothing: Followed = { events: [], dropped: 0, seen: new Set(), by: "stream" };

/** What is known after the news. An event that came before changes nothing, however often it comes. */
export function hear(known: Followed, news: News): Followed {
  switch (news.type) {
    case "events": {
      const fresh = news.items.filter(({ target, seq }) => !known.seen.has(`${target}:${seq}`));
      if (fresh.length === 0) return known;
      const seen = new Set(known.seen);
      for (const { target, seq } of fresh) seen.add(`${target}:${seq}`);
      const all = [...known.events, ...fresh];
      const over = Math.max(0, all.length - KEPT);
      return { ...known, events: over > 0 ? all.slice(over) : all, dropped: known.dropped + over, seen };
    }
    case "job": {
      const { error: _, ...rest } = known;
      return { ...rest, job: news.job, by: news.done ? "over" : known.by };
    }
    case "by":
      return known.by === "over" ? known : { ...known, by: news.by };
    case "error":
      return { ...known, error: news.error };
  }
}

/** A stream that says nothing for this long is held back somewhere on the way: the API sends at least every five seconds. */
const SILENCE_MS = 8_000;
const POLL_WAIT_SECONDS = 15;
const RETRY_MS = 3_000;

type Tell = (news: News) => void;

/**
 * Follows a job until its last event: by an event stream, and where streams do not get through, by asking again and again. The cursor moves
 * only past whole batches, so what was lost with a broken stream is sent again; `hear` drops what was not lost.
 */
export function follow(id: string, tell: Tell): () => void {
  const over = new AbortController();
  void run(id, tell, over.signal);
  return () => over.abort();
}

/** What there is already is asked for at once; only then does it wait for more. */
async function run(id: string, tell: Tell, signal: AbortSignal): Promise<void> {
  let cursor: string | undefined;
  let streams = typeof EventSource === "function";
  while (!signal.aborted) {
    const streaming = streams && cursor !== undefined;
    tell({ type: "by", by: streams ? "stream" : "poll" });
    const round = streaming ? await stream(id, cursor, tell, signal) : await poll(id, cursor, tell, signal);
    if (round.done) return;
    if (streaming && round.cursor === undefined) streams = false;
    else if (round.failed) await pause(RETRY_MS, signal);
    cursor = round.cursor ?? cursor;
  }
}

interface Round {
  readonly cursor?: string | undefined;
  readonly done: boolean;
  readonly failed: boolean;
}

/** One stream, until it ends. Without any batch in it the cursor stays undefined. */
function stream(id: string, after: string | undefined, tell: Tell, signal: AbortSignal): Promise<Round> {
  return new Promise((resolve) => {
    const query = after === undefined ? "" : `?after=${encodeURIComponent(after)}`;
    const source = new EventSource(`/v1/jobs/${encodeURIComponent(id)}/events${query}`);
    let cursor: string | undefined;
    let batch: Event[] = [];
    let timer = 0;
    const end = (done: boolean) => {
      clearTimeout(timer);
      source.close();
      signal.removeEventListener("abort", stop);
      resolve({ cursor, done, failed: false });
    };
    const stop = () => end(true);
    const patience = () => {
      clearTimeout(timer);
      timer = window.setTimeout(() => end(false), SILENCE_MS);
    };
    const settle = (message: MessageEvent<string>, done: boolean) => {
      patience();
      cursor = message.lastEventId;
      tell({ type: "events", items: batch });
      batch = [];
      tell({ type: "job", job: JSON.parse(message.data), done });
      if (done) end(true);
    };
    source.addEventListener("event", (message: MessageEvent<string>) => {
      patience();
      batch.push(JSON.parse(message.data));
    });
    source.addEventListener("job", (message: MessageEvent<string>) => settle(message, false));
    source.addEventListener("done", (message: MessageEvent<string>) => settle(message, true));
    source.addEventListener("error", () => end(false));
    signal.addEventListener("abort", stop);
    patience();
  });
}

async function poll(id: string, after: string | undefined, tell: Tell, signal: AbortSignal): Promise<Round> {
  try {
    const wait = after === undefined ? 0 : POLL_WAIT_SECONDS;
    const page = await readEvents(api, id, { after, wait }, signal);
    tell({ type: "events", items: page.items });
    tell({ type: "job", job: page.job, done: page.done });
    return { cursor: page.next, done: page.done, failed: false };
  } catch (error) {
    if (!signal.aborted) tell({ type: "error", error });
    return { cursor: after, done: signal.aborted || !mayPass(error), failed: true };
  }
}

/** A job and all that its runs say, as it happens. */
export function useFollowed(id: string): Followed {
  const [known, tell] = useReducer(hear, nothing);
  useEffect(() => follow(id, tell), [id]);
  return known;
}
