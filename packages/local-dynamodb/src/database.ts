import { record } from "./stream.ts";
import type { StreamRecord } from "./stream-record.ts";
import { applyChange, type Change, keyOf, type Table } from "./table.ts";
import { equalItems, type Item } from "./value.ts";

/** A finished transaction's token: the same request again within ten minutes succeeds without being done again. */
export interface Token {
  readonly request: string;
  readonly until: number;
}

/** What a commit leaves in the journal: table, key, item after it (null when deleted). */
export type Logged = readonly [table: string, key: Item, item: Item | null];

export interface Journal {
  create(definition: Readonly<Record<string, unknown>>, createdAt: number): void;
  drop(table: string): void;
  ttl(table: string, attribute: string | undefined): void;
  commit(at: number, changes: readonly Logged[], expired: boolean, token: readonly [string, string] | undefined): void;
  close(): void;
}

export interface Database {
  readonly tables: Map<string, Table>;
  readonly tokens: Map<string, Token>;
  readonly now: () => number;
  readonly listeners: Set<(record: StreamRecord, table: string) => void>;
  journal: Journal | undefined;
  sequence: number;
}

export const tokenLife = 600_000;

/**
 * Do changes that belong together: tables and indexes, journal as one line, stream records in order. Returns the write units
 * each change was charged by the indexes.
 */
export function commit(
  database: Database,
  changes: readonly Change[],
  options: { readonly expired?: boolean; readonly token?: readonly [name: string, request: string] | undefined } = {},
): (Map<string, number> | undefined)[] {
  const now = database.now();
  const real = changes.map(isReal);
  const charged = changes.map((change, at) => (real[at] ? applyChange(change) : undefined));
  const done = changes.filter((_, at) => real[at]);
  if (options.token) keepToken(database, options.token, now);
  if (database.journal && (done.length > 0 || options.token)) {
    database.journal.commit(now, done.map(logged), options.expired ?? false, options.token);
  }
  for (const change of done) {
    if (!change.table.stream) continue;
    database.sequence += 1;
    const made = record(change, change.table.stream, { sequence: database.sequence, now, expired: options.expired ?? false });
    for (const listener of database.listeners) listener(made, change.table.name);
  }
  return charged;
}

const isReal = ({ old, entry }: Change) => old !== entry && !(old && entry && equalItems(old.item, entry.item));

const logged = ({ table, old, entry }: Change): Logged => [
  table.name,
  keyOf(table.keys, (entry ?? old)!.item),
  entry?.item ?? null,
];

export function keepToken(database: Database, [name, request]: readonly [string, string], now: number): void {
  // Insertion order is expiry order, so the first token that still counts ends the search.
  for (const [old, { until }] of database.tokens) {
    if (until > now) break;
    database.tokens.delete(old);
  }
  database.tokens.delete(name);
  database.tokens.set(name, { request, until: now + tokenLife });
}
