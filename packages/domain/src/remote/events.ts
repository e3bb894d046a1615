/**
 * The line protocol between runner.sh and us. A value may hold any byte but a newline, is always the last field, and is
 * written by `printf '%s'`, so sh can write it safely whatever it is:
 *
 *   berth 1 <from>                                       header; what comes before it is the login shell's noise
 *   e TAB <epoch ms> TAB <type> TAB <step> TAB <service> TAB <text>    event number from + 1, from + 2, ...
 *   r TAB <key> TAB <value>                              a field of the verdict; `log` may be repeated
 *   .                                                    the end; without it the line was lost
 *
 * Everything is data from somebody else's server: lines are cut at 4 KB, decoded one by one (so a character split
 * between two packets is whole again), and freed of terminal sequences, control and direction characters.
 */
import { type EventType, type Exit, type ExitClass, exitClasses, type RunEvent } from "./remote.ts";

const lineLimit = 4096;
const logLimit = 40;
const eventTypes: readonly string[] = ["step", "log", "image", "health"] satisfies EventType[];
const reserved = new Set(["code", "class", "step", "service", "message", "log", "changed", "rolledBack", "downMs"]);

/** A run's output, read as it arrives. `exit` is the verdict, or undefined while the end has not been seen. */
export interface Reader {
  push(chunk: Uint8Array): void;
  readonly started: boolean;
  readonly exit: Exit | undefined;
}

/** Read a run's output; `onEvent` gets every event in order, the last one of type `result`. */
export function createReader(from: number, onEvent: (event: RunEvent) => void): Reader {
  const decoder = new TextDecoder();
  const verdict: [string, string][] = [];
  let held: Uint8Array[] = [];
  let size = 0;
  let seq = from;
  let started = false;
  let exit: Exit | undefined;

  function line(bytes: Uint8Array): void {
    if (exit) return;
    const text = decoder.decode(bytes);
    if (!started) {
      started = /^berth 1 \d+$/u.test(text);
      return;
    }
    if (text === ".") {
      exit = toExit(verdict);
      onEvent({ seq: seq + 1, at: new Date().toISOString(), type: "result", ...part("text", exit.message), data: exit });
      return;
    }
    const fields = text.split("\t");
    if (fields[0] === "e") {
      seq += 1;
      onEvent(toEvent(seq, fields));
    } else if (fields[0] === "r") {
      verdict.push([fields[1] ?? "", cleanText(fields.slice(2).join("\t"))]);
    }
  }

  return {
    push(chunk) {
      let start = 0;
      for (let end = chunk.indexOf(10); end >= 0; end = chunk.indexOf(10, start)) {
        hold(chunk.subarray(start, end));
        line(held.length === 1 ? held[0]! : Buffer.concat(held)); // hold() has just put one there
        held = [];
        size = 0;
        start = end + 1;
      }
      if (start < chunk.length) hold(chunk.slice(start));
    },
    get started() {
      return started;
    },
    get exit() {
      return exit;
    },
  };

  function hold(bytes: Uint8Array): void {
    const kept = bytes.subarray(0, Math.max(0, lineLimit - size));
    held.push(kept);
    size += kept.length;
  }
}

function toEvent(seq: number, fields: readonly string[]): RunEvent {
  const [, at, type, step, service, ...text] = fields;
  return {
    seq,
    at: toTime(at),
    type: eventTypes.includes(type ?? "") ? (type as EventType) : "log",
    ...part("step", step),
    ...part("service", service),
    ...part("text", text.join("\t")),
  };
}

/** Milliseconds, or a time as Docker writes it before a log line. A server's clock may say anything; ours then counts. */
function toTime(at: string | undefined): string {
  const time = new Date(/^\d{1,15}$/u.test(at ?? "") ? Number(at) : (at ?? ""));
  return Number.isNaN(time.getTime()) ? new Date().toISOString() : time.toISOString();
}

function part<K extends string>(key: K, value: string | undefined): { [P in K]?: string } {
  const text = cleanText(value ?? "");
  return text === "" ? {} : ({ [key]: text } as { [P in K]?: string });
}

function toExit(verdict: readonly [string, string][]): Exit {
  const fields = new Map(verdict);
  const code = Number(fields.get("code") || "1");
  const named = fields.get("class");
  const failed = (exitClasses as readonly string[]).includes(named ?? "") ? (named as ExitClass) : "internal";
  const downMs = fields.get("downMs");
  return {
    code: Number.isInteger(code) ? code : 1,
    ...(code === 0 ? {} : { class: failed }),
    ...part("step", fields.get("step")),
    ...part("service", fields.get("service")),
    ...part("message", fields.get("message")),
    log: verdict.flatMap(([key, value]) => (key === "log" ? [value] : [])).slice(-logLimit),
    changed: fields.get("changed") === "true",
    rolledBack: fields.get("rolledBack") === "true",
    ...(downMs !== undefined && /^\d+$/u.test(downMs) ? { downMs: Number(downMs) } : {}),
    data: Object.fromEntries(verdict.filter(([key]) => key !== "" && !reserved.has(key))),
  };
}

// CSI, OSC and the short escapes of a terminal; then C0, DEL, C1 and the characters that turn the reading direction.
const sequences = /\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[PX^_][^\x1b]*(?:\x1b\\)?|[ -/]*[0-~])/gu;
const controls = /[\x00-\x08\x0a-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu;

/** Text that is safe to print on a terminal and to keep in a log. A tab stays one space; a cut character goes. */
export function cleanText(text: string): string {
  return text
    .replace(sequences, "")
    .replaceAll("\t", " ")
    .replace(controls, "")
    .replace(/\ufffd+$/u, "")
    .trimEnd();
}
