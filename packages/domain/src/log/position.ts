import { sha256 } from "../id.ts";
import type { RunEvent } from "../remote/remote.ts";
import type { Update } from "./batch-writer.ts";
import type { LogItem } from "./item.ts";
import type { Progress } from "./log.ts";

const MOMENT = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?Z$/;
const CONTAINER = /^[0-9a-f]{12}$/;
/** An untrusted server may report any number of containers and messages; only this many are tracked. */
const CONTAINERS_MOST = 200;
const NOTES_MOST = 50;
const SERVICE_CHARS = 100;

export const unread = (): Progress => ({ containers: {}, notes: [] });

export type Tracked =
  | { readonly kind: "line"; readonly item: LogItem & { type: "log" }; readonly update?: Update }
  /** All initial lines were sent; those that follow are new. */
  | { readonly kind: "begun"; readonly update: Update }
  | { readonly kind: "update"; readonly update: Update }
  | { readonly kind: "nothing" };

const nothing: Tracked = { kind: "nothing" };

/** Drops lines already seen: a container that is followed again is replayed from the timestamp of its last line, inclusive. */
export function tracker(target: { readonly id: string; readonly name: string }, before: Progress) {
  const progress: Progress = structuredClone(before);
  /** Containers being replayed, with the number of lines seen again at the last timestamp. */
  const again = new Map<string, number>(Object.keys(progress.containers).map((id) => [id, 0]));
  const updateOf = (key: string, change: (progress: Progress) => void): Update => ({
    key: `${target.id} ${key}`,
    apply(all) {
      all[target.id] ??= unread();
      change(all[target.id] as Progress); // created above if missing
    },
  });

  const position = (id: string, at: string, count: number): Update | undefined => {
    if (!progress.containers[id] && Object.keys(progress.containers).length >= CONTAINERS_MOST) return undefined;
    progress.containers[id] = { at, count };
    return updateOf(id, (stored) => {
      stored.containers[id] = { at, count };
    });
  };

  const isNew = (id: string, at: string): boolean => {
    const last = progress.containers[id];
    const seen = again.get(id);
    if (last && at < last.at && seen !== undefined) return false;
    // The first unseen line ends the replay: another line with its timestamp is not a repetition.
    if (!last || at > last.at) again.delete(id);
    if (!last || seen === undefined || at > last.at) return true;
    again.set(id, seen + 1);
    return seen + 1 > last.count;
  };

  const line = (event: RunEvent, id: string, at: string): Tracked => {
    const item = {
      type: "log" as const,
      at: event.at,
      target: target.name,
      service: (event.service ?? "").slice(0, SERVICE_CHARS),
      text: event.text ?? "",
    };
    if (!CONTAINER.test(id) || !MOMENT.test(at)) return remark(item, id);
    if (!isNew(id, at)) return nothing;
    const last = progress.containers[id];
    if (last && at < last.at) return { kind: "line", item };
    const update = position(id, at, at === last?.at ? last.count + 1 : 1);
    return { kind: "line", item, ...(update && { update }) };
  };

  /** A message that Docker sends instead of a line, every time it is asked; reported once. */
  const remark = (item: LogItem & { type: "log" }, id: string): Tracked => {
    const note = sha256(`${id} ${item.text}`).slice(0, 16);
    if (progress.notes.includes(note) || progress.notes.length >= NOTES_MOST) return nothing;
    progress.notes.push(note);
    return { kind: "line", item, update: updateOf(note, ({ notes }) => void notes.push(note)) };
  };

  return {
    progress,
    updateOf,
    track(event: RunEvent): Tracked {
      const [first = "", second = "", third = ""] = (event.step ?? "").split(" ");
      if (event.type === "log") return line(event, first, second);
      if (event.type !== "note") return nothing;
      if (first === "begun" && MOMENT.test(second)) {
        if (progress.begun !== undefined) return nothing;
        progress.begun = second;
        return {
          kind: "begun",
          update: updateOf("begun", (stored) => {
            stored.begun = second;
          }),
        };
      }
      if (!CONTAINER.test(first)) return nothing;
      if (second === "follows") {
        if (progress.containers[first]) again.set(first, 0);
        return nothing;
      }
      if (!MOMENT.test(second) || !/^\d{1,6}$/.test(third)) return nothing;
      const update = position(first, second, Number(third));
      return update ? { kind: "update", update } : nothing;
    },
  };
}
export type Tracker = ReturnType<typeof tracker>;
