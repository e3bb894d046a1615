import { ConditionalCheckFailedException, TransactionCanceledException } from "@aws-sdk/client-dynamodb";
import {
  BatchGetCommand,
  GetCommand,
  PutCommand,
  QueryCommand,
  TransactWriteCommand,
  type TransactWriteCommandInput,
  UpdateCommand,
} from "@aws-sdk/lib-dynamodb";
import { unmarshall } from "@aws-sdk/util-dynamodb";
import type { Context, World } from "./context.ts";
import { Problem } from "./error.ts";
import { ulid } from "./id.ts";

export type Row = Record<string, unknown>;
export interface Key {
  readonly pk: string;
  readonly sk: string;
}
type Op = NonNullable<TransactWriteCommandInput["TransactItems"]>[number];
/** What a condition that does not hold means; told the row as it was, if there was one. */
export type Refusal = Problem | ((row: Row | undefined) => Problem);
/** One line of a commit. */
export interface Write {
  readonly op: Op;
  readonly refusal?: Refusal | undefined;
}

/** A row of the tenant. `part` names a partition of the tenant's own for rows that grow or are hot. */
export const key = (ctx: Pick<Context, "tenant">, sk: string, part?: string): Key => ({
  pk: part === undefined ? `TENANT#${ctx.tenant}` : `TENANT#${ctx.tenant}#${part}`,
  sk,
});

/** A row found by something that is unique everywhere, such as the hash of a token. */
export const globalKey = (noun: string, value: string): Key => ({ pk: `${noun}#${value}`, sk: noun });

const alive = (world: World, row: Row | undefined) =>
  row !== undefined && (typeof row.ttl !== "number" || row.ttl > world.now().getTime() / 1000) ? row : undefined;

/** Reads one row; consistently, unless nothing is decided by it. A row past its TTL is absent, whether or not it was swept yet. */
export async function get(world: World, at: Key, { consistent = true } = {}): Promise<Row | undefined> {
  const found = await world.table.client.send(
    new GetCommand({ TableName: world.table.name, Key: at, ConsistentRead: consistent }),
  );
  return alive(world, found.Item);
}

/** Reads a row that, once it is there, stays as it is: the cheap way, and consistently only where that does not find it. */
export const getLasting = async (world: World, at: Key): Promise<Row | undefined> =>
  (await get(world, at, { consistent: false })) ?? (await get(world, at));

/** Reads rows, up to 100 in a round trip; answers in the order asked, undefined where there is none. */
export async function getAll(world: World, keys: readonly Key[], { consistent = true } = {}): Promise<(Row | undefined)[]> {
  const distinct = [...new Map(keys.map((at) => [`${at.pk}|${at.sk}`, at])).values()];
  const found = new Map<string, Row>();
  for (let from = 0; from < distinct.length; from += 100) {
    for (const row of await getBatch(world, distinct.slice(from, from + 100), consistent)) found.set(`${row.pk}|${row.sk}`, row);
  }
  return keys.map((at) => alive(world, found.get(`${at.pk}|${at.sk}`)));
}

/** What the service leaves out for want of capacity is asked for again. */
async function getBatch(world: World, keys: readonly Key[], consistent: boolean): Promise<Row[]> {
  const rows: Row[] = [];
  let asked: Key[] = [...keys];
  for (let attempt = 0; asked.length > 0; attempt++) {
    if (attempt === 6) throw new Problem("service.busy");
    if (attempt > 0) await pause(world, attempt);
    const answer = await world.table.client.send(
      new BatchGetCommand({ RequestItems: { [world.table.name]: { Keys: asked, ConsistentRead: consistent } } }),
    );
    rows.push(...(answer.Responses?.[world.table.name] ?? []));
    asked = (answer.UnprocessedKeys?.[world.table.name]?.Keys ?? []) as Key[];
  }
  return rows;
}

export interface Range {
  readonly pk: string;
  readonly prefix?: string;
  readonly after?: string | undefined;
  readonly before?: string | undefined;
  /** Rows a page at most. A reader that wants them all calls listAll. */
  readonly limit: number;
  readonly newestFirst?: boolean;
  readonly consistent?: boolean;
}

/** One page of a partition in key order: rows whose sort key has the prefix, past `after` in the direction of reading. */
export async function list(world: World, range: Range): Promise<{ rows: Row[]; last?: string }> {
  const prefix = range.prefix ?? "";
  const [low, high] = range.newestFirst
    ? [prefix, range.after ? `${range.after}` : `${prefix}\uffff`]
    : [range.after ? `${range.after}` : prefix, `${prefix}\uffff`];
  const answer = await world.table.client.send(
    new QueryCommand({
      TableName: world.table.name,
      KeyConditionExpression: "pk = :pk AND sk BETWEEN :low AND :high",
      ExpressionAttributeValues: { ":pk": range.pk, ":low": low || " ", ":high": high },
      ScanIndexForward: !range.newestFirst,
      Limit: range.limit + (range.after ? 1 : 0),
      ConsistentRead: range.consistent ?? false,
    }),
  );
  const rows = (answer.Items ?? []).filter((row) => row.sk !== range.after && alive(world, row));
  const last = answer.LastEvaluatedKey?.sk;
  return { rows, ...(last !== undefined && { last: String(last) }) };
}

/** Of a long partition in which little is wanted, so much is read for one page of a list. */
const ROUNDS = 10;

/**
 * A page of what `keep` makes of rows, read on until it is full or nothing follows. It may be shorter after many rounds, but one that says
 * that more follows is never empty: `last` is the sort key of the last row looked at.
 */
export async function fill<T>(
  world: World,
  range: Range,
  keep: (rows: readonly Row[]) => readonly (T | undefined)[] | Promise<readonly (T | undefined)[]>,
): Promise<{ items: T[]; last?: string }> {
  const items: T[] = [];
  let { limit, after } = range;
  for (let round = 1; ; round++) {
    const page = await list(world, { ...range, limit, after });
    const kept = await keep(page.rows);
    for (const [i, item] of kept.entries()) {
      if (item === undefined) continue;
      items.push(item);
      if (items.length < range.limit) continue;
      return i + 1 < kept.length || page.last ? { items, last: String(page.rows[i]?.sk) } : { items };
    }
    if (page.last === undefined) return { items };
    if (round >= ROUNDS && items.length > 0) return { items, last: page.last };
    after = page.last;
    limit = 100;
  }
}

/** Rows read in one round trip where all are wanted. */
const PAGE = 1000;

/** All rows of a partition whose sort key has the prefix, page after page to the end. For lists that have a ceiling of their own. */
export async function listAll(world: World, range: Omit<Range, "limit" | "after" | "before">): Promise<Row[]> {
  const rows: Row[] = [];
  for (let after: string | undefined; ; ) {
    const page = await list(world, { ...range, after, limit: PAGE });
    rows.push(...page.rows);
    if (page.last === undefined) return rows;
    after = page.last;
  }
}

/** The sparse index of rows that somebody has to look at: `duePk` names a shard of them, `dueAt` when. */
export const DUE_INDEX = "due";
const DUE_PAGE = 100;

/**
 * A shard's rows that are due by then, or all of them, earliest first: what the index holds of each. It costs by their number alone. The next
 * page is read when the one before is done with; the index follows the table, so a row that moves meanwhile may come twice.
 */
export async function* listDue(world: World, shard: string, by?: Date): AsyncGenerator<Row> {
  let from: Row | undefined;
  do {
    const page = await world.table.client.send(
      new QueryCommand({
        TableName: world.table.name,
        IndexName: DUE_INDEX,
        KeyConditionExpression: by ? "duePk = :shard AND dueAt <= :by" : "duePk = :shard",
        ExpressionAttributeValues: { ":shard": shard, ...(by && { ":by": by.toISOString() }) },
        Limit: DUE_PAGE,
        ...(from && { ExclusiveStartKey: from }),
      }),
    );
    yield* page.Items ?? [];
    from = page.LastEvaluatedKey;
  } while (from);
}

/** The whole of a shard. */
export async function allDue(world: World, shard: string): Promise<Row[]> {
  const rows: Row[] = [];
  for await (const row of listDue(world, shard)) rows.push(row);
  return rows;
}

/** Whose row it is, of one in a tenant's own partition. */
export const tenantOf = ({ pk }: Row) => String(pk).slice("TENANT#".length);

const pause = (world: World, attempt: number) => world.sleep((25 * 2 ** attempt * (128 + (world.random(1)[0] ?? 0))) / 256);

/**
 * All of the writes or none of them; the only way to write a change. A condition that does not hold throws the problem its line carries.
 * Another transaction on the same rows makes DynamoDB cancel, not wait: tried again, at most 6 times. The request token makes a repeat
 * after an ambiguous time-out harmless.
 */
export async function commit(world: World, ...writes: (Write | undefined)[]): Promise<void> {
  const lines = writes.filter((line) => line !== undefined);
  const command = () => new TransactWriteCommand({ TransactItems: lines.map((line) => line.op), ClientRequestToken: token });
  const token = ulid(world);
  for (let attempt = 1; ; attempt++) {
    try {
      await world.table.client.send(command());
      return;
    } catch (error) {
      if (!(error instanceof TransactionCanceledException)) throw error;
      const reasons = error.CancellationReasons ?? [];
      for (const [i, reason] of reasons.entries()) {
        const refusal = lines[i]?.refusal;
        if (reason.Code !== "ConditionalCheckFailed") continue;
        throw refusal === undefined
          ? error
          : typeof refusal === "function"
            ? refusal(reason.Item && unmarshall(reason.Item))
            : refusal;
      }
      const passing = reasons.some((reason) => reason.Code === "TransactionConflict" || reason.Code === "ThrottlingError");
      if (!passing) throw error;
      if (attempt === 6) throw new Problem("service.busy", { cause: error });
      await pause(world, attempt);
    }
  }
}

/** A commit that somebody else may be ahead of: false when a condition without a refusal of its own does not hold. */
export async function tryCommit(world: World, ...writes: (Write | undefined)[]): Promise<boolean> {
  try {
    await commit(world, ...writes);
    return true;
  } catch (error) {
    if (!(error instanceof TransactionCanceledException)) throw error;
    if (error.CancellationReasons?.some(({ Code }) => Code === "ConditionalCheckFailed")) return false;
    throw error;
  }
}

/** A row that must not exist yet. */
export const insert = (world: World, at: Key, row: object, refusal?: Refusal): Write => ({
  op: {
    Put: {
      TableName: world.table.name,
      Item: { ...row, ...at },
      ConditionExpression: "attribute_not_exists(pk)",
      ReturnValuesOnConditionCheckFailure: "ALL_OLD",
    },
  },
  refusal,
});

/** The `ttl` of a row that is kept so long: seconds since 1970, after which the table removes it in its own time. */
export const ttlIn = (world: World, seconds: number) => Math.floor(world.now().getTime() / 1000) + seconds;

/** A row written whatever was there. For rows whose key makes repeats equal, such as events. */
export const put = (world: World, at: Key, row: object): Write => ({
  op: { Put: { TableName: world.table.name, Item: { ...row, ...at } } },
});

/** A whole row in place of the version that was read. */
export const replace = <T extends { version: number }>(
  world: World,
  at: Key,
  row: T,
  seen: number,
  refusal?: Refusal,
): Write => ({
  op: {
    Put: {
      TableName: world.table.name,
      Item: { ...row, ...at },
      ConditionExpression: "version = :seen",
      ExpressionAttributeValues: { ":seen": seen },
      ReturnValuesOnConditionCheckFailure: "ALL_OLD",
    },
  },
  refusal: refusal ?? new Problem("version.stale"),
});

export interface Change {
  /** Update expression, such as `SET #slots = #slots + :one`. `#name` is the attribute of that name: DynamoDB reserves hundreds of words. */
  readonly change: string;
  readonly condition: string;
  readonly values?: Row;
}

/** A change that sets these fields, and their values. */
export const assign = (fields: Row) => ({
  change: `SET ${Object.keys(fields)
    .map((name) => `#${name} = :${name}`)
    .join(", ")}`,
  values: Object.fromEntries(Object.entries(fields).map(([name, value]) => [`:${name}`, value])),
});

function expression({ change, condition, values }: Change) {
  const names = [...`${change} ${condition}`.matchAll(/#(\w+)/g)].map(([placeholder, name]) => [placeholder, name]);
  return {
    UpdateExpression: change,
    ConditionExpression: condition,
    ...(names.length > 0 && { ExpressionAttributeNames: Object.fromEntries(names) }),
    ...(values && { ExpressionAttributeValues: values }),
    ReturnValuesOnConditionCheckFailure: "ALL_OLD" as const,
  };
}

export const update = (world: World, at: Key, change: Change, refusal?: Refusal): Write => ({
  op: { Update: { TableName: world.table.name, Key: at, ...expression(change) } },
  refusal,
});

/** A condition on a row that is not changed. */
export const check = (world: World, at: Key, change: Omit<Change, "change">, refusal?: Refusal): Write => {
  const { UpdateExpression: _, ...rest } = expression({ ...change, change: "" });
  return { op: { ConditionCheck: { TableName: world.table.name, Key: at, ...rest } }, refusal };
};

export const remove = (world: World, at: Key, change?: Omit<Change, "change">, refusal?: Refusal): Write => {
  const { UpdateExpression: _, ...rest } = expression({ condition: "attribute_exists(pk)", ...change, change: "" });
  return { op: { Delete: { TableName: world.table.name, Key: at, ...rest } }, refusal };
};

async function updateRow(world: World, at: Key, change: Change): Promise<Row> {
  const expressions = expression(change);
  const command = new UpdateCommand({ TableName: world.table.name, Key: at, ...expressions, ReturnValues: "ALL_NEW" });
  return (await world.table.client.send(command)).Attributes ?? {};
}

/**
 * Changes one row by itself, half the price of a transaction: for claims that lapse and marks that carry no state (no audit line, no job).
 * Answers the row as it became. @throws what `refusal` says of the row as it was, when the condition does not hold
 */
export async function touch(world: World, at: Key, change: Change, refusal: Refusal): Promise<Row> {
  try {
    return await updateRow(world, at, change);
  } catch (error) {
    if (!(error instanceof ConditionalCheckFailedException)) throw error;
    throw typeof refusal === "function" ? refusal(error.Item && unmarshall(error.Item)) : refusal;
  }
}

/** The same where it is no error that somebody else was first: undefined when the condition does not hold. */
export async function tryUpdate(world: World, at: Key, change: Change): Promise<Row | undefined> {
  try {
    return await updateRow(world, at, change);
  } catch (error) {
    if (error instanceof ConditionalCheckFailedException) return undefined;
    throw error;
  }
}

/** A whole row in place of the version that was read, by itself: half the price of a commit, for progress that carries no audit line. */
export async function replaceOne<T extends { version: number }>(world: World, at: Key, row: T, seen: number): Promise<void> {
  const { Put } = replace(world, at, row, seen).op;
  if (!Put) throw new Error("replace is a Put");
  try {
    await world.table.client.send(new PutCommand(Put));
  } catch (error) {
    if (error instanceof ConditionalCheckFailedException) throw new Problem("version.stale");
    throw error;
  }
}

/** Writes a row whose key makes repeats equal, by itself. */
export async function store(world: World, at: Key, row: object): Promise<void> {
  await world.table.client.send(new PutCommand({ TableName: world.table.name, Item: { ...row, ...at } }));
}
