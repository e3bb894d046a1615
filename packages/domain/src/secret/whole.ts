import type { Redact } from "./redact.ts";

/** What people and programs write; everything else is a word of the protocol or data. */
const prose = new Set(["text", "message", "log"]);

/**
 * Words that mean something to us. A field that holds one and nothing else stays as it is: to hide it would break what is done with it, and it is the
 * same whatever the release's values are.
 */
const words = new Set(
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

/** Takes what is secret out of all texts of a value, however deep, and of the names in it that a stranger chose: those of a record called `data`. */
export function redactWhole<T>(value: T, redact: Redact, classes: (text: string) => boolean): T {
  const kept = (text: string) => words.has(text) || isTime(text) || classes(text);
  const walk = (inner: unknown, name: string): unknown => {
    if (typeof inner === "string") return !prose.has(name) && kept(inner) ? inner : redact(inner);
    if (Array.isArray(inner)) return inner.map((each) => walk(each, name));
    if (typeof inner !== "object" || inner === null) return inner;
    return Object.fromEntries(Object.entries(inner).map(([key, each]) => [name === "data" ? redact(key) : key, walk(each, key)]));
  };
  return walk(value, "") as T;
}
