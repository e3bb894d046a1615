import type { Item } from "@berth/local-dynamodb/value.ts";
import { condition, type Draft, newDraft, placeholders, update } from "./expressions.ts";
import { indexKeys, itemIn, keyIn, keyOf, onFailure, type Request, tableOf, type Where, writeReport } from "./items.ts";
import { number } from "./values.ts";

/** A write without the members that only a request of its own may have. */
export function put(where: Where, draft: Draft): Request {
  const table = tableOf(where);
  const conditional = where.random.chance(0.4) && { ConditionExpression: condition(draft) };
  return { TableName: table, Item: itemIn(where, table), ...conditional, ...onFailure(where.random), ...placeholders(draft) };
}

export function remove(where: Where, draft: Draft): Request {
  const table = tableOf(where);
  const conditional = where.random.chance(0.5) && { ConditionExpression: condition(draft) };
  return { TableName: table, Key: keyIn(where, table), ...conditional, ...onFailure(where.random), ...placeholders(draft) };
}

export function change(where: Where, draft: Draft, wholeOnly: boolean): Request {
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

export function batchWrite(where: Where): Request {
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

export function transactWrite(where: Where): Request {
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
