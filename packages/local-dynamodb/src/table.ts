import { type Entries, type Entry, insert, type KeyPart, type Keys, remove } from "./entries.ts";
import { invalid } from "./error.ts";
import type { StreamRecord, StreamView } from "./stream-record.ts";
import { type AttributeValue, binaryLength, emptyItem, equalItems, type Item, itemSize, textSize, typeOf } from "./value.ts";

/** A global secondary index. `projected` are the attributes it carries, or undefined for all of them. */
export interface Index {
  readonly name: string;
  readonly keys: Keys;
  readonly projected: ReadonlySet<string> | undefined;
  readonly entries: Entries;
}

export interface Table {
  readonly name: string;
  /** The CreateTable input, for descriptions and the journal. */
  readonly definition: Readonly<Record<string, unknown>>;
  readonly createdAt: number;
  readonly keys: Keys;
  readonly rows: Map<string, Entry>;
  readonly entries: Entries;
  readonly indexes: readonly Index[];
  /** The attributes that are a key of the table or of an index. */
  readonly scalars: ReadonlySet<string>;
  readonly stream: StreamView | undefined;
  readonly streamArn: string;
  readonly records: StreamRecord[];
  ttl: string | undefined;
}

/** One item's change: no entry after it deletes; the same entry is a check only. */
export interface Change {
  readonly table: Table;
  readonly id: string;
  readonly old: Entry | undefined;
  readonly entry: Entry | undefined;
}

export const largestItem = 409_600;

/** Where an item with this key lives among the table's rows. */
export function rowId(table: Table, key: Item): string {
  const hash = scalar(key[table.keys.hash.name]!);
  return table.keys.range ? `${hash.length}:${hash}${scalar(key[table.keys.range.name]!)}` : hash;
}

export const scalar = (value: AttributeValue): string => (value.S ?? value.N ?? value.B)!;

export const keyParts = (keys: Keys): KeyPart[] => (keys.range ? [keys.hash, keys.range] : [keys.hash]);

/** The key of an item, and nothing else of it. */
export function keyOf(keys: Keys, item: Item): Item {
  const key = emptyItem();
  for (const { name } of keyParts(keys)) key[name] = item[name]!;
  return key;
}

/** Check that a request's key is exactly the table's. Throws ValidationException. */
export function checkKey(table: Table, key: Item): void {
  const parts = keyParts(table.keys);
  if (Object.keys(key).length !== parts.length) throw invalid("The provided key element does not match the schema");
  checkOwnKey(table, key);
}

/** Check that an item carries the table's key, with the right types and sizes. Throws ValidationException. */
export function checkOwnKey(table: Table, item: Item): void {
  for (const part of keyParts(table.keys)) {
    const value = item[part.name];
    if (value === undefined) throw invalid(`One or more parameter values were invalid: Missing the key ${part.name} in the item`);
    checkKeyPart(part, value, part === table.keys.hash, "key");
  }
}

/** Check that whatever index keys an item carries could stand in their index. Throws ValidationException. */
export function checkIndexKeys(table: Table, item: Item): void {
  for (const { keys } of table.indexes) {
    for (const part of keyParts(keys)) {
      const value = item[part.name];
      if (value !== undefined) checkKeyPart(part, value, part === keys.hash, "Index Key");
    }
  }
}

function checkKeyPart(part: KeyPart, value: AttributeValue, isHash: boolean, what: string): void {
  if (value[part.type] === undefined) {
    throw invalid(
      `One or more parameter values were invalid: Type mismatch for ${what} ${part.name} expected: ${part.type} actual: ${typeOf(value)}`,
    );
  }
  if (part.type === "N") return;
  const size = value.S === undefined ? binaryLength(value.B!) : textSize(value.S);
  if (size === 0)
    throw invalid(
      `One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an empty ${part.type === "S" ? "string" : "binary"} value. Key: ${part.name}`,
    );
  if (size > (isHash ? 2048 : 1024))
    throw invalid(
      `One or more parameter values were invalid: Size of ${isHash ? "hashkey" : "rangekey"} has exceeded the maximum size limit`,
    );
}

export function newEntry(table: Table, item: Item): Entry {
  const { hash, range } = table.keys;
  return { hash: scalar(item[hash.name]!), range: range ? scalar(item[range.name]!) : "", tie: "", item, size: itemSize(item) };
}

/** An item's entry in an index, or undefined when it lacks one of the index's keys. */
export function indexEntry(table: Table, index: Index, item: Item): Entry | undefined {
  const hash = item[index.keys.hash.name];
  const range = index.keys.range && item[index.keys.range.name];
  if (hash === undefined || (index.keys.range && range === undefined)) return undefined;
  let projected = item;
  if (index.projected) {
    projected = emptyItem();
    for (const name in item) if (index.projected.has(name)) projected[name] = item[name]!;
  }
  return {
    hash: scalar(hash),
    range: range ? scalar(range) : "",
    tie: rowId(table, item),
    item: projected,
    size: itemSize(projected),
  };
}

export const writeUnits = (size: number) => Math.max(1, Math.ceil(size / 1024));

/** Put a change into the table and its indexes. Returns the write units each touched index was charged. */
export function applyChange({ table, id, old, entry }: Change): Map<string, number> | undefined {
  if (entry) {
    table.rows.set(id, entry);
    insert(table.entries, entry);
  } else if (old) {
    table.rows.delete(id);
    remove(table.entries, old);
  }
  if (table.indexes.length === 0) return undefined;
  const charged = new Map<string, number>();
  for (const index of table.indexes) {
    const before = old && indexEntry(table, index, old.item);
    const after = entry && indexEntry(table, index, entry.item);
    const units = reindex(index, before, after);
    if (units > 0) charged.set(index.name, units);
  }
  return charged;
}

/** Moving an entry to another index key is a delete and a put; an entry whose projected attributes stay the same costs nothing. */
function reindex(index: Index, before: Entry | undefined, after: Entry | undefined): number {
  const stays = before && after && before.hash === after.hash && before.range === after.range;
  if (stays && equalItems(before.item, after.item)) return 0;
  if (before && !stays) remove(index.entries, before);
  if (after) insert(index.entries, after);
  if (stays) return writeUnits(Math.max(before.size, after.size));
  return (before ? writeUnits(before.size) : 0) + (after ? writeUnits(after.size) : 0);
}
