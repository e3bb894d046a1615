import { body } from "@berth/api-client/client.ts";
import { pause } from "@berth/api-client/retry.ts";
import type { LogItem } from "@berth/api-client/types.ts";
import { useEffect, useReducer } from "preact/hooks";
import { api, mayPass, Refused, refusedAs } from "../api.ts";

/** Lines beyond this many are dropped from the top: a page is no archive. */
export const KEPT = 3_000;

/** What is asked of an app's logs. */
export interface Wish {
  readonly app: string;
  readonly environment: string;
  readonly services: readonly string[];
  readonly tail: number;
  readonly follow: boolean;
}

/** What stands between two sessions of reading. */
interface Interrupted {
  readonly type: "interrupted";
  readonly text: string;
}
export type ShownItem = (LogItem | Interrupted) & { readonly key: number };

export interface Reading {
  readonly items: readonly ShownItem[];
  /** How many were dropped from the top. */
  readonly dropped: number;
  readonly state: "opening" | "open" | "lost" | "over";
  readonly error?: unknown;
}

export type News =
  | { readonly type: "begin" }
  | { readonly type: "page"; readonly items: readonly LogItem[]; readonly ended: boolean }
  | { readonly type: "interrupted" }
  | { readonly type: "lost" }
  | { readonly type: "refused"; readonly error: unknown };

export const unread: Reading = { items: [], dropped: 0, state: "opening" };

export function hear(known: Reading, news: News): Reading {
  switch (news.type) {
    case "begin":
      return unread;
    case "page":
      return { ...added(known, news.items), state: news.ended ? "over" : "open" };
    case "interrupted":
      return {
        ...added(known, [{ type: "interrupted", text: "Reading was interrupted: lines may be missing here, or come twice." }]),
        state: "lost",
      };
    case "lost":
      return { ...known, state: "lost" };
    case "refused":
      return { ...known, state: "over", error: news.error };
  }
}

function added({ items, dropped }: Reading, more: readonly (LogItem | Interrupted)[]) {
  const from = dropped + items.length;
  const all = [...items, ...more.map((item, i) => ({ ...item, key: from + i }))];
  const over = Math.max(0, all.length - KEPT);
  return { items: over > 0 ? all.slice(over) : all, dropped: dropped + over };
}

const WAIT_SECONDS = 15;
const AGAIN_MS = 3_000;
/** The most lines that a session can begin with. */
const MOST = 1000;
/** Lines come in batches of a second. */
const AT_LEAST_MS = 900;

type Tell = (news: News) => void;

/** Reads until all is told or the signal aborts; a session that was forgotten, as where this machine slept, goes on in a new one. */
export async function readLogs(wish: Wish, tell: Tell, signal: AbortSignal): Promise<void> {
  tell({ type: "begin" });
  let id: string | undefined;
  let after = 0;
  let lastAt: string | undefined;
  let interrupted = false;
  try {
    while (!signal.aborted) {
      const asked = Date.now();
      try {
        // Not ended with the signal: what was opened has to be known to be closed.
        id ??= (await open(wish, interrupted ? { tail: MOST, ...(lastAt !== undefined && { since: lastAt }) } : {})).id;
        if (signal.aborted) break;
        const page = await body(
          api.logs[":log"].$get({ param: { log: id }, query: { after, wait: WAIT_SECONDS } }, { init: { signal } }),
        );
        after = page.next;
        lastAt = page.items.at(-1)?.at ?? lastAt;
        tell({ type: "page", items: page.items, ended: page.ended });
        if (page.ended) return;
        await pause(AT_LEAST_MS - (Date.now() - asked), signal);
      } catch (error) {
        if (signal.aborted) return;
        if (wish.follow && id !== undefined && refusedAs(error, "log.not_found")) {
          [id, after, interrupted] = [undefined, 0, true];
          tell({ type: "interrupted" });
          await pause(AT_LEAST_MS, signal);
          continue;
        }
        // What cannot be opened at first is told at once; what was open is read again.
        if ((id === undefined && !interrupted) || !mayPass(error)) return tell({ type: "refused", error });
        tell({ type: "lost" });
        await pause(AGAIN_MS, signal);
      }
    }
  } finally {
    // The servers have rest at once; left alone it ends by itself.
    if (id !== undefined && signal.aborted)
      api.logs[":log"].$delete({ param: { log: id } }).catch((error: unknown) => {
        if (!(error instanceof Refused)) throw error;
      });
  }
}

const open = ({ app, services, ...json }: Wish, from: { readonly tail?: number; readonly since?: string }) =>
  body(
    api.apps[":app"].logs.$post({
      param: { app },
      json: { ...json, ...from, ...(services.length > 0 && { services: [...services] }) },
    }),
  );

/** An app's logs as they are read; nothing while there is no wish. Another wish begins anew. */
export function useReading(wish: Wish | undefined): Reading {
  const [known, tell] = useReducer(hear, unread);
  useEffect(() => {
    if (!wish) return undefined;
    const over = new AbortController();
    void readLogs(wish, tell, over.signal);
    return () => over.abort();
  }, [wish]);
  return known;
}
