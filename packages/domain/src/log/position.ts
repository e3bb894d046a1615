import { sha256 } from "../id.ts";
import type { RunEvent } from "../remote/remote.ts";
import type { Step } from "./gather.ts";
import type { LogItem } from "./item.ts";
import type { Place } from "./log.ts";

const MOMENT = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?Z$/;
const CONTAINER = /^[0-9a-f]{12}$/;
/** An untrusted server may report any number of containers and messages; only this many are tracked. */
const CONTAINERS_MOST = 200;
const NOTES_MOST = 50;
const SERVICE_CHARS = 100;

export const nowhere = (): Place => ({ containers: {}, notes: [] });

export type Heard =
  | { readonly kind: "line"; readonly item: LogItem & { type: "log" }; readonly step?: Step }
  /** All initial lines were sent; those that follow are new. */
  | { readonly kind: "begun"; readonly step: Step }
  | { readonly kind: "step"; readonly step: Step }
  | { readonly kind: "nothing" };

const nothing: Heard = { kind: "nothing" };

/** Drops lines already seen: a container that is followed again is replayed from the timestamp of its last line, inclusive. */
export function listener(target: { readonly id: string; readonly name: string }, known: Place) {
  const place: Place = structuredClone(known);
  /** Containers being replayed, with the number of lines seen again at the last timestamp. */
  const again = new Map<string, number>(Object.keys(place.containers).map((id) => [id, 0]));
  const stepTo = (about: string, change: (place: Place) => void): Step => ({
    about: `${target.id} ${about}`,
    apply(places) {
      places[target.id] ??= nowhere();
      change(places[target.id] as Place); // just made, if it was not there
    },
  });

  const position = (id: string, at: string, count: number): Step | undefined => {
    if (!place.containers[id] && Object.keys(place.containers).length >= CONTAINERS_MOST) return undefined;
    place.containers[id] = { at, count };
    return stepTo(id, (there) => {
      there.containers[id] = { at, count };
    });
  };

  const isNew = (id: string, at: string): boolean => {
    const last = place.containers[id];
    const seen = again.get(id);
    if (last && at < last.at && seen !== undefined) return false;
    // The first unseen line ends the replay: another line with its timestamp is not a repetition.
    if (!last || at > last.at) again.delete(id);
    if (!last || seen === undefined || at > last.at) return true;
    again.set(id, seen + 1);
    return seen + 1 > last.count;
  };

  const line = (event: RunEvent, id: string, at: string): Heard => {
    const item = {
      type: "log" as const,
      at: event.at,
      target: target.name,
      service: (event.service ?? "").slice(0, SERVICE_CHARS),
      text: event.text ?? "",
    };
    if (!CONTAINER.test(id) || !MOMENT.test(at)) return remark(item, id);
    if (!isNew(id, at)) return nothing;
    const last = place.containers[id];
    if (last && at < last.at) return { kind: "line", item };
    const step = position(id, at, at === last?.at ? last.count + 1 : 1);
    return { kind: "line", item, ...(step && { step }) };
  };

  /** A message that Docker sends instead of a line, every time it is asked; reported once. */
  const remark = (item: LogItem & { type: "log" }, id: string): Heard => {
    const note = sha256(`${id} ${item.text}`).slice(0, 16);
    if (place.notes.includes(note) || place.notes.length >= NOTES_MOST) return nothing;
    place.notes.push(note);
    return { kind: "line", item, step: stepTo(note, ({ notes }) => void notes.push(note)) };
  };

  return {
    place,
    stepTo,
    hear(event: RunEvent): Heard {
      const [first = "", second = "", third = ""] = (event.step ?? "").split(" ");
      if (event.type === "log") return line(event, first, second);
      if (event.type !== "note") return nothing;
      if (first === "begun" && MOMENT.test(second)) {
        if (place.begun !== undefined) return nothing;
        place.begun = second;
        return {
          kind: "begun",
          step: stepTo("begun", (there) => {
            there.begun = second;
          }),
        };
      }
      if (!CONTAINER.test(first)) return nothing;
      if (second === "follows") {
        if (place.containers[first]) again.set(first, 0);
        return nothing;
      }
      if (!MOMENT.test(second) || !/^\d{1,6}$/.test(third)) return nothing;
      const step = position(first, second, Number(third));
      return step ? { kind: "step", step } : nothing;
    },
  };
}
export type Listener = ReturnType<typeof listener>;
