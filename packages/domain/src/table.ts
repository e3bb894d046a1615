import { type AttributeValue, ConditionalCheckFailedException, TransactionCanceledException } from "@aws-sdk/client-dynamodb";
import { PutCommand, TransactWriteCommand, type TransactWriteCommandInput, UpdateCommand } from "@aws-sdk/lib-dynamodb";
import { unmarshall } from "@aws-sdk/util-dynamodb";
import type { Context, World } from "./context.ts";
import { Problem } from "./error.ts";
import { ulid } from "./id.ts";

export type Row = Record<string, unknown>;
export interface Key {
  readonly pk: string;
  readonly sk: string;
}
/** The refusal of a condition on what was read: another write was first. */
export const overtaken = new Problem("version.stale");

type Op = NonNullable<TransactWriteCommandInput["TransactItems"]>[number];
/** What a failed condition means; a function gets the row as it was, if there was one. */
export type Refusal = Problem | ((row: Row | undefined) => Problem);
/** One line of a commit. */
export interface Write {
  readonly op: Op;
  readonly refusal?: Refusal | undefined;
}

/** `part` names a partition of the tenant's own, for rows that grow or are hot. */
export const key = (ctx: Pick<Context, "tenant">, sk: string, part?: string): Key => ({
  pk: part === undefined ? `TENANT#${ctx.tenant}` : `TENANT#${ctx.tenant}#${part}`,
  sk,
});

/** For values that are unique everywhere, such as the hash of a token. */
export const globalKey = (noun: string, value: string): Key => ({ pk: `${noun}#${value}`, sk: noun });

/** For rows in a tenant's own partition, without `part`. */
export const tenantOf = ({ pk }: Row) => String(pk).slice("TENANT#".length);

/** Exponential backoff with jitter. */
export const pause = (world: World, attempt: number) =>
  world.sleep((25 * 2 ** attempt * (128 + (world.random(1)[0] ?? 0))) / 256);

const meaning = (refusal: Refusal, item: Record<string, AttributeValue> | undefined): Problem =>
  typeof refusal === "function" ? refusal(item && unmarshall(item)) : refusal;

/** All of the writes or none; the only way to write a change. Throws the refusal of a condition that does not hold. */
export async function commit(world: World, ...writes: (Write | undefined)[]): Promise<void> {
  const refused = await transact(world, writes);
  if (refused) throw refused;
}

/** For a race that may be lost: false when a condition does not hold whose refusal is `overtaken`. */
export async function tryCommit(world: World, ...writes: (Write | undefined)[]): Promise<boolean> {
  const refused = await transact(world, writes);
  if (refused && refused !== overtaken) throw refused;
  return !refused;
}

/**
 * Answers what the first condition that does not hold means. A conflict with another transaction makes DynamoDB cancel, not wait: 6 attempts.
 * The request token makes a repeat after an ambiguous timeout harmless.
 */
async function transact(world: World, writes: readonly (Write | undefined)[]): Promise<Error | undefined> {
  const lines = writes.filter((line) => line !== undefined);
  const command = () => new TransactWriteCommand({ TransactItems: lines.map((line) => line.op), ClientRequestToken: token });
  const token = ulid(world);
  for (let attempt = 1; ; attempt++) {
    try {
      await world.table.client.send(command());
      return undefined;
    } catch (error) {
      if (!(error instanceof TransactionCanceledException)) throw error;
      const reasons = error.CancellationReasons ?? [];
      for (const [i, reason] of reasons.entries()) {
        const refusal = lines[i]?.refusal;
        if (reason.Code === "ConditionalCheckFailed") return refusal ? meaning(refusal, reason.Item) : error;
      }
      const passing = reasons.some((reason) => reason.Code === "TransactionConflict" || reason.Code === "ThrottlingError");
      if (!passing) throw error;
      if (attempt === 6) throw new Problem("service.busy", { cause: error });
      await pause(world, attempt);
    }
  }
}

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

/** Seconds since 1970. DynamoDB removes the row some time after that. */
export const ttlIn = (world: World, seconds: number) => Math.floor(world.now().getTime() / 1000) + seconds;

/** Unconditional, for rows whose key makes repeats equal, such as events. */
export const put = (world: World, at: Key, row: object): Write => ({
  op: { Put: { TableName: world.table.name, Item: { ...row, ...at } } },
});

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
  refusal: refusal ?? overtaken,
});

export interface Change {
  /** Such as `SET #slots = #slots + :one`. `#name` is the attribute of that name: DynamoDB reserves hundreds of words. */
  readonly change: string;
  readonly condition: string;
  readonly values?: Row;
}

/** Sets these fields, at least one, and removes those that are undefined. */
export function assign(fields: Row): { change: string; values: Row } {
  const given = Object.entries(fields).filter(([, value]) => value !== undefined);
  const removed = Object.keys(fields).filter((name) => fields[name] === undefined);
  const set = `SET ${given.map(([name]) => `#${name} = :${name}`).join(", ")}`;
  return {
    change: removed.length > 0 ? `${set} REMOVE ${removed.map((name) => `#${name}`).join(", ")}` : set,
    values: Object.fromEntries(given.map(([name, value]) => [`:${name}`, value])),
  };
}

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

/** Also where it is not there. */
export const forget = (world: World, at: Key): Write => ({ op: { Delete: { TableName: world.table.name, Key: at } } });

async function updateRow(world: World, at: Key, change: Change): Promise<Row> {
  const expressions = expression(change);
  const command = new UpdateCommand({ TableName: world.table.name, Key: at, ...expressions, ReturnValues: "ALL_NEW" });
  return (await world.table.client.send(command)).Attributes ?? {};
}

/** Half the price of a transaction: for claims that lapse and marks that carry no state (no audit line, no job). Answers the new row, throws `refusal`. */
export async function updateOne(world: World, at: Key, change: Change, refusal: Refusal): Promise<Row> {
  try {
    return await updateRow(world, at, change);
  } catch (error) {
    if (!(error instanceof ConditionalCheckFailedException)) throw error;
    throw meaning(refusal, error.Item);
  }
}

/** For a race that may be lost: undefined when the condition does not hold. */
export async function tryUpdate(world: World, at: Key, change: Change): Promise<Row | undefined> {
  try {
    return await updateRow(world, at, change);
  } catch (error) {
    if (error instanceof ConditionalCheckFailedException) return undefined;
    throw error;
  }
}

/** Half the price of a commit: for progress that needs no audit line. False when another write was first. */
export async function tryReplace<T extends { version: number }>(world: World, at: Key, row: T, seen: number): Promise<boolean> {
  const { Put } = replace(world, at, row, seen).op;
  if (!Put) throw new Error("replace is a Put");
  try {
    await world.table.client.send(new PutCommand(Put));
    return true;
  } catch (error) {
    if (error instanceof ConditionalCheckFailedException) return false;
    throw error;
  }
}

export async function putOne(world: World, at: Key, row: object): Promise<void> {
  await world.table.client.send(new PutCommand({ TableName: world.table.name, Item: { ...row, ...at } }));
}
