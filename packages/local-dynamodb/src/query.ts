import { consumed, readUnits, spendRead, type Usage, wanted } from "./capacity.ts";
import type { Condition } from "./condition.ts";
import { type ParsedCondition, parseCondition } from "./condition.ts";
import type { Database } from "./database.ts";
import { comparePlace, compareScanned, type Entries, type Entry, type KeyPart, position, scanOrder, scatter } from "./entries.ts";
import { invalid } from "./error.ts";
import { checkCondition, holds } from "./evaluate.ts";
import { type KeyCondition, readKeyCondition, within } from "./key-condition.ts";
import { type Bindings, type Operand, resolvePath } from "./operand.ts";
import { parseProjection, projectionPaths } from "./projection.ts";
import { bind, findTable, type Input, oneOf, refuseLegacy, textAt } from "./request.ts";
import { type Index, keyOf, keyParts, rowId, scalar, type Table } from "./table.ts";
import type { Path } from "./token.ts";
import { cut } from "./transact.ts";
import { type Item, readItem } from "./value.ts";

const largestPage = 1024 * 1024;

/** What a Query or Scan reads from and how it answers. */
interface Reading {
  readonly table: Table;
  readonly index: Index | undefined;
  readonly entries: Entries;
  readonly filter: ParsedCondition | undefined;
  readonly bindings: Bindings;
  readonly paths: readonly Path[] | undefined;
  readonly countOnly: boolean;
  readonly limit: number;
  readonly start: (Pick<Entry, "hash" | "range" | "tie"> & { readonly key: Item }) | undefined;
}

export function query(database: Database, input: Input, usage: Usage): Input {
  const text = textAt(input, "KeyConditionExpression");
  if (text === undefined)
    throw invalid("Either the KeyConditions or KeyConditionExpression parameter must be specified in the request.");
  const parsed = parseCondition(text);
  const reading = read(database, input, parsed);
  const { entries, filter, bindings, start } = reading;
  const condition = readKeyCondition(parsed.condition, entries.keys, bindings);
  if (filter) refuseKeys(filter.condition, keyParts(entries.keys), bindings);
  if (start && (start.hash !== condition.hash || !within(condition, entries.keys, start.range))) {
    throw invalid("The provided starting key is outside query boundaries based on provided conditions");
  }
  const forward = input.ScanIndexForward !== false;
  // In a table no second item has the range key that ends the stretch; in an index one may.
  const end = reading.index ? undefined : forward ? condition.highest : condition.lowest;
  return page(reading, inPartition(reading, condition, forward), input, usage, end);
}

export function scan(database: Database, input: Input, usage: Usage): Input {
  const reading = read(database, input, undefined);
  return page(reading, everywhere(reading, input), input, usage);
}

function read(database: Database, input: Input, keyCondition: ParsedCondition | undefined): Reading {
  refuseLegacy(input);
  const table = findTable(database.tables, input.TableName);
  const index = findIndex(table, input);
  const entries = index?.entries ?? table.entries;
  const filterText = textAt(input, "FilterExpression");
  const filter = filterText === undefined ? undefined : parseCondition(filterText);
  const projectionText = textAt(input, "ProjectionExpression");
  const projection = projectionText === undefined ? undefined : parseProjection(projectionText);
  const bindings = bind(input, table, [keyCondition, filter, projection]);
  if (filter) checkCondition(filter.condition, bindings);
  const paths = projection && projectionPaths(projection, bindings.names);
  const countOnly = checkSelect(input, index, paths);
  if (index?.projected) refuseUnprojected(index.projected, filter, paths, bindings);
  const { Limit: limit } = input;
  if (limit !== undefined && !(Number.isInteger(limit) && (limit as number) >= 1))
    throw invalid("Value at 'limit' failed to satisfy constraint: Member must have value greater than or equal to 1");
  const start = readStart(table, index, entries, input);
  return {
    table,
    index,
    entries,
    filter,
    bindings,
    paths,
    countOnly,
    limit: (limit as number | undefined) ?? Number.POSITIVE_INFINITY,
    start,
  };
}

function findIndex(table: Table, input: Input): Index | undefined {
  const name = textAt(input, "IndexName");
  if (name === undefined) return undefined;
  const index = table.indexes.find((each) => each.name === name);
  if (!index) throw invalid(`The table does not have the specified index: ${name}`);
  if (input.ConsistentRead === true) throw invalid("Consistent reads are not supported on global secondary indexes");
  return index;
}

/** Whether only the count is wanted. Throws ValidationException for a Select that contradicts the rest of the request. */
function checkSelect(input: Input, index: Index | undefined, paths: readonly Path[] | undefined): boolean {
  const select = oneOf(input, "Select", ["ALL_ATTRIBUTES", "ALL_PROJECTED_ATTRIBUTES", "SPECIFIC_ATTRIBUTES", "COUNT"]);
  if (select === "ALL_PROJECTED_ATTRIBUTES" && !index)
    throw invalid("ALL_PROJECTED_ATTRIBUTES can be used only when Querying using an IndexName");
  if (select === "ALL_ATTRIBUTES" && index?.projected)
    throw invalid(
      "One or more parameter values were invalid: Select type ALL_ATTRIBUTES is not supported for global secondary index because its projection type is not ALL",
    );
  if (select === "SPECIFIC_ATTRIBUTES" && !paths)
    throw invalid("Must specify the AttributesToGet or ProjectionExpression when choosing to get SPECIFIC_ATTRIBUTES");
  if (select !== undefined && select !== "SPECIFIC_ATTRIBUTES" && paths)
    throw invalid(`Cannot specify the ProjectionExpression when choosing to get ${select}`);
  return select === "COUNT";
}

function refuseUnprojected(
  projected: ReadonlySet<string>,
  filter: ParsedCondition | undefined,
  paths: readonly Path[] | undefined,
  bindings: Bindings,
): void {
  const heads = [...(paths ?? []).map(([head]) => head as string), ...(filter ? headsOf(filter.condition, bindings) : [])];
  const missing = heads.filter((head) => !projected.has(head));
  if (missing.length > 0)
    throw invalid(`One or more parameter values were invalid: Global secondary index does not project [${missing.join(", ")}]`);
}

function refuseKeys(condition: Condition, parts: readonly KeyPart[], bindings: Bindings): void {
  const heads = new Set(headsOf(condition, bindings));
  const key = parts.find(({ name }) => heads.has(name));
  if (key) throw invalid(`Filter Expression can only contain non-primary key attributes: Primary key attribute: ${key.name}`);
}

/** The top-level attributes a condition speaks of. */
function headsOf(condition: Condition, bindings: Bindings): string[] {
  const of = (operand: Operand): string[] => {
    if (operand.kind === "path") return [resolvePath(operand.path, bindings.names)[0] as string];
    return operand.kind === "call" ? operand.args.flatMap(of) : [];
  };
  switch (condition.kind) {
    case "and":
    case "or":
      return [...headsOf(condition.left, bindings), ...headsOf(condition.right, bindings)];
    case "not":
      return headsOf(condition.of, bindings);
    case "compare":
      return [condition.left, condition.right].flatMap(of);
    case "between":
      return [condition.operand, condition.low, condition.high].flatMap(of);
    case "in":
      return [condition.operand, ...condition.list].flatMap(of);
    case "test":
      return condition.args.flatMap(of);
  }
}

function readStart(table: Table, index: Index | undefined, entries: Entries, input: Input): Reading["start"] {
  const given = input.ExclusiveStartKey;
  if (given === undefined || given === null) return undefined;
  const key = readItem(given);
  const parts = new Map([...keyParts(table.keys), ...keyParts(entries.keys)].map((part) => [part.name, part]));
  const fits =
    Object.keys(key).length === parts.size && [...parts.values()].every(({ name, type }) => key[name]?.[type] !== undefined);
  if (!fits) throw invalid("The provided starting key is invalid");
  const { hash, range } = entries.keys;
  return {
    hash: scalar(key[hash.name]!),
    range: range ? scalar(key[range.name]!) : "",
    tie: index ? rowId(table, key) : "",
    key,
  };
}

function* inPartition({ entries, start }: Reading, condition: KeyCondition, forward: boolean): Generator<Entry> {
  const partition = entries.partitions.get(condition.hash) ?? [];
  const { low, high } = condition;
  const { keys } = entries;
  let from = low ? position(partition, ({ range }) => low(range, keys) < 0) : 0;
  let to = high ? position(partition, ({ range }) => high(range, keys) <= 0) : partition.length;
  if (start && forward)
    from = Math.max(
      from,
      position(partition, (entry) => comparePlace(entries, entry, start) <= 0),
    );
  if (start && !forward)
    to = Math.min(
      to,
      position(partition, (entry) => comparePlace(entries, entry, start) < 0),
    );
  if (forward) for (let at = from; at < to; at++) yield partition[at]!;
  else for (let at = to - 1; at >= from; at--) yield partition[at]!;
}

function* everywhere({ entries, start }: Reading, input: Input): Generator<Entry> {
  const { Segment: segment, TotalSegments: segments } = input as { Segment?: number; TotalSegments?: number };
  if ((segment === undefined) !== (segments === undefined))
    throw invalid("The TotalSegments parameter is required but was not present in the request when Segment parameter is present");
  if (segment !== undefined && !(segment >= 0 && segment < segments!))
    throw invalid("The Segment parameter is zero-based and must be less than parameter TotalSegments");
  for (const hash of scanOrder(entries)) {
    if (segment !== undefined && scatter(hash) % segments! !== segment) continue;
    const order = start ? compareScanned(hash, start.hash) : 1;
    if (order < 0) continue;
    const partition = entries.partitions.get(hash)!;
    const from = order === 0 ? position(partition, (entry) => comparePlace(entries, entry, start!) <= 0) : 0;
    for (let at = from; at < partition.length; at++) yield partition[at]!;
  }
}

/** Read up to the limit or 1 MB, then filter: what is filtered out was still read and is charged. */
function page(reading: Reading, found: Iterable<Entry>, input: Input, usage: Usage, end?: string): Input {
  const { table, index, entries, filter, bindings, paths, countOnly, limit } = reading;
  const items: Item[] = [];
  let [count, scanned, size] = [0, 0, 0];
  let last: Item | undefined;
  for (const { item, range, size: more } of found) {
    scanned += 1;
    size += more;
    if (!filter || holds(filter.condition, item, bindings)) {
      count += 1;
      if (!countOnly) items.push(cut(item, paths));
    }
    if (scanned < limit && size < largestPage) continue;
    if (range !== end || end === undefined)
      last = index ? Object.assign(keyOf(table.keys, item), keyOf(entries.keys, item)) : keyOf(table.keys, item);
    break;
  }
  if (index) spendRead(usage, table, 0);
  spendRead(usage, table, readUnits(size, input.ConsistentRead === true), index?.name);
  return {
    ...(!countOnly && { Items: items }),
    Count: count,
    ScannedCount: scanned,
    ...(last && { LastEvaluatedKey: last }),
    ...(wanted(input.ReturnConsumedCapacity) && { ConsumedCapacity: consumed(usage, input.ReturnConsumedCapacity)[0] }),
  };
}
