import type { Redact } from "./redact.ts";

const prose = new Set(["text", "message", "log"]);

/** Words of the protocol: a field that is exactly one of them is not redacted, which would break its readers. It reveals nothing. */
const protocolWords = new Set(
  [
    "preflight pull start verify record prune remove restore check inspect logs cancel",
    "step log note image health result",
    "running exited restarting created paused dead removing starting healthy unhealthy none",
    "always unless-stopped on-failure no tcp udp sctp 0.0.0.0 127.0.0.1",
  ]
    .join(" ")
    .split(" "),
);
const isTime = (text: string) => /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{3})?Z$/.test(text);

/** Redacts all strings of a value at any depth, and the keys of a record called `data`, which come from the server. */
export function redactWhole<T>(value: T, redact: Redact, classes: (text: string) => boolean): T {
  const isPublic = (text: string) => protocolWords.has(text) || isTime(text) || classes(text);
  const walk = (inner: unknown, name: string): unknown => {
    if (typeof inner === "string") return !prose.has(name) && isPublic(inner) ? inner : redact(inner);
    if (Array.isArray(inner)) return inner.map((each) => walk(each, name));
    if (typeof inner !== "object" || inner === null) return inner;
    return Object.fromEntries(Object.entries(inner).map(([key, each]) => [name === "data" ? redact(key) : key, walk(each, key)]));
  };
  return walk(value, "") as T;
}
