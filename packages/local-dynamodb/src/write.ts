import { consumed, spendWrite, type Usage, wanted } from "./capacity.ts";
import { type ParsedCondition, parseCondition } from "./condition.ts";
import { commit, type Database } from "./database.ts";
import type { Entry } from "./entries.ts";
import { DynamoError, invalid } from "./error.ts";
import { checkCondition, holds } from "./evaluate.ts";
import type { Bindings } from "./operand.ts";
import { project } from "./projection.ts";
import { bind, findTable, type Input, objectAt, oneOf, refuseLegacy, textAt } from "./request.ts";
import {
  checkIndexKeys,
  checkKey,
  checkOwnKey,
  keyOf,
  keyParts,
  largestItem,
  newEntry,
  rowId,
  type Table,
  writeUnits,
} from "./table.ts";
import type { Path } from "./token.ts";
import { applyUpdate, checkUpdate, parseUpdate } from "./update.ts";
import { emptyItem, type Item, itemSize, readItem } from "./value.ts";

/** What a write does to an item it may write to. `undefined` deletes; the same item checks only. */
type Effect = (old: Item | undefined, key: Item) => Item | undefined;

/** A write as read from a request: everything that can be refused without looking at the table's schema or rows already was. */
export interface Write {
  readonly table: Table;
  /** The key, or for a put the item it is in. */
  readonly keyed: Item;
  readonly isPut: boolean;
  readonly condition: ParsedCondition | undefined;
  readonly bindings: Bindings;
  readonly effect: Effect;
  readonly paths: readonly Path[];
  readonly returnsOld: boolean;
}

const noItem = emptyItem();

function readCondition(input: Input): ParsedCondition | undefined {
  const text = textAt(input, "ConditionExpression");
  return text === undefined ? undefined : parseCondition(text);
}

type Rest = Pick<Write, "keyed" | "isPut" | "effect"> & { readonly paths?: readonly Path[] };

function newWrite(table: Table, input: Input, condition: ParsedCondition | undefined, bindings: Bindings, rest: Rest): Write {
  if (condition) checkCondition(condition.condition, bindings);
  const returnsOld = oneOf(input, "ReturnValuesOnConditionCheckFailure", ["ALL_OLD", "NONE"]) === "ALL_OLD";
  return { table, condition, bindings, returnsOld, paths: [], ...rest };
}

export function readPut(database: Database, input: Input): Write {
  refuseLegacy(input);
  const table = findTable(database.tables, input.TableName);
  const condition = readCondition(input);
  const bindings = bind(input, table, [condition]);
  const item = readItem(objectAt(input, "Item"));
  if (itemSize(item) > largestItem) throw invalid("Item size has exceeded the maximum allowed size");
  return newWrite(table, input, condition, bindings, { keyed: item, isPut: true, effect: () => item });
}

export function readDelete(database: Database, input: Input): Write {
  refuseLegacy(input);
  const table = findTable(database.tables, input.TableName);
  const condition = readCondition(input);
  const bindings = bind(input, table, [condition]);
  return newWrite(table, input, condition, bindings, {
    keyed: readItem(objectAt(input, "Key")),
    isPut: false,
    effect: () => undefined,
  });
}

export function readCheck(database: Database, input: Input): Write {
  const table = findTable(database.tables, input.TableName);
  const condition = readCondition(input);
  if (!condition)
    throw invalid("Value null at 'conditionCheck.conditionExpression' failed to satisfy constraint: Member must not be null");
  const bindings = bind(input, table, [condition]);
  return newWrite(table, input, condition, bindings, {
    keyed: readItem(objectAt(input, "Key")),
    isPut: false,
    effect: (old) => old,
  });
}

export function readUpdate(database: Database, input: Input): Write {
  refuseLegacy(input);
  const table = findTable(database.tables, input.TableName);
  const condition = readCondition(input);
  const text = textAt(input, "UpdateExpression");
  const update = text === undefined ? undefined : parseUpdate(text);
  const bindings = bind(input, table, [condition, update]);
  const keyed = readItem(objectAt(input, "Key"));
  if (!update) return newWrite(table, input, condition, bindings, { keyed, isPut: false, effect: (old, key) => old ?? key });
  const paths = checkUpdate(update, bindings);
  const effect: Effect = (old, key) => applyUpdate(update, paths, old ?? key, bindings);
  return newWrite(table, input, condition, bindings, { keyed, isPut: false, paths, effect });
}

/** Where a write goes. Throws ValidationException when its key, or what it would update, does not fit the table. */
export function locate(write: Write): { readonly id: string; readonly key: Item } {
  const { table, keyed, isPut, paths } = write;
  if (isPut) {
    checkOwnKey(table, keyed);
    checkIndexKeys(table, keyed);
  } else checkKey(table, keyed);
  for (const { name } of keyParts(table.keys)) {
    if (paths.some((path) => path[0] === name))
      throw invalid(
        `One or more parameter values were invalid: Cannot update attribute ${name}. This attribute is part of the key`,
      );
  }
  return { id: rowId(table, keyed), key: isPut ? keyOf(table.keys, keyed) : keyed };
}

/** The item after a write. Throws ConditionalCheckFailedException, or ValidationException where the old item's types forbid it. */
export function decide(write: Write, old: Item | undefined, key: Item): Item | undefined {
  const { table, condition, bindings, effect, isPut, returnsOld } = write;
  if (condition && !holds(condition.condition, old ?? noItem, bindings)) {
    throw new DynamoError(
      "ConditionalCheckFailedException",
      "The conditional request failed",
      returnsOld && old ? { Item: old } : {},
    );
  }
  const item = effect(old, key);
  if (item !== undefined && item !== old && !isPut) {
    checkIndexKeys(table, item);
    if (itemSize(item) > largestItem) throw invalid("Item size to update has exceeded the maximum allowed size");
  }
  return item;
}

/** The entry that a write leaves: the old one where it only checked. */
export const entryAfter = (table: Table, old: Entry | undefined, item: Item | undefined): Entry | undefined =>
  item === undefined ? undefined : item === old?.item ? old : newEntry(table, item);

/** Write units of the table itself for an item before and after; a write of nothing is charged one. */
export const tableUnits = (old: Entry | undefined, entry: Entry | undefined) =>
  writeUnits(Math.max(old?.size ?? 0, entry?.size ?? 0));

const returns = {
  PutItem: ["NONE", "ALL_OLD"],
  DeleteItem: ["NONE", "ALL_OLD"],
  UpdateItem: ["NONE", "ALL_OLD", "UPDATED_OLD", "ALL_NEW", "UPDATED_NEW"],
} as const;

const readers = { PutItem: readPut, DeleteItem: readDelete, UpdateItem: readUpdate } as const;

/** PutItem, DeleteItem and UpdateItem. */
export function writeItem(database: Database, operation: keyof typeof readers, input: Input, usage: Usage): Input {
  const wants = oneOf<string>(input, "ReturnValues", returns[operation]) ?? "NONE";
  const write = readers[operation](database, input);
  const { id, key } = locate(write);
  const { table, paths } = write;
  const old = table.rows.get(id);
  let item: Item | undefined;
  try {
    item = decide(write, old?.item, key);
  } catch (refusal) {
    spendWrite(usage, table, writeUnits(old?.size ?? 0));
    throw refusal;
  }
  const entry = entryAfter(table, old, item);
  const [charged] = commit(database, [{ table, id, old, entry }]);
  spendWrite(usage, table, tableUnits(old, entry), charged);
  const attributes = returned(wants, old?.item, item, paths);
  return {
    ...(attributes && { Attributes: attributes }),
    ...(wanted(input.ReturnConsumedCapacity) && { ConsumedCapacity: consumed(usage, input.ReturnConsumedCapacity)[0] }),
  };
}

/** The old or new item, or the parts of it that the update's paths name. */
function returned(wants: string, old: Item | undefined, item: Item | undefined, paths: readonly Path[]): Item | undefined {
  if (wants === "NONE") return undefined;
  const from = wants.endsWith("OLD") ? old : item;
  if (!from || !wants.startsWith("UPDATED")) return from;
  const part = project(from, paths);
  return Object.keys(part).length > 0 ? part : undefined;
}
