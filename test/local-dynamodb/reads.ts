import { condition, type Draft, named, newDraft, placeholders, projection, valued } from "./expressions.ts";
import { keyIn, none, type Request, rangeNumbers, ranges, report, tableOf, type Where } from "./items.ts";

export function get(where: Where): Request {
  const table = tableOf(where);
  const draft = newDraft(where.random);
  const projected = where.random.chance(0.4) && { ProjectionExpression: projection(draft) };
  return { TableName: table, Key: keyIn(where, table), ...projected, ...placeholders(draft) };
}

export function query(where: Where): Request {
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

export function scan(where: Where): Request {
  const { random } = where;
  const draft = newDraft(random);
  return {
    TableName: tableOf(where),
    ...(random.chance(0.5) && { FilterExpression: condition(draft) }),
    ...(random.chance(0.5) && { Limit: 1 + random.upTo(6) }),
    ...placeholders(draft),
  };
}

export function batchGet(where: Where): Request {
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

export const transactGet = (where: Where): Request => ({
  TransactItems: Array.from({ length: 1 + where.random.upTo(4) }, () => ({ Get: get(where) })),
  ...report(where.random),
});
