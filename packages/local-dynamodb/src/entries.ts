import { compareNumbers } from "./number.ts";
import { compareBinary, compareText, type Item } from "./value.ts";

export interface KeyPart {
  readonly name: string;
  readonly type: "S" | "N" | "B";
}
export interface Keys {
  readonly hash: KeyPart;
  readonly range?: KeyPart;
}

/** One item's place in a table or index. `tie` keeps items of an index apart that share both index keys. */
export interface Entry {
  readonly hash: string;
  readonly range: string;
  readonly tie: string;
  readonly item: Item;
  readonly size: number;
}

/** Items by hash key, each partition in range order. */
export interface Entries {
  readonly keys: Keys;
  readonly partitions: Map<string, Entry[]>;
  /** Hash keys in scan order, or undefined since a partition came or went. */
  scanned: readonly string[] | undefined;
}

type Place = Pick<Entry, "range" | "tie">;

export const newEntries = (keys: Keys): Entries => ({ keys, partitions: new Map(), scanned: undefined });

const comparators = { S: compareText, N: compareNumbers, B: compareBinary } as const;

export const compareRange = (entries: Entries, left: string, right: string) =>
  comparators[entries.keys.range?.type ?? "S"](left, right);

export function comparePlace(entries: Entries, left: Place, right: Place): number {
  const order = entries.keys.range ? compareRange(entries, left.range, right.range) : 0;
  return order !== 0 ? order : left.tie === right.tie ? 0 : left.tie < right.tie ? -1 : 1;
}

/** The first position in a partition that `before` is false for; `before` is true for a prefix only. */
export function position(partition: readonly Entry[], before: (entry: Entry) => boolean): number {
  let [low, high] = [0, partition.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (before(partition[middle]!)) low = middle + 1;
    else high = middle;
  }
  return low;
}

export function insert(entries: Entries, entry: Entry): void {
  const partition = entries.partitions.get(entry.hash);
  if (!partition) {
    entries.partitions.set(entry.hash, [entry]);
    entries.scanned = undefined;
    return;
  }
  const last = partition.at(-1);
  if (last && comparePlace(entries, last, entry) < 0) {
    partition.push(entry);
    return;
  }
  const at = position(partition, (other) => comparePlace(entries, other, entry) < 0);
  const same = partition[at] !== undefined && comparePlace(entries, partition[at], entry) === 0;
  partition.splice(at, same ? 1 : 0, entry);
}

export function remove(entries: Entries, entry: Entry): void {
  const partition = entries.partitions.get(entry.hash);
  if (!partition) return;
  const at = position(partition, (other) => comparePlace(entries, other, entry) < 0);
  if (partition[at] === undefined || comparePlace(entries, partition[at], entry) !== 0) return;
  partition.splice(at, 1);
  if (partition.length > 0) return;
  entries.partitions.delete(entry.hash);
  entries.scanned = undefined;
}

/** A steady pseudo-random place for a hash key, so that a scan's order says nothing about the keys', as in the service. */
export function scatter(text: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  return hash >>> 0;
}

export const compareScanned = (left: string, right: string) =>
  scatter(left) - scatter(right) || (left < right ? -1 : left > right ? 1 : 0);

export function scanOrder(entries: Entries): readonly string[] {
  entries.scanned ??= [...entries.partitions.keys()].sort(compareScanned);
  return entries.scanned;
}
