import {
  closeSync,
  existsSync,
  fdatasync,
  fdatasyncSync,
  fsyncSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { commit, type Database, type Journal, keepToken, type Logged, tokenLife } from "./database.ts";
import type { StreamRecord } from "./stream-record.ts";
import { applyChange, type Change, newEntry, rowId, type Table } from "./table.ts";
import { newTable } from "./tables.ts";
import { type Item, readItem } from "./value.ts";

/**
 * The journal is one append-only file of JSON lines, `<generation>.log`. A line is one commit, so a transaction is there whole
 * or not at all; a last line cut short by a crash is cut off. Compaction writes the state as the head of the next
 * generation, under another name until it is complete. A line is in the operating system's hands when the call returns, so a
 * killed process loses nothing; it is on the disk within `syncEvery`, so a power cut loses at most that.
 */
type Line =
  | { readonly kind: "create"; readonly definition: Readonly<Record<string, unknown>>; readonly createdAt: number }
  | { readonly kind: "drop"; readonly table: string }
  | { readonly kind: "ttl"; readonly table: string; readonly attribute: string | null }
  | {
      readonly kind: "commit";
      readonly at: number;
      readonly changes: readonly Logged[];
      readonly expired?: true;
      readonly token?: readonly [string, string];
    }
  | { readonly kind: "rows"; readonly table: string; readonly items: readonly Item[] }
  | { readonly kind: "records"; readonly table: string; readonly records: readonly StreamRecord[] }
  | { readonly kind: "token"; readonly name: string; readonly request: string; readonly at: number }
  | { readonly kind: "sequence"; readonly sequence: number };

const syncEvery = 50;
const compactAt = 64 * 1024 * 1024;
const chunk = 500;

const generationOf = (file: string) => Number(/^(\d+)\.log$/.exec(file)?.[1] ?? 0);

/** Open a folder's journal: bring the database to where it ended, and keep it from now on. Throws on a damaged line before the last. */
export function openJournal(database: Database, folder: string): Journal {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  let generation = Math.max(0, ...readdirSync(folder).map(generationOf));
  // A crash during compaction leaves a draft, or the generation before beside its successor.
  for (const file of readdirSync(folder))
    if (/^\d+\.log(\.draft)?$/.test(file) && generationOf(file) !== generation) rmSync(join(folder, file));
  const path = () => join(folder, `${generation}.log`);
  let size = existsSync(path()) ? replay(database, path()) : 0;
  let descriptor = openSync(path(), "a", 0o600);
  ftruncateSync(descriptor, size);
  let headSize = 0;
  let timer: NodeJS.Timeout | undefined;

  function append(line: Line): void {
    const text = `${JSON.stringify(line)}\n`;
    size += writeSync(descriptor, text);
    timer ??= setTimeout(sync, syncEvery).unref();
    if (size > compactAt && size > 2 * headSize) compact();
  }

  function sync(): void {
    timer = undefined;
    const current = descriptor;
    fdatasync(current, (error) => {
      // A descriptor closed meanwhile was synced by whoever closed it.
      if (error && current === descriptor && error.code !== "EBADF") throw error;
    });
  }

  function compact(): void {
    const next = join(folder, `${generation + 1}.log`);
    const draft = openSync(`${next}.draft`, "w", 0o600);
    headSize = 0;
    for (const line of state(database)) headSize += writeSync(draft, `${JSON.stringify(line)}\n`);
    fsyncSync(draft);
    renameSync(`${next}.draft`, next);
    syncFolder(folder);
    closeSync(descriptor);
    rmSync(path());
    generation += 1;
    descriptor = draft;
    size = headSize;
  }

  if (size > compactAt) compact();
  return {
    create: (definition, createdAt) => append({ kind: "create", definition, createdAt }),
    drop: (table) => append({ kind: "drop", table }),
    ttl: (table, attribute) => append({ kind: "ttl", table, attribute: attribute ?? null }),
    commit: (at, changes, expired, token) =>
      append({ kind: "commit", at, changes, ...(expired && { expired }), ...(token && { token }) }),
    close: () => {
      clearTimeout(timer);
      fdatasyncSync(descriptor);
      closeSync(descriptor);
    },
  };
}

function syncFolder(folder: string): void {
  const descriptor = openSync(folder, "r");
  fsyncSync(descriptor);
  closeSync(descriptor);
}

/** Apply a file's lines. Returns the bytes of it that hold whole lines. */
function replay(database: Database, file: string): number {
  const bytes = readFileSync(file);
  let from = 0;
  for (;;) {
    const end = bytes.indexOf(10, from);
    if (end < 0) return from;
    const line = parseLine(bytes.toString("utf8", from, end));
    if (line) restore(database, line);
    // Zeros or garbage may follow a crash where the file had grown but its bytes were not written; only the end may be so.
    else if (bytes.indexOf(10, end + 1) < 0) return from;
    else throw new Error(`Line at byte ${from} of ${file} is damaged`);
    from = end + 1;
  }
}

function parseLine(text: string): Line | undefined {
  try {
    return JSON.parse(text) as Line;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function restore(database: Database, line: Line): void {
  const tableNamed = (name: string): Table => database.tables.get(name)!;
  switch (line.kind) {
    case "create": {
      const table = newTable(line.definition, line.createdAt);
      database.tables.set(table.name, table);
      return;
    }
    case "drop":
      database.tables.delete(line.table);
      return;
    case "ttl":
      tableNamed(line.table).ttl = line.attribute ?? undefined;
      return;
    case "rows":
      for (const item of line.items) applyChange(change(database, line.table, item, item));
      return;
    case "records":
      tableNamed(line.table).records.push(...line.records);
      return;
    case "token":
      keepToken(database, [line.name, line.request], line.at);
      return;
    case "sequence":
      database.sequence = line.sequence;
      return;
    case "commit":
      put(database, line.changes, line);
  }
}

/** Put back what was committed. Streams make the records they made, with the same sequence numbers and times. */
function put(database: Database, changes: readonly Logged[], line: Extract<Line, { kind: "commit" }>): void {
  const then: Database = { ...database, now: () => line.at, journal: undefined, listeners: new Set() };
  const found = changes.map(([name, key, item]) => change(database, name, key, item));
  commit(then, found, { expired: line.expired ?? false, token: line.token });
  database.sequence = then.sequence;
}

function change(database: Database, name: string, key: Item, item: Item | null): Change {
  const table = database.tables.get(name)!;
  const id = rowId(table, key);
  return { table, id, old: table.rows.get(id), entry: item === null ? undefined : newEntry(table, readItem(item)) };
}

/** The lines that say what the database holds. */
function* state(database: Database): Generator<Line> {
  for (const table of database.tables.values()) {
    yield { kind: "create", definition: table.definition, createdAt: table.createdAt };
    if (table.ttl !== undefined) yield { kind: "ttl", table: table.name, attribute: table.ttl };
    const items = [...table.rows.values()].map(({ item }) => item);
    for (let at = 0; at < items.length; at += chunk)
      yield { kind: "rows", table: table.name, items: items.slice(at, at + chunk) };
    const { records } = table;
    for (let at = 0; at < records.length; at += chunk)
      yield { kind: "records", table: table.name, records: records.slice(at, at + chunk) };
  }
  for (const [name, { request, until }] of database.tokens) yield { kind: "token", name, request, at: until - tokenLife };
  yield { kind: "sequence", sequence: database.sequence };
}
