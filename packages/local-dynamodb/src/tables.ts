import type { Database } from "./database.ts";
import { type KeyPart, type Keys, newEntries } from "./entries.ts";
import { DynamoError, invalid } from "./error.ts";
import { findTable, type Input, listAt, objectAt, textAt } from "./request.ts";
import { streamArn, streamLabel, streamViews, tableArn } from "./stream.ts";
import type { StreamView } from "./stream-record.ts";
import { type Index, keyParts, type Table } from "./table.ts";

const nameable = /^[a-zA-Z0-9_.-]{3,255}$/;

/** CreateTable. The table is ACTIVE at once; local indexes, throughput and encryption settings are not modelled. */
export function createTable(database: Database, input: Input): Input {
  if (database.tables.has(String(input.TableName))) throw inUse(`Table already exists: ${input.TableName}`);
  const createdAt = database.now();
  const table = newTable(input, createdAt);
  database.tables.set(table.name, table);
  database.journal?.create(input, createdAt);
  return { TableDescription: describe(table) };
}

const inUse = (message: string) => new DynamoError("ResourceInUseException", message);

/** A table as CreateTable defines it. Throws ValidationException. */
export function newTable(input: Input, createdAt: number): Table {
  const name = textAt(input, "TableName") ?? "";
  checkName(name);
  if (input.LocalSecondaryIndexes !== undefined) throw invalid("Local secondary indexes are not supported by this engine");
  const types = new Map(
    listAt(input, "AttributeDefinitions", 100).map((each) => [
      each.AttributeName as string,
      each.AttributeType as KeyPart["type"],
    ]),
  );
  const keys = readKeys(listAt(input, "KeySchema", 2), types);
  const indexes = ((input.GlobalSecondaryIndexes ?? []) as readonly Input[]).map((each) => newIndex(each, types, keys));
  if (new Set(indexes.map((index) => index.name)).size < indexes.length)
    throw invalid("One or more parameter values were invalid: Duplicate index name");
  if (indexes.length > 20)
    throw new DynamoError("LimitExceededException", "GlobalSecondaryIndex count exceeds the per-table limit of 20");
  const used = new Set([keys, ...indexes.map((index) => index.keys)].flatMap((each) => keyParts(each).map((part) => part.name)));
  if (used.size !== types.size)
    throw invalid(
      "One or more parameter values were invalid: Number of attributes in KeySchema does not exactly match number of attributes defined in AttributeDefinitions",
    );
  const stream = readStream(input);
  return {
    name,
    definition: input,
    createdAt,
    keys,
    rows: new Map(),
    entries: newEntries(keys),
    indexes,
    scalars: used,
    stream,
    streamArn: streamArn(name, createdAt),
    records: [],
    ttl: undefined,
  };
}

function readStream(input: Input): StreamView | undefined {
  const { StreamEnabled, StreamViewType } = (input.StreamSpecification ?? {}) as {
    StreamEnabled?: boolean;
    StreamViewType?: StreamView;
  };
  if (!StreamEnabled) return undefined;
  if (!StreamViewType || !streamViews.includes(StreamViewType))
    throw invalid(`One or more parameter values were invalid: Unknown StreamViewType: ${StreamViewType}`);
  return StreamViewType;
}

function checkName(name: string): void {
  if (!nameable.test(name))
    throw invalid(
      "Invalid table/index name. Table/index names must be between 3 and 255 characters long, and may contain only the characters a-z, A-Z, 0-9, '_', '-', and '.'",
    );
}

function readKeys(schema: readonly Input[], types: ReadonlyMap<string, KeyPart["type"]>): Keys {
  const part = (element: Input, kind: string): KeyPart => {
    if (element.KeyType !== kind)
      throw invalid(`Invalid KeySchema: The ${kind === "HASH" ? "first" : "second"} KeySchemaElement is not a ${kind} key type`);
    const type = types.get(element.AttributeName as string);
    if (type !== "S" && type !== "N" && type !== "B")
      throw invalid(
        "One or more parameter values were invalid: Some index key attributes are not defined in AttributeDefinitions",
      );
    return { name: element.AttributeName as string, type };
  };
  const hash = part(schema[0]!, "HASH");
  if (schema.length === 1) return { hash };
  const range = part(schema[1]!, "RANGE");
  if (range.name === hash.name) throw invalid("Both the Hash Key and the Range Key element in the KeySchema have the same name");
  return { hash, range };
}

function newIndex(input: Input, types: ReadonlyMap<string, KeyPart["type"]>, tableKeys: Keys): Index {
  const name = textAt(input, "IndexName") ?? "";
  checkName(name);
  const keys = readKeys(listAt(input, "KeySchema", 2), types);
  const projection = objectAt(input, "Projection");
  const kind = projection.ProjectionType;
  if (kind !== "ALL" && kind !== "KEYS_ONLY" && kind !== "INCLUDE")
    throw invalid(`One or more parameter values were invalid: Unknown ProjectionType: ${kind}`);
  const carried = (projection.NonKeyAttributes ?? []) as readonly string[];
  if ((kind === "INCLUDE") !== carried.length > 0)
    throw invalid(`One or more parameter values were invalid: NonKeyAttributes do not fit ProjectionType ${kind}`);
  const names = [...keyParts(tableKeys), ...keyParts(keys)].map((part) => part.name);
  return { name, keys, projected: kind === "ALL" ? undefined : new Set([...names, ...carried]), entries: newEntries(keys) };
}

export function describeTable(database: Database, input: Input): Input {
  return { Table: describe(findTable(database.tables, input.TableName)) };
}

export function deleteTable(database: Database, input: Input): Input {
  const table = findTable(database.tables, input.TableName);
  if (table.definition.DeletionProtectionEnabled === true)
    throw invalid("Resource cannot be deleted as it is currently protected against deletion. Disable deletion protection first.");
  database.tables.delete(table.name);
  database.journal?.drop(table.name);
  return { TableDescription: { ...describe(table), TableStatus: "DELETING" } };
}

export function listTables(database: Database, input: Input): Input {
  const limit = (input.Limit as number | undefined) ?? 100;
  const start = textAt(input, "ExclusiveStartTableName");
  const names = [...database.tables.keys()].sort().filter((name) => start === undefined || name > start);
  const shown = names.slice(0, limit);
  return { TableNames: shown, ...(names.length > limit && { LastEvaluatedTableName: shown.at(-1) }) };
}

export function updateTimeToLive(database: Database, input: Input): Input {
  const table = findTable(database.tables, input.TableName);
  const wanted = objectAt(input, "TimeToLiveSpecification");
  const attribute = textAt(wanted, "AttributeName");
  if (!attribute)
    throw invalid("Value null at 'timeToLiveSpecification.attributeName' failed to satisfy constraint: Member must not be null");
  const enabled = wanted.Enabled === true;
  if (enabled === (table.ttl !== undefined)) throw invalid(`TimeToLive is already ${enabled ? "enabled" : "disabled"}`);
  table.ttl = enabled ? attribute : undefined;
  database.journal?.ttl(table.name, table.ttl);
  return { TimeToLiveSpecification: { AttributeName: attribute, Enabled: enabled } };
}

export function describeTimeToLive(database: Database, input: Input): Input {
  const { ttl } = findTable(database.tables, input.TableName);
  return { TimeToLiveDescription: ttl ? { TimeToLiveStatus: "ENABLED", AttributeName: ttl } : { TimeToLiveStatus: "DISABLED" } };
}

function describe(table: Table): Record<string, unknown> {
  const { definition, name, createdAt, stream, indexes } = table;
  const bytes = (entries: Iterable<{ size: number }>) => [...entries].reduce((total, { size }) => total + size, 0);
  const listed = (definition.GlobalSecondaryIndexes ?? []) as readonly Input[];
  return {
    TableName: name,
    TableArn: tableArn(name),
    TableId: streamLabel(createdAt),
    TableStatus: "ACTIVE",
    CreationDateTime: createdAt / 1000,
    AttributeDefinitions: definition.AttributeDefinitions,
    KeySchema: definition.KeySchema,
    ItemCount: table.rows.size,
    TableSizeBytes: bytes(table.rows.values()),
    DeletionProtectionEnabled: definition.DeletionProtectionEnabled === true,
    BillingModeSummary: { BillingMode: definition.BillingMode ?? "PROVISIONED" },
    ProvisionedThroughput: { ReadCapacityUnits: 0, WriteCapacityUnits: 0, NumberOfDecreasesToday: 0 },
    ...(listed.length > 0 && {
      GlobalSecondaryIndexes: listed.map((index, at) => {
        const entries = [...indexes[at]!.entries.partitions.values()].flat();
        return {
          ...index,
          IndexStatus: "ACTIVE",
          IndexArn: `${tableArn(name)}/index/${index.IndexName}`,
          ItemCount: entries.length,
          IndexSizeBytes: bytes(entries),
        };
      }),
    }),
    ...(stream && {
      StreamSpecification: definition.StreamSpecification,
      LatestStreamLabel: streamLabel(createdAt),
      LatestStreamArn: table.streamArn,
    }),
  };
}
