/**
 * The runner's output. Fields are separated by tabs; the last may hold any byte but a newline, so sh writes it with `printf '%s'`.
 *   berth 1 <from>                                header; before it comes output of the login shell
 *   e <epoch ms> <type> <step> <service> <text>   event number from + 1, from + 2, ...
 *   r <key> <value>                               a field of the verdict; `log`, `message` and `container` may repeat
 *   p <base64>                                    a part of the report that a plan is made of
 *   w <hash>                                      the runner wants an archive
 *   i <service> ...                               it wants the images of services, from the server that built them
 *   i <length>                                    of the operation save: what follows are as many bytes of packed images
 *   q                                             the runner asks, after its report, whether to begin: answered by `go`, `unchanged` or
 *                                                 `no <class>`, lines for people, with `go` one and the operations, and a dot
 *   .                                             the end; without it the connection was lost
 * The server is untrusted: lines are cut at 4 KB and stripped of terminal sequences and control characters.
 */
import { CONTAINERS_MOST, type Container, readContainer } from "./container.ts";
import { type EventType, type Exit, type ExitClass, exitClasses, type RunEvent } from "./remote.ts";
import { cleanText } from "./text.ts";

const lineLimit = 4096;
const logLimit = 40;
/** A real verdict has a handful of short fields; these limits are for a hostile server. */
const fieldLimit = 100;
const factLimit = 60;
const nameLimit = 40;
const valueLimit = 1000;
/** Per run. Further events are counted and not parsed. */
export const EVENTS_MOST = 50_000;
/** Of a report, compressed. */
const REPORT_MOST = 2 * 1024 * 1024;
/** What a line of it costs at least to hold, in bytes. */
const LINE_COST = 50;
const eventTypes: readonly string[] = ["step", "plan", "log", "note", "image", "health"] satisfies EventType[];
const reserved = new Set([
  ...["code", "class", "step", "service", "message", "log", "changed", "rolledBack", "unchanged", "downMs"],
  ...["containers", "container", "expected", "booted"],
]);

const [TAB, LETTER_E, LETTER_P] = [9, 101, 112];

export interface Reader {
  push(chunk: Uint8Array): void;
  readonly started: boolean;
  readonly exit: Exit | undefined;
}

export function createReader(
  from: number,
  onEvent: (event: RunEvent) => void,
  most = Number.POSITIVE_INFINITY,
  onAsked: (report: Uint8Array | undefined) => void = () => {},
  onWanted: (archive: string) => void = () => {},
  onCarried: (services: readonly string[]) => void = () => {},
): Reader {
  const decoder = new TextDecoder();
  const verdict: [string, string][] = [];
  const log: string[] = [];
  const containers: Container[] = [];
  let partial: Uint8Array[] = [];
  let size = 0;
  let seq = from;
  let started = false;
  let exit: Exit | undefined;
  const report: Buffer[] = [];
  let reported = 0;
  let asked = false;

  function readLine(bytes: Uint8Array): void {
    if (exit) return;
    if (started && bytes[0] === LETTER_P && bytes[1] === TAB) {
      if (reported > REPORT_MOST || asked || bytes.length < 3) return;
      const part = Buffer.from(Buffer.from(bytes.subarray(2)).toString("latin1"), "base64");
      reported += Math.max(part.length, LINE_COST);
      report.push(part);
      return;
    }
    if (started && bytes[0] === LETTER_E && bytes[1] === TAB && ++seq > most) return;
    const text = decoder.decode(bytes);
    if (!started) {
      started = /^berth 1 \d+$/u.test(text);
      return;
    }
    if (text === "q") {
      if (!asked) onAsked(reported <= REPORT_MOST ? Buffer.concat(report) : undefined);
      asked = true;
      return;
    }
    const wanted = /^w\t([0-9a-f]{64})$/.exec(text)?.[1];
    if (wanted !== undefined) {
      onWanted(wanted);
      return;
    }
    if (text.startsWith("i\t")) {
      onCarried(text.slice(2).split(" "));
      return;
    }
    if (text === ".") {
      const told = reported > 0 && reported <= REPORT_MOST && { report: Buffer.concat(report) };
      exit = { ...toExit(verdict, log.map(cleanText), containers), ...told };
      const text = exit.message?.replaceAll("\n", " ");
      onEvent({ seq: seq + 1, at: new Date().toISOString(), type: "result", ...part("text", text), data: exit });
      return;
    }
    const fields = text.split("\t");
    if (fields[0] === "e" && fields.length > 1) {
      onEvent(toEvent(seq, fields));
    } else if (fields[0] === "r" && fields[1] === "container") {
      const container = containers.length < CONTAINERS_MOST && readContainer(fields.slice(2).join("\t"));
      if (container) containers.push(container);
    } else if (fields[0] === "r" && fields[1] === "log") {
      log.push(fields.slice(2).join("\t"));
      if (log.length > logLimit) log.shift();
    } else if (fields[0] === "r" && verdict.length < fieldLimit) {
      verdict.push([(fields[1] ?? "").slice(0, nameLimit), cleanText(fields.slice(2).join("\t"))]);
    }
  }

  return {
    push(chunk) {
      let start = 0;
      for (let end = chunk.indexOf(10); end >= 0; end = chunk.indexOf(10, start)) {
        append(chunk.subarray(start, end));
        readLine(partial.length === 1 ? partial[0]! : Buffer.concat(partial)); // empty for an empty line
        partial = [];
        size = 0;
        start = end + 1;
      }
      if (start < chunk.length) append(chunk.slice(start));
    },
    get started() {
      return started;
    },
    get exit() {
      return exit;
    },
  };

  function append(bytes: Uint8Array): void {
    if (size >= lineLimit) return;
    const kept = bytes.subarray(0, lineLimit - size);
    partial.push(kept);
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

/** Epoch milliseconds, or the time Docker prints before a log line. An impossible time is replaced by ours. */
function toTime(at: string | undefined): string {
  const time = new Date(/^\d{1,15}$/u.test(at ?? "") ? Number(at) : (at ?? ""));
  return time.getTime() >= 0 && time.getUTCFullYear() <= 9999 ? time.toISOString() : new Date().toISOString();
}

function part<K extends string>(key: K, value: string | undefined): { [P in K]?: string } {
  const text = cleanText(value ?? "");
  return text === "" ? {} : ({ [key]: text } as { [P in K]?: string });
}

function toExit(verdict: readonly [string, string][], log: readonly string[], items: readonly Container[]): Exit {
  const fields = new Map(verdict);
  const code = Number(fields.get("code") || "1");
  const named = fields.get("class");
  const failed = (exitClasses as readonly string[]).includes(named ?? "") ? (named as ExitClass) : "internal";
  const downMs = fields.get("downMs");
  const message = verdict.flatMap(([key, value]) => (key === "message" && value !== "" ? [value] : [])).join("\n");
  return {
    code: Number.isInteger(code) ? code : 1,
    ...(code === 0 ? {} : { class: failed }),
    ...part("step", fields.get("step")),
    ...part("service", fields.get("service")),
    ...(message && { message }),
    log,
    changed: fields.get("changed") === "true",
    rolledBack: fields.get("rolledBack") === "true",
    ...(fields.get("unchanged") === "true" && { unchanged: true }),
    ...(downMs !== undefined && /^\d+$/u.test(downMs) ? { downMs: Number(downMs) } : {}),
    ...containersIn(fields, items),
    data: Object.fromEntries(
      verdict
        .filter(([key]) => key !== "" && !reserved.has(key))
        .slice(0, factLimit)
        .map(([key, value]) => [key, value.slice(0, valueLimit)]),
    ),
  };
}

function containersIn(fields: ReadonlyMap<string, string>, items: readonly Container[]): Pick<Exit, "containers"> {
  const count = fields.get("containers");
  if (count === undefined || !/^\d{1,6}$/u.test(count)) return {};
  const booted = Number(fields.get("booted"));
  const expected = (fields.get("expected") ?? "").split(" ").filter(Boolean);
  const bootedAt = Number.isSafeInteger(booted) && booted > 0 && booted < 1e10 ? new Date(booted * 1000).toISOString() : null;
  return { containers: { items: [...items], expected, more: Math.max(0, Number(count) - items.length), bootedAt } };
}
