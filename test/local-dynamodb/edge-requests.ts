import type { Item } from "@berth/local-dynamodb/value.ts";
import { placeholders, split } from "./edge-text.ts";
import type { Step } from "./items.ts";

/** Every form of key condition and option of a Query, right and wrong, over small items and over more than a page's worth. */
export function queries(main: string): Step[] {
  const item = (pk: string, at: number, more: Item): Step => {
    const own = { pk: { S: pk }, sk: { S: `k${at}` }, v: { N: String(at) } };
    return { operation: "PutItem", input: { TableName: main, Item: { ...own, ...more } } };
  };
  const items = Array.from({ length: 6 }, (_, at) =>
    item("q", at, { g: { S: "G" }, gn: { N: String(at) }, h: { S: `H${at % 3}` } }),
  );
  // Out of the index, because DynamoDB Local ends an index's page by the size of whole items, not of what is projected.
  const large = Array.from({ length: 9 }, (_, at) => item("large", at, { a: { S: "x".repeat(at === 3 ? 350_000 : 300_000) } }));
  // Not with a filter, because DynamoDB Local ends a page at 1 MB of what passes it, not of what is read.
  const largeWays = [{}, { ScanIndexForward: false }, { Limit: 4 }, { Select: "COUNT" }, { ProjectionExpression: "v" }];
  const all: Item = {
    ":p": { S: "q" },
    ":G": { S: "G" },
    ":a": { S: "k2" },
    ":b": { S: "k4" },
    ":n": { N: "2" },
    ":e": { S: "" },
    ":large": { S: "large" },
  };
  const asked = (text: string, more: Record<string, unknown> = {}): Step => ({
    operation: "Query",
    pages: true,
    input: {
      TableName: main,
      KeyConditionExpression: text,
      ...placeholders(`${text} ${more.FilterExpression ?? ""}`, all),
      ReturnConsumedCapacity: "INDEXES",
      ...more,
    },
  });
  const texts = `pk = :p|pk = :p AND sk BETWEEN :a AND :b|pk = :p AND sk BETWEEN :b AND :a|begins_with(sk, :a) AND pk = :p|(pk = :p) AND (begins_with(sk, :a))|(pk = :p AND begins_with(sk, :a))|:p = pk|:a < sk AND pk = :p|:a >= sk AND pk = :p
pk IN (:p)|pk = :p AND sk <> :a|pk = :p OR sk = :a|NOT pk = :p|sk = :p|pk < :p|pk = :p AND v = :n|pk = :p AND sk > :a AND sk < :b|pk = :p AND pk = :a|pk = :n|pk = :p AND sk = :n|pk = :e|pk = :p AND begins_with(sk, :e)|pk = :p AND sk > :e
pk.a = :p|pk = :p AND begins_with(sk, :n)|pk = :p AND contains(sk, :a)|pk = :p AND attribute_exists(sk)|pk = :p AND size(sk) = :n|pk = sk|pk = :p AND sk BETWEEN :a AND sk|begins_with(pk, :p)|:p = :a|pk = :p AND (sk = :a)|((pk = :p))|pk = :p AND`;
  const ways: Record<string, unknown>[] = [
    { Limit: 6 },
    { Limit: 7 },
    { Limit: 2, ScanIndexForward: false },
    { Limit: 0 },
    { Select: "COUNT" },
    { ConsistentRead: true },
    { FilterExpression: "sk > :a" },
    { FilterExpression: "attribute_exists(pk)" },
    { FilterExpression: "v > :n", Limit: 2 },
    { Select: "ALL_PROJECTED_ATTRIBUTES" },
    { Select: "SPECIFIC_ATTRIBUTES" },
    { Select: "ALL_ATTRIBUTES", ProjectionExpression: "v" },
    { Select: "COUNT", ProjectionExpression: "v" },
    { Select: "SPECIFIC_ATTRIBUTES", ProjectionExpression: "v" },
    { ExclusiveStartKey: { pk: { S: "other" }, sk: { S: "k2" } } },
    { ExclusiveStartKey: { pk: { S: "q" } } },
    { ExclusiveStartKey: { pk: { S: "q" }, sk: { N: "1" } } },
    { ExclusiveStartKey: { pk: { S: "q" }, sk: { S: "k25" } } },
    { ExclusiveStartKey: { pk: { S: "q" }, sk: { S: "k25" } }, ScanIndexForward: false },
    { IndexName: "nope" },
  ];
  const indexed: Record<string, unknown>[] = [
    {},
    { Limit: 1 },
    { ConsistentRead: true },
    { Select: "ALL_ATTRIBUTES" },
    { Select: "ALL_PROJECTED_ATTRIBUTES" },
    { ProjectionExpression: "v" },
    { ProjectionExpression: "pk" },
    { FilterExpression: "v > :n" },
    { FilterExpression: "attribute_exists(pk)" },
    { FilterExpression: "attribute_exists(gn)" },
    { ExclusiveStartKey: { pk: { S: "q" }, sk: { S: "k1" } } },
  ];
  return [
    ...items,
    ...large,
    ...largeWays.map((way) => asked("pk = :large", way)),
    ...split(texts).map((text) => asked(text)),
    ...ways.map((way) => asked("pk = :p", way)),
    asked("pk = :p AND sk > :b", { ExclusiveStartKey: { pk: { S: "q" }, sk: { S: "k1" } } }),
    asked("pk = :p AND sk < :a", { ExclusiveStartKey: { pk: { S: "q" }, sk: { S: "k5" } } }),
    ...indexed.map((way) => asked("g = :G", { IndexName: "keys", ...way })),
    asked("g = :G", { IndexName: "all", ProjectionExpression: "v" }),
    { operation: "Scan", input: { TableName: main, IndexName: "keys", Select: "COUNT" }, pages: true },
    { operation: "Scan", input: { TableName: main, IndexName: "keys", ConsistentRead: true } },
    {
      operation: "Scan",
      input: { TableName: main, FilterExpression: "pk = :p", ExpressionAttributeValues: { ":p": { S: "q" } }, Select: "COUNT" },
      pages: true,
    },
  ];
}

/** Transactions and batches at their limits, tokens, and requests refused for their shape. */
export function transactions(main: string): Step[] {
  const key = (sk: string): Item => ({ pk: { S: "t" }, sk: { S: sk } });
  const put = (sk: string, more: Item = {}) => ({ Put: { TableName: main, Item: { ...key(sk), ...more } } });
  const gone = (sk: string) => ({ Delete: { TableName: main, Key: key(sk) } });
  const check = { ConditionCheck: { TableName: main, Key: key("1") } };
  const write = (...TransactItems: unknown[]): Step => ({ operation: "TransactWriteItems", input: { TransactItems } });
  const increase = {
    Update: { TableName: main, Key: key("n"), UpdateExpression: "ADD n :one", ExpressionAttributeValues: { ":one": { N: "1" } } },
  };
  const tokened = (item: unknown): Step => ({
    operation: "TransactWriteItems",
    input: { TransactItems: [item], ClientRequestToken: `${main}-edge` },
  });
  return [
    write(),
    write({}),
    write(check),
    write({ ...put("1"), ...gone("2") }),
    write(put("1"), gone("1")),
    write(...Array.from({ length: 100 }, (_, at) => put(`${at}`))),
    write(...Array.from({ length: 101 }, (_, at) => gone(`${at}`))),
    write(...Array.from({ length: 12 }, (_, at) => put(`${at}`, { f: { S: "x".repeat(380_000) } }))),
    write(...Array.from({ length: 10 }, (_, at) => put(`${at}`, { f: { S: "x".repeat(380_000) } }))),
    write({ Delete: { TableName: "no-such-table", Key: key("1") } }),
    tokened(increase),
    tokened(increase),
    { operation: "GetItem", input: { TableName: main, Key: key("n") } },
    tokened(gone("n")),
    { operation: "TransactWriteItems", input: { TransactItems: [increase], ClientRequestToken: "x".repeat(37) } },
    { operation: "GetItem", input: { TableName: "no-such-table", Key: key("1") } },
    { operation: "PutItem", input: { TableName: main, Item: key("1"), ReturnValues: "UPDATED_NEW" } },
    { operation: "PutItem", input: { TableName: main, Item: key("1"), ReturnValues: "NOTHING" } },
    {
      operation: "PutItem",
      input: { TableName: main, Item: key("1"), ConditionExpression: "attribute_not_exists(zz)", ExpressionAttributeValues: {} },
    },
    {
      operation: "PutItem",
      input: { TableName: main, Item: key("1"), ConditionExpression: "attribute_not_exists(zz)", ExpressionAttributeNames: {} },
    },
    {
      operation: "PutItem",
      input: {
        TableName: main,
        Item: key("1"),
        ConditionExpression: "attribute_not_exists(#a-b)",
        ExpressionAttributeNames: { "#a-b": "zz" },
      },
    },
    { operation: "PutItem", input: { TableName: main, Item: key("1"), ExpressionAttributeNames: { "#a": "zz" } } },
    { operation: "BatchGetItem", input: { RequestItems: {} } },
    { operation: "BatchGetItem", input: { RequestItems: { [main]: { Keys: [] } } } },
    {
      operation: "BatchGetItem",
      input: { RequestItems: { [main]: { Keys: Array.from({ length: 101 }, (_, at) => key(`${at}`)) } } },
    },
    {
      operation: "BatchGetItem",
      input: {
        RequestItems: { [main]: { Keys: Array.from({ length: 100 }, (_, at) => key(`${at}`)), ProjectionExpression: "sk" } },
        ReturnConsumedCapacity: "TOTAL",
      },
    },
    { operation: "BatchWriteItem", input: { RequestItems: {} } },
    { operation: "BatchWriteItem", input: { RequestItems: { [main]: [] } } },
    {
      operation: "BatchWriteItem",
      input: { RequestItems: { [main]: Array.from({ length: 26 }, (_, at) => ({ DeleteRequest: { Key: key(`${at}`) } })) } },
    },
    {
      operation: "BatchWriteItem",
      input: { RequestItems: { [main]: [{ PutRequest: { Item: key("b1") } }, { PutRequest: { Item: { pk: { S: "t" } } } }] } },
    },
    { operation: "GetItem", input: { TableName: main, Key: key("b1") } },
    {
      operation: "BatchWriteItem",
      input: { RequestItems: { [main]: [{ PutRequest: { Item: key("b1") } }, { DeleteRequest: { Key: key("b1") } }] } },
    },
  ];
}
