import type { AttributeValue, Item } from "@berth/local-dynamodb/value.ts";
import type { Random } from "./random.ts";
import { oneValue, valueLike } from "./values.ts";

export type Request = Record<string, unknown>;

/** One thing to do on both engines. `pages` asks for all pages of a Query or Scan. */
export interface Step {
  readonly operation: string;
  readonly input: Request;
  readonly pages?: true;
}

/** A run's own tables: two string keys with three indexes, a numeric range key, and a binary hash key alone. */
export interface Tables {
  readonly main: string;
  readonly numeric: string;
  readonly binary: string;
}

const key = (name: string, kind: "HASH" | "RANGE") => ({ AttributeName: name, KeyType: kind });
const attribute = (name: string, type: "S" | "N" | "B") => ({ AttributeName: name, AttributeType: type });

export function tableDefinitions(tables: Tables): Request[] {
  const onDemand = { BillingMode: "PAY_PER_REQUEST" };
  return [
    {
      ...onDemand,
      TableName: tables.main,
      AttributeDefinitions: [
        attribute("pk", "S"),
        attribute("sk", "S"),
        attribute("g", "S"),
        attribute("gn", "N"),
        attribute("h", "S"),
      ],
      KeySchema: [key("pk", "HASH"), key("sk", "RANGE")],
      GlobalSecondaryIndexes: [
        { IndexName: "keys", KeySchema: [key("g", "HASH"), key("gn", "RANGE")], Projection: { ProjectionType: "KEYS_ONLY" } },
        {
          IndexName: "some",
          KeySchema: [key("h", "HASH"), key("sk", "RANGE")],
          Projection: { ProjectionType: "INCLUDE", NonKeyAttributes: ["a", "m"] },
        },
        { IndexName: "all", KeySchema: [key("g", "HASH")], Projection: { ProjectionType: "ALL" } },
      ],
    },
    {
      ...onDemand,
      TableName: tables.numeric,
      AttributeDefinitions: [attribute("pk", "S"), attribute("sk", "N")],
      KeySchema: [key("pk", "HASH"), key("sk", "RANGE")],
    },
    { ...onDemand, TableName: tables.binary, AttributeDefinitions: [attribute("pk", "B")], KeySchema: [key("pk", "HASH")] },
  ];
}

const bodies = ["a", "b", "n", "d", "l", "m", "s", "ns", "bs", "t", "bin", "name", "status"];
export const ranges = ["a", "ab", "abc", "b", "c", "k#1", "k#2", "k#10", "é", "\uffee", "😀"];
export const rangeNumbers = ["1", "2", "10", "-3", "0.5", "1e2", "12345678901234567890"];
export const none = {};

export interface Where {
  readonly random: Random;
  readonly tables: Tables;
  /**
   * Whether an item may have one key of an index and lack the other. DynamoDB Local charges the index for changes between two
   * such items, which are not in it, so runs that make them ask for no capacity of writes.
   */
  readonly halfKeys: boolean;
}

export const tableOf = ({ random, tables }: Where) =>
  random.weighted([
    [8, tables.main],
    [2, tables.numeric],
    [1, tables.binary],
  ]);

export function keyIn({ random, tables }: Where, table: string): Item {
  if (random.chance(0.01))
    return random.pick<Item>([
      { pk: { S: "" }, sk: { S: "a" } },
      { pk: { S: "p" } },
      { pk: { BOOL: true }, sk: { S: "a" } },
      { pk: { S: "p" }, sk: { S: "a" }, x: { S: "x" } },
    ]);
  if (table === tables.binary) return { pk: { B: random.pick(["YQ==", "YWI=", "/w==", "gICA"]) } };
  const pk = { S: random.pick(["p", "q"]) };
  return { pk, sk: table === tables.numeric ? { N: random.pick(rangeNumbers) } : { S: random.pick(ranges) } };
}

/** The index keys of an item, in groups that come and go together. */
export function indexKeys({ random, halfKeys }: Where): Record<string, () => AttributeValue>[] {
  const g = (): AttributeValue => ({ S: random.pick(["g1", "g2"]) });
  const gn = (): AttributeValue => ({ N: String(random.upTo(6)) });
  const h = (): AttributeValue => ({ S: random.pick(["h1", "h2"]) });
  return halfKeys ? [{ g }, { gn }, { h }] : [{ g, gn }, { h }];
}

export function itemIn(where: Where, table: string): Item {
  const { random, tables } = where;
  const item = keyIn(where, table);
  for (const name of bodies)
    if (random.chance(0.35)) item[name] = random.chance(0.9) ? valueLike(random, name) : oneValue(random);
  if (random.chance(0.06)) item.big = { S: "x".repeat(random.upTo(6000)) };
  if (table !== tables.main) return item;
  for (const keys of indexKeys(where)) {
    if (random.chance(0.4)) continue;
    for (const [name, make] of Object.entries(keys)) item[name] = random.chance(0.98) ? make() : oneValue(random);
  }
  return item;
}

export const keyOf = (item: Item): Item =>
  Object.fromEntries(Object.entries(item).filter(([name]) => name === "pk" || name === "sk"));

export const report = (random: Random) =>
  random.chance(0.6) ? { ReturnConsumedCapacity: random.pick(["TOTAL", "INDEXES"]) } : none;
export const writeReport = ({ random, halfKeys }: Where) => (halfKeys ? none : report(random));
export const onFailure = (random: Random) =>
  random.chance(0.5) ? { ReturnValuesOnConditionCheckFailure: random.pick(["ALL_OLD", "NONE"]) } : none;
