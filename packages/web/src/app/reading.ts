import { body } from "@berth/api-client/client.ts";
import { pause } from "@berth/api-client/retry.ts";
import type { LogItem } from "@berth/api-client/types.ts";
import { useEffect, useReducer } from "preact/hooks";
import { api, mayPass, Refused } from "../api.ts";

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

export type ShownItem = LogItem & { readonly key: number };

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
  | { readonly type: "lost" }
  | { readonly type: "refused"; readonly error: unknown };

export const unread: Reading = { items: [], dropped: 0, state: "opening" };

export function hear(known: Reading, news: News): Reading {
  switch (news.type) {
    case "begin":
      return unread;
    case "page": {
      const from = known.dropped + known.items.length;
      const all = [...known.items, ...news.items.map((item, i) => ({ ...item, key: from + i }))];
      const over = Math.max(0, all.length - KEPT);
      return { items: over > 0 ? all.slice(over) : all, dropped: known.dropped + over, state: news.ended ? "over" : "open" };
    }
    case "lost":
      return { ...known, state: "lost" };
    case "refused":
      return { ...known, state: "over", error: news.error };
  }
}

const WAIT_SECONDS = 15;
const AGAIN_MS = 3_000;
/** Lines come in batches of a second. */
const AT_LEAST_MS = 900;

type Tell = (news: News) => void;

async function run(wish: Wish, tell: Tell, signal: AbortSignal): Promise<void> {
  const { app, services, ...json } = wish;
  tell({ type: "begin" });
  let id: string | undefined;
  let after = 0;
  try {
    while (!signal.aborted) {
      const asked = Date.now();
      try {
        // Not ended with the signal: what was opened has to be known to be closed.
        id ??= (
          await body(
            api.apps[":app"].logs.$post({
              param: { app },
              json: { ...json, ...(services.length > 0 && { services: [...services] }) },
            }),
          )
        ).id;
        if (signal.aborted) break;
        const page = await body(
          api.logs[":log"].$get({ param: { log: id }, query: { after, wait: WAIT_SECONDS } }, { init: { signal } }),
        );
        after = page.next;
        tell({ type: "page", items: page.items, ended: page.ended });
        if (page.ended) return;
        await pause(AT_LEAST_MS - (Date.now() - asked), signal);
      } catch (error) {
        if (signal.aborted) return;
        // What cannot be opened is told at once; what is open is read again.
        if (id === undefined || !mayPass(error)) return tell({ type: "refused", error });
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

/** An app's logs as they are read; nothing while there is no wish. Another wish begins anew. */
export function useReading(wish: Wish | undefined): Reading {
  const [known, tell] = useReducer(hear, unread);
  useEffect(() => {
    if (!wish) return undefined;
    const over = new AbortController();
    void run(wish, tell, over.signal);
    return () => over.abort();
  }, [wish]);
  return known;
}
