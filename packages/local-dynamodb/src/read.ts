import { consumed, readUnits, spendRead, spendWrite, type Usage, wanted } from "./capacity.ts";
import { commit, type Database } from "./database.ts";
import { invalid } from "./error.ts";
import { findTable, type Input, listAt, objectAt, readProjection, refuseLegacy } from "./request.ts";
import { type Change, checkKey, newEntry, rowId, type Table } from "./table.ts";
import { cut } from "./transact.ts";
import { type Item, readItem } from "./value.ts";
import { locate, readDelete, readPut, tableUnits } from "./write.ts";

const largestAnswer = 16 * 1024 * 1024;

export function getItem(database: Database, input: Input, usage: Usage): Input {
  refuseLegacy(input);
  const table = findTable(database.tables, input.TableName);
  const paths = readProjection(input, table);
  const key = readItem(objectAt(input, "Key"));
  checkKey(table, key);
  const row = table.rows.get(rowId(table, key));
  spendRead(usage, table, readUnits(row?.size ?? 0, input.ConsistentRead === true));
  return {
    ...(row && { Item: cut(row.item, paths) }),
    ...(wanted(input.ReturnConsumedCapacity) && { ConsumedCapacity: consumed(usage, input.ReturnConsumedCapacity)[0] }),
  };
}

/** BatchGetItem: at most 100 keys, and what does not fit into 16 MB comes back as unprocessed. */
export function batchGet(database: Database, input: Input, usage: Usage): Input {
  const requests = Object.entries(objectAt(input, "RequestItems"));
  if (requests.length === 0) throw invalid("BatchGetItem must have some requests set");
  const wants = requests.map(([name, given]) => {
    const request = given as Input;
    refuseLegacy(request);
    const table = findTable(database.tables, name);
    const keys = listAt(request, "Keys", 100).map((each) => ({ each, key: readItem(each) }));
    const paths = readProjection(request, table);
    const ids = keys.map(({ key }) => {
      checkKey(table, key);
      return rowId(table, key);
    });
    if (new Set(ids).size < ids.length) throw invalid("Provided list of item keys contains duplicates");
    return { name, request, table, keys, ids, paths };
  });
  if (wants.reduce((count, { keys }) => count + keys.length, 0) > 100)
    throw invalid("Too many items requested for the BatchGetItem call");
  const Responses: Record<string, Item[]> = {};
  const UnprocessedKeys: Record<string, unknown> = {};
  let size = 0;
  for (const { name, request, table, keys, ids, paths } of wants) {
    const items: Item[] = [];
    const left: Input[] = [];
    for (const [at, id] of ids.entries()) {
      const row = table.rows.get(id);
      if (size + (row?.size ?? 0) > largestAnswer) {
        left.push(keys[at]!.each);
        continue;
      }
      size += row?.size ?? 0;
      spendRead(usage, table, readUnits(row?.size ?? 0, request.ConsistentRead === true));
      if (row) items.push(cut(row.item, paths));
    }
    Responses[name] = items;
    if (left.length > 0) UnprocessedKeys[name] = { ...request, Keys: left };
  }
  return {
    Responses,
    UnprocessedKeys,
    ...(wanted(input.ReturnConsumedCapacity) && { ConsumedCapacity: consumed(usage, input.ReturnConsumedCapacity) }),
  };
}

/** BatchWriteItem: at most 25 puts and deletes, each on its own; all are checked before the first is done. */
export function batchWrite(database: Database, input: Input, usage: Usage): Input {
  const requests = Object.entries(objectAt(input, "RequestItems"));
  if (requests.length === 0) throw invalid("The batch write request list for a table cannot be null or empty");
  const seen = new Set<string>();
  const changes: Change[] = [];
  let size = 0;
  for (const [name, list] of requests) {
    const table = findTable(database.tables, name);
    for (const request of listAt({ list }, "list", 25)) {
      const change = readChange(database, table, request);
      const id = `${table.name} ${change.id}`;
      if (seen.has(id)) throw invalid("Provided list of item keys contains duplicates");
      seen.add(id);
      size += change.entry?.size ?? 0;
      changes.push(change);
    }
  }
  if (changes.length > 25) throw invalid("Too many items requested for the BatchWriteItem call");
  if (size > largestAnswer) throw invalid("Item collection too large: a batch may hold at most 16 MB");
  for (const change of changes) {
    const [charged] = commit(database, [change]);
    spendWrite(usage, change.table, tableUnits(change.old, change.entry), charged);
  }
  return {
    UnprocessedItems: {},
    ...(wanted(input.ReturnConsumedCapacity) && { ConsumedCapacity: consumed(usage, input.ReturnConsumedCapacity) }),
  };
}

function readChange(database: Database, table: Table, request: Input): Change {
  const { PutRequest: put, DeleteRequest: gone } = request as { PutRequest?: Input; DeleteRequest?: Input };
  if ((put === undefined) === (gone === undefined))
    throw invalid(
      "Supplied AttributeValue has more than one datatypes set, must contain exactly one of PutRequest and DeleteRequest",
    );
  const TableName = table.name;
  const write = put ? readPut(database, { TableName, Item: put.Item }) : readDelete(database, { TableName, Key: gone!.Key });
  const { id } = locate(write);
  return { table, id, old: table.rows.get(id), entry: put ? newEntry(table, write.keyed) : undefined };
}
