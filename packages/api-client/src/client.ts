import { hc } from "hono/client";
import type { Api } from "../../../functions/api/whole.ts";

export type Client = ReturnType<typeof hc<Api>>;

/** The service, typed by its own routes. `send` throws for every answer that is not a success. */
export const clientOf = (url: string, send: typeof fetch): Client => hc<Api>(url, { fetch: send });

/** A part of a path, whatever is in it. */
export const segment = encodeURIComponent;

interface Answer<T> {
  json(): Promise<T>;
}

/** The answer's body. */
export const body = async <T>(answer: Promise<Answer<T>>): Promise<T> => (await answer).json();

/** A list to its end, page after page from the cursor on. */
export async function readAll<T>(
  read: (cursor: string | undefined) => Promise<{ readonly items: readonly T[]; readonly next: string | null }>,
  from?: string,
): Promise<T[]> {
  const items: T[] = [];
  for (let cursor = from; ; ) {
    const page = await read(cursor);
    items.push(...page.items);
    if (page.next === null) return items;
    cursor = page.next;
  }
}
