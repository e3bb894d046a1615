import { readFileSync } from "node:fs";
import type { Cloud } from "@berth/local/cloud.ts";

interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, { readonly operationId: string }>>>>;
}

interface Call {
  /** Of the path and, those that are not in it, of the query. */
  readonly with?: Readonly<Record<string, string | number>>;
  readonly body?: unknown;
  /** A token; the browser's cookies without one. */
  readonly token?: string;
  /** As an event stream, to its end. */
  readonly streamed?: true;
}

const { paths }: Document = JSON.parse(readFileSync("docs/openapi.json", "utf8"));
const operations = new Map(
  Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, { operationId }]) => [operationId, { method: method.toUpperCase(), path }] as const),
  ),
);
export const operationNames = [...operations.keys()].sort();

/** A customer who calls the API's operations by their names and remembers which were answered well. */
export function customerOf({ origin }: Cloud) {
  const cookies = new Map<string, string>();
  const done = new Set<string>();
  async function call(operation: string, { with: given = {}, body, token, streamed }: Call = {}) {
    const { method, path } = operations.get(operation) ?? { method: "", path: "" };
    const inPath = (name: string) => path.includes(`{${name}}`);
    const query = Object.entries(given).filter(([name]) => !inPath(name));
    const filled = path.replaceAll(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(String(given[name])));
    const url = new URL(filled, origin);
    for (const [name, value] of query) url.searchParams.set(name, String(value));
    const answer = await fetch(url, {
      method,
      headers: {
        ...(token
          ? { authorization: `Bearer ${token}` }
          : { cookie: [...cookies].map((each) => each.join("=")).join("; "), origin }),
        ...(body !== undefined && { "content-type": "application/json" }),
        ...(streamed && { accept: "text/event-stream" }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    for (const cookie of answer.headers.getSetCookie()) {
      const [pair = ""] = cookie.split(";");
      cookies.set(pair.slice(0, pair.indexOf("=")), pair.slice(pair.indexOf("=") + 1));
    }
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${operation} ${url.pathname} answered ${answer.status}: ${text}`);
    done.add(operation);
    // biome-ignore lint/suspicious/noExplicitAny: whatever the route answers
    return (streamed ? text : text === "" ? undefined : JSON.parse(text)) as any;
  }
  return { call, done: () => [...done].sort() };
}
