import { totals, type Usage } from "./capacity.ts";
import { commit, type Database } from "./database.ts";
import { DynamoError } from "./error.ts";
import { openJournal } from "./journal.ts";
import { query, scan } from "./query.ts";
import { batchGet, batchWrite, getItem } from "./read.ts";
import { findTable, type Input } from "./request.ts";
import { recordsAfter } from "./stream.ts";
import type { StreamRecord } from "./stream-record.ts";
import { createTable, deleteTable, describeTable, describeTimeToLive, listTables, updateTimeToLive } from "./tables.ts";
import { transactGet, transactWrite } from "./transact.ts";
import { writeItem } from "./write.ts";

/** What one request consumed of one table, its indexes included, in capacity units; refused writes consume too. */
export interface Consumption {
  readonly operation: string;
  readonly table: string;
  readonly read: number;
  readonly write: number;
}

/**
 * DynamoDB in this process: one thread, so every request is atomic and every read consistent. Items are given and returned
 * in the wire's JSON form. What is returned is shared with the tables: do not change it.
 */
export interface Engine {
  /** Do one request. Throws DynamoError, named as the service names it. */
  execute(operation: string, input: unknown): Record<string, unknown>;
  /** Hear of every stream record in order, at the moment of its write. Returns how to stop. */
  onRecord(listener: (record: StreamRecord, table: string) => void): () => void;
  /** A table's stream records after a sequence number (from its oldest when there is none), oldest first; the last day is kept. */
  records(table: string, after?: string, limit?: number): StreamRecord[];
  /** Remove the rows whose time to live has passed, as the service does some time after. Until then reads return them. Returns how many. */
  expire(): number;
  onConsumed(listener: (consumption: Consumption) => void): () => void;
  /** Bring what was written to the disk and let go of the folder. */
  close(): void;
}

type Operation = (database: Database, input: Input, usage: Usage) => Record<string, unknown>;

const operations: Readonly<Record<string, Operation>> = {
  CreateTable: createTable,
  DescribeTable: describeTable,
  DeleteTable: deleteTable,
  ListTables: listTables,
  UpdateTimeToLive: updateTimeToLive,
  DescribeTimeToLive: describeTimeToLive,
  GetItem: getItem,
  PutItem: (database, input, usage) => writeItem(database, "PutItem", input, usage),
  UpdateItem: (database, input, usage) => writeItem(database, "UpdateItem", input, usage),
  DeleteItem: (database, input, usage) => writeItem(database, "DeleteItem", input, usage),
  Query: query,
  Scan: scan,
  BatchGetItem: batchGet,
  BatchWriteItem: batchWrite,
  TransactGetItems: transactGet,
  TransactWriteItems: transactWrite,
};

/** An engine whose clock is `now` (milliseconds). With a folder it begins where the last engine in that folder ended. */
export function createEngine(options: { readonly now: () => number; readonly folder?: string }): Engine {
  const database: Database = {
    tables: new Map(),
    tokens: new Map(),
    now: options.now,
    listeners: new Set(),
    journal: undefined,
    sequence: 0,
  };
  if (options.folder !== undefined) database.journal = openJournal(database, options.folder);
  const meters = new Set<(consumption: Consumption) => void>();

  function execute(operation: string, input: unknown): Record<string, unknown> {
    const run = Object.hasOwn(operations, operation) ? operations[operation]! : undefined;
    if (!run) throw new DynamoError("UnknownOperationException", `The engine does not know ${operation}`);
    if (input === null || typeof input !== "object")
      throw new DynamoError("SerializationException", "Start of structure or map found where not expected");
    const usage: Usage = new Map();
    try {
      return run(database, input as Input, usage);
    } finally {
      if (meters.size > 0)
        for (const [table, spent] of usage) for (const meter of meters) meter({ operation, table: table.name, ...totals(spent) });
    }
  }

  return {
    execute,
    onRecord: (listener) => subscribe(database.listeners, listener),
    onConsumed: (listener) => subscribe(meters, listener),
    records: (table, after, limit = 1000) => recordsAfter(findTable(database.tables, table).records, after, limit),
    expire: () => expire(database),
    close: () => database.journal?.close(),
  };
}

function subscribe<T>(listeners: Set<T>, listener: T): () => void {
  listeners.add(listener);
  return () => void listeners.delete(listener);
}

/** TTL takes numbers of seconds since 1970, and leaves alone what expired more than five years ago. */
function expire(database: Database): number {
  const seconds = database.now() / 1000;
  const oldest = seconds - 5 * 366 * 86_400;
  let count = 0;
  for (const table of database.tables.values()) {
    const { ttl } = table;
    if (ttl === undefined) continue;
    for (const [id, old] of [...table.rows]) {
      const until = Number(old.item[ttl]?.N ?? Number.NaN);
      if (!(until < seconds && until > oldest)) continue;
      commit(database, [{ table, id, old, entry: undefined }], { expired: true });
      count += 1;
    }
  }
  return count;
}
