import type { AttributeValue, Item } from "@berth/local/dynamodb/value.ts";
import { condition, type Draft, named, newDraft, placeholders, projection, spoil, update, valued } from "./expressions.ts";
import type { Random } from "./random.ts";
import { number, oneValue, valueLike } from "./values.ts";

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
const ranges = ["a", "ab", "abc", "b", "c", "k#1", "k#2", "k#10", "é", "\uffee", "😀"];
const rangeNumbers = ["1", "2", "10", "-3", "0.5", "1e2", "12345678901234567890"];
const none = {};

interface Where {
  readonly random: Random;
  readonly tables: Tables;
  /**
   * Whether an item may have one key of an index and lack the other. DynamoDB Local charges the index for changes between two
   * such items, which are not in it, so runs that make them ask for no capacity of writes.
   */
  readonly halfKeys: boolean;
}

const tableOf = ({ random, tables }: Where) =>
  random.weighted([
    [8, tables.main],
    [2, tables.numeric],
    [1, tables.binary],
  ]);

function keyIn({ random, tables }: Where, table: string): Item {
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
function indexKeys({ random, halfKeys }: Where): Record<string, () => AttributeValue>[] {
  const g = (): AttributeValue => ({ S: random.pick(["g1", "g2"]) });
  const gn = (): AttributeValue => ({ N: String(random.upTo(6)) });
  const h = (): AttributeValue => ({ S: random.pick(["h1", "h2"]) });
  return halfKeys ? [{ g }, { gn }, { h }] : [{ g, gn }, { h }];
}

function itemIn(where: Where, table: string): Item {
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

const report = (random: Random) => (random.chance(0.6) ? { ReturnConsumedCapacity: random.pick(["TOTAL", "INDEXES"]) } : none);
const writeReport = ({ random, halfKeys }: Where) => (halfKeys ? none : report(random));
const onFailure = (random: Random) =>
  random.chance(0.5) ? { ReturnValuesOnConditionCheckFailure: random.pick(["ALL_OLD", "NONE"]) } : none;

/** A write without the members that only a request of its own may have. */
function put(where: Where, draft: Draft): Request {
  const table = tableOf(where);
  const conditional = where.random.chance(0.4) && { ConditionExpression: condition(draft) };
  return { TableName: table, Item: itemIn(where, table), ...conditional, ...onFailure(where.random), ...placeholders(draft) };
}

function remove(where: Where, draft: Draft): Request {
  const table = tableOf(where);
  const conditional = where.random.chance(0.5) && { ConditionExpression: condition(draft) };
  return { TableName: table, Key: keyIn(where, table), ...conditional, ...onFailure(where.random), ...placeholders(draft) };
}

function change(where: Where, draft: Draft, wholeOnly: boolean): Request {
  const { random, tables } = where;
  const table = tableOf(where);
  const own = table === tables.main ? indexKeys(where) : [{ plain: () => number(random) }];
  // The service refuses to update a key before it looks at the condition, DynamoDB Local after.
  const ofKey = random.chance(0.02);
  const expression = ofKey ? "SET pk = a" : update(draft, own, wholeOnly);
  const conditional = !ofKey && random.chance(0.4) && { ConditionExpression: condition(draft) };
  return {
    TableName: table,
    Key: keyIn(where, table),
    UpdateExpression: expression,
    ...conditional,
    ...onFailure(random),
    ...placeholders(draft),
  };
}

function check(where: Where, draft: Draft): Request {
  const table = tableOf(where);
  return {
    TableName: table,
    Key: keyIn(where, table),
    ConditionExpression: condition(draft),
    ...onFailure(where.random),
    ...placeholders(draft),
  };
}

function get(where: Where): Request {
  const table = tableOf(where);
  const draft = newDraft(where.random);
  const projected = where.random.chance(0.4) && { ProjectionExpression: projection(draft) };
  return { TableName: table, Key: keyIn(where, table), ...projected, ...placeholders(draft) };
}

function query(where: Where): Request {
  const { random, tables } = where;
  const draft = newDraft(random);
  const index = random.weighted([
    [5, undefined],
    [1, "keys"],
    [1, "some"],
    [1, "all"],
  ]);
  const table = index ? tables.main : random.chance(0.75) ? tables.main : tables.numeric;
  const hash = index === "some" ? "h" : index ? "g" : "pk";
  const hashValue = { S: random.pick(index === "some" ? ["h1", "h2"] : index ? ["g1", "g2"] : ["p", "q"]) };
  const range = index === "keys" ? "gn" : index === "all" ? undefined : "sk";
  const parts = [
    random.chance(0.05) ? `${valued(draft, hashValue)} = ${hash}` : `${named(draft, hash)} = ${valued(draft, hashValue)}`,
  ];
  if (range && random.chance(0.6))
    parts.push(rangeCondition(draft, range, index === "keys" || table === tables.numeric, index !== undefined));
  if (random.chance(0.1)) parts.reverse();
  const projected = index === "keys" ? ["pk", "sk", "g"] : index === "some" ? ["pk", "a", "m", "h"] : undefined;
  const filterable = index === "keys" ? ["pk"] : index === "some" ? ["a", "m"] : undefined;
  const select = random.weighted([
    [6, none],
    [1, { Select: "COUNT" }],
    [1, { Select: "ALL_ATTRIBUTES" }],
    [3, { ProjectionExpression: projection(draft, projected) }],
  ]);
  return {
    TableName: table,
    ...(index && { IndexName: index }),
    KeyConditionExpression: parts.join(" AND "),
    ...(random.chance(0.3) && { FilterExpression: condition(draft, 1, filterable) }),
    ...select,
    ...(random.chance(0.4) && { Limit: 1 + random.upTo(4) }),
    ...(random.chance(0.4) && { ScanIndexForward: random.chance(0.4) }),
    ...(!index && random.chance(0.3) && { ConsistentRead: true }),
    ...placeholders(draft),
    ...report(random),
  };
}

function rangeCondition(draft: Draft, range: string, numeric: boolean, open: boolean): string {
  const { random } = draft;
  const value = () => valued(draft, numeric ? { N: random.pick(rangeNumbers) } : { S: random.pick(ranges) });
  const name = named(draft, range);
  // DynamoDB Local ends a limited page at the first item on an inclusive bound; in an index that may leave out others there.
  return random.weighted<() => string>([
    [4, () => `${name} ${random.pick(open ? ["=", "<", ">"] : ["=", "<", "<=", ">", ">="])} ${value()}`],
    [open ? 0 : 1, () => `${name} BETWEEN ${value()} AND ${value()}`],
    [2, () => `begins_with(${name}, ${value()})`],
    [0.1, () => `${name} <> ${value()}`],
  ])();
}

function scan(where: Where): Request {
  const { random } = where;
  const draft = newDraft(random);
  return {
    TableName: tableOf(where),
    ...(random.chance(0.5) && { FilterExpression: condition(draft) }),
    ...(random.chance(0.5) && { Limit: 1 + random.upTo(6) }),
    ...placeholders(draft),
  };
}

function batchGet(where: Where): Request {
  const { random } = where;
  const RequestItems: Request = {};
  for (let each = 1 + random.upTo(2); each > 0; each--) {
    const table = tableOf(where);
    const draft = newDraft(random);
    const projected = random.chance(0.3) && { ProjectionExpression: projection(draft) };
    const keys = Array.from({ length: 1 + random.upTo(4) }, () => keyIn(where, table));
    const distinct = random.chance(0.05) ? keys : [...new Map(keys.map((each) => [JSON.stringify(each), each])).values()];
    RequestItems[table] = {
      Keys: distinct,
      ...(random.chance(0.4) && { ConsistentRead: true }),
      ...projected,
      ...placeholders(draft),
    };
  }
  return { RequestItems, ...report(random) };
}

function batchWrite(where: Where): Request {
  const { random } = where;
  const RequestItems: Record<string, Request[]> = {};
  const seen = new Set<string>();
  for (let each = 1 + random.upTo(5); each > 0; each--) {
    const table = tableOf(where);
    const item = itemIn(where, table);
    const own = keyOf(item);
    if (seen.has(table + JSON.stringify(own)) && !random.chance(0.05)) continue;
    seen.add(table + JSON.stringify(own));
    RequestItems[table] = [
      ...(RequestItems[table] ?? []),
      random.chance(0.7) ? { PutRequest: { Item: item } } : { DeleteRequest: { Key: own } },
    ];
  }
  // DynamoDB Local charges the batched delete of a missing item twice, and its answer does not show which was missing.
  const deletes = Object.values(RequestItems)
    .flat()
    .some(({ DeleteRequest: gone }) => gone !== undefined);
  return { RequestItems, ...(!deletes && writeReport(where)) };
}

const keyOf = (item: Item): Item => Object.fromEntries(Object.entries(item).filter(([name]) => name === "pk" || name === "sk"));

function transactWrite(where: Where): Request {
  const { random } = where;
  const made = Array.from({ length: 1 + random.upTo(4) }, () =>
    random.weighted<() => Request>([
      [3, () => ({ Put: put(where, newDraft(random)) })],
      [4, () => ({ Update: change(where, newDraft(random), false) })],
      [1, () => ({ Delete: remove(where, newDraft(random)) })],
      [2, () => ({ ConditionCheck: check(where, newDraft(random)) })],
    ])(),
  );
  const token = random.chance(0.3) && { ClientRequestToken: `${where.tables.main}-${random.upTo(400)}` };
  // Of two writes to one item DynamoDB Local may look at a condition before it sees that they are two; the service does not.
  const actions = [...new Map(made.map((action) => [targetOf(action), action])).values()];
  if (random.chance(0.02))
    actions.push(
      ...Array.from({ length: 2 }, () => ({ Delete: { TableName: where.tables.binary, Key: { pk: { B: "AAAA" } } } })),
    );
  // DynamoDB Local's capacity of transactional writes is not the service's: four times instead of twice for some, less for others.
  return { TransactItems: actions, ...token };
}

/** The item that one write of a transaction is to. */
function targetOf(action: Request): string {
  const [write] = Object.values(action) as { TableName: string; Key?: Item; Item?: Item }[];
  return JSON.stringify([write!.TableName, keyOf(write!.Key ?? write!.Item!)]);
}

const transactGet = (where: Where): Request => ({
  TransactItems: Array.from({ length: 1 + where.random.upTo(4) }, () => ({ Get: get(where) })),
  ...report(where.random),
});

/** Make up the next step of a run. */
export function nextStep(where: Where, earlier: readonly Step[]): Step {
  const { random } = where;
  const draft = newDraft(random);
  const step = random.weighted<() => Step>([
    [
      22,
      () => ({ operation: "PutItem", input: { ...put(where, draft), ...returns(random, ["ALL_OLD"]), ...writeReport(where) } }),
    ],
    [26, () => updateStep(where, draft)],
    [
      6,
      () => ({
        operation: "DeleteItem",
        input: { ...remove(where, draft), ...returns(random, ["ALL_OLD"]), ...writeReport(where) },
      }),
    ],
    [
      9,
      () => ({
        operation: "GetItem",
        input: { ...get(where), ...(random.chance(0.5) && { ConsistentRead: true }), ...report(random) },
      }),
    ],
    [14, () => ({ operation: "Query", input: query(where), pages: true })],
    [1.5, () => ({ operation: "Scan", input: scan(where), pages: true })],
    [3, () => ({ operation: "BatchGetItem", input: batchGet(where) })],
    [3, () => ({ operation: "BatchWriteItem", input: batchWrite(where) })],
    [13, () => ({ operation: "TransactWriteItems", input: transactWrite(where) })],
    [
      1,
      () =>
        random.pick(earlier.filter(({ input }) => input.ClientRequestToken)) ?? {
          operation: "TransactWriteItems",
          input: transactWrite(where),
        },
    ],
    [3, () => ({ operation: "TransactGetItems", input: transactGet(where) })],
  ])();
  const member = [
    "ConditionExpression",
    "UpdateExpression",
    "KeyConditionExpression",
    "FilterExpression",
    "ProjectionExpression",
  ].find((name) => step.input[name]);
  if (member && random.chance(0.05)) spoil(random, step.input, member);
  return step;
}

function updateStep(where: Where, draft: Draft): Step {
  const { random } = where;
  const wants = returns(random, ["ALL_OLD", "ALL_NEW", "UPDATED_OLD", "UPDATED_NEW"]);
  const wholeOnly = JSON.stringify(wants).includes("UPDATED");
  return { operation: "UpdateItem", input: { ...change(where, draft, wholeOnly), ...wants, ...writeReport(where) } };
}

const returns = (random: Random, kinds: readonly string[]): Request =>
  random.chance(0.6) ? { ReturnValues: random.pick(kinds) } : none;
