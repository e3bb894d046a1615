import { hc } from "hono/client";
import type { Api } from "../../../../functions/api/app.ts";
import { type Asking, asking } from "./ask.ts";

export type Client = ReturnType<typeof hc<Api>>;

/** The service, typed by its own routes. Whatever is not a success is thrown as Refused. */
export const connect = (url: string, options: Asking): Client => hc<Api>(url, { fetch: asking(url, options) });

/** A part of a path, whatever is in it. */
export const segment = encodeURIComponent;

/** The answer's body. */
export const body = async <T>(answer: Promise<{ json: () => Promise<T> }>): Promise<T> => (await answer).json();
