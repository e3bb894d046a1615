import { hash } from "node:crypto";
import { consumed, readUnits, spendRead, spendWrite, type Usage, wanted } from "./capacity.ts";
import { commit, type Database } from "./database.ts";
import type { Entry } from "./entries.ts";
import { DynamoError, invalid } from "./error.ts";
import { project } from "./projection.ts";
import { findTable, type Input, listAt, objectAt, readProjection, textAt } from "./request.ts";
import { checkKey, rowId, type Table, writeUnits } from "./table.ts";
import type { Path } from "./token.ts";
import { type Item, itemSize, readItem } from "./value.ts";
import { decide, entryAfter, locate, readCheck, readDelete, readPut, readUpdate, tableUnits, type Write } from "./write.ts";

const most = 100;
const largest = 4 * 1024 * 1024;
/** Every item of a transaction is prepared and committed, and charged for both. */
const factor = 2;

const readers = { ConditionCheck: readCheck, Put: readPut, Update: readUpdate, Delete: readDelete } as const;

interface Reason {
  readonly Code: string;
  readonly Message?: string;
  readonly Item?: Item;
}

/** One write of a transaction on its way: refused with a reason, or the entry it leaves. */
interface Step {
  readonly write: Write;
  readonly id: string;
  readonly old: Entry | undefined;
  readonly entry: Entry | undefined;
  readonly reason: Reason;
}

const none: Reason = { Code: "None" };

/**
 * TransactWriteItems. All or nothing, in one step of this single thread, so TransactionConflict, which the service answers
 * while another request holds one of the items, never happens here.
 */
export function transactWrite(database: Database, input: Input, usage: Usage): Input {
  const items = listAt(input, "TransactItems", most);
  const writes = items.map((item) => readWrite(database, item));
  const token = readToken(database, input, items);
  if (token === "done") return replayed(writes, input, usage);
  if (writes.reduce((size, write) => size + itemSize(write.keyed), 0) > largest)
    throw invalid("Transaction payload size cannot exceed 4MB");
  const steps = decideAll(writes);
  if (steps.some(({ reason }) => reason !== none)) throw canceled(steps, usage);
  // A check leaves the entry it saw, which commit() takes as no change at all.
  const charged = commit(
    database,
    steps.map(({ write: { table }, id, old, entry }) => ({ table, id, old, entry })),
    { token },
  );
  steps.forEach((step, at) => {
    spendWrite(usage, step.write.table, tableUnits(step.old, step.entry), charged[at], factor);
  });
  return answer(usage, input, "Write");
}

function readWrite(database: Database, item: Input): Write {
  const kinds = Object.keys(item).filter((kind) => item[kind] !== undefined && item[kind] !== null);
  const [kind] = kinds;
  if (kinds.length !== 1 || !Object.hasOwn(readers, kind!))
    throw invalid("TransactItems can only contain one of Check, Put, Update or Delete");
  return readers[kind as keyof typeof readers](database, objectAt(item, kind!));
}

function decideAll(writes: readonly Write[]): Step[] {
  const seen = new Map<Table, Set<string>>();
  const places = writes.map((write) => {
    const place = refusalOf(() => locate(write));
    if (!("id" in place)) return place;
    const ids = seen.get(write.table) ?? new Set();
    if (ids.has(place.id)) throw invalid("Transaction request cannot include multiple operations on one item");
    seen.set(write.table, ids.add(place.id));
    return place;
  });
  return writes.map((write, at): Step => {
    const place = places[at]!;
    if (!("id" in place)) return { write, id: "", old: undefined, entry: undefined, reason: place };
    const old = write.table.rows.get(place.id);
    const decided = refusalOf(() => ({ item: decide(write, old?.item, place.key) }));
    if (!("item" in decided)) return { write, id: place.id, old, entry: undefined, reason: decided };
    return { write, id: place.id, old, entry: entryAfter(write.table, old, decided.item), reason: none };
  });
}

/** A write's own refusal is a reason for the transaction's; anything else is a fault and goes on. */
function refusalOf<T extends object>(attempt: () => T): T | Reason {
  try {
    return attempt();
  } catch (error) {
    if (!(error instanceof DynamoError)) throw error;
    if (error.name === "ConditionalCheckFailedException")
      return { Code: "ConditionalCheckFailed", Message: error.message, ...error.extra };
    if (error.name === "ValidationException") return { Code: "ValidationError", Message: error.message };
    throw error;
  }
}

function canceled(steps: readonly Step[], usage: Usage): DynamoError {
  for (const { write, old } of steps) spendWrite(usage, write.table, writeUnits(old?.size ?? 0), undefined, factor);
  const codes = steps.map(({ reason }) => reason.Code).join(", ");
  const message = `Transaction cancelled, please refer cancellation reasons for specific reasons [${codes}]`;
  return new DynamoError("TransactionCanceledException", message, { CancellationReasons: steps.map(({ reason }) => reason) });
}

/** The token to keep with this transaction, or `done` when it was kept before. Throws when it was kept for another request. */
function readToken(database: Database, input: Input, items: readonly Input[]): readonly [string, string] | "done" | undefined {
  const name = textAt(input, "ClientRequestToken");
  if (name === undefined) return undefined;
  if (name.length < 1 || name.length > 36)
    throw invalid("Value at 'clientRequestToken' failed to satisfy constraint: Member must have length between 1 and 36");
  const request = hash("sha256", JSON.stringify(items));
  const known = database.tokens.get(name);
  if (!known || known.until <= database.now()) return [name, request];
  if (known.request !== request) {
    throw new DynamoError(
      "IdempotentParameterMismatchException",
      "Request with the same client request token but different parameters",
    );
  }
  return "done";
}

/** A transaction done before is answered by reading its items, and charged as that. */
function replayed(writes: readonly Write[], input: Input, usage: Usage): Input {
  for (const write of writes) {
    const old = write.table.rows.get(locate(write).id);
    spendRead(usage, write.table, readUnits(old?.size ?? 0, true) * factor);
  }
  return answer(usage, input, "Read");
}

const answer = (usage: Usage, input: Input, kind: "Read" | "Write"): Input =>
  wanted(input.ReturnConsumedCapacity) ? { ConsumedCapacity: consumed(usage, input.ReturnConsumedCapacity, kind) } : {};

/** TransactGetItems. */
export function transactGet(database: Database, input: Input, usage: Usage): Input {
  const gets = listAt(input, "TransactItems", most).map((each) => {
    const get = objectAt(each, "Get");
    const table = findTable(database.tables, get.TableName);
    const paths = readProjection(get, table);
    return { table, paths, key: readItem(objectAt(get, "Key")) };
  });
  const seen = new Map<Table, Set<string>>();
  const ids = gets.map(({ table, key }) => {
    const place = refusalOf(() => {
      checkKey(table, key);
      return { id: rowId(table, key) };
    });
    if (!("id" in place)) return place;
    const known = seen.get(table) ?? new Set();
    if (known.has(place.id)) throw invalid("Transaction request cannot include multiple operations on one item");
    seen.set(table, known.add(place.id));
    return place;
  });
  if (ids.some((place) => !("id" in place))) {
    const reasons = ids.map((place) => ("id" in place ? none : place));
    const codes = reasons.map(({ Code }) => Code).join(", ");
    const message = `Transaction cancelled, please refer cancellation reasons for specific reasons [${codes}]`;
    throw new DynamoError("TransactionCanceledException", message, { CancellationReasons: reasons });
  }
  const Responses = gets.map(({ table, paths }, at) => {
    const row = table.rows.get((ids[at] as { id: string }).id);
    spendRead(usage, table, readUnits(row?.size ?? 0, true) * factor);
    return row ? { Item: cut(row.item, paths) } : {};
  });
  return { Responses, ...answer(usage, input, "Read") };
}

export const cut = (item: Item, paths: readonly Path[] | undefined) => (paths ? project(item, paths) : item);
