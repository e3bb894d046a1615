import { BatchGetCommand, GetCommand, QueryCommand } from "@aws-sdk/lib-dynamodb";
import type { World } from "./context.ts";
import { Problem } from "./error.ts";
import { type Key, pause, type Row } from "./table.ts";

const alive = (world: World, row: Row | undefined) =>
  row !== undefined && (typeof row.ttl !== "number" || row.ttl > world.now().getTime() / 1000) ? row : undefined;

/** `consistent: false` only where nothing is decided by it. A row past its TTL is absent, even if DynamoDB has not removed it yet. */
export async function get(world: World, at: Key, { consistent = true } = {}): Promise<Row | undefined> {
  const found = await world.table.client.send(
    new GetCommand({ TableName: world.table.name, Key: at, ConsistentRead: consistent }),
  );
  return alive(world, found.Item);
}

/** For rows that never change: eventually consistent, and consistent only if that finds nothing. */
export const getImmutable = async (world: World, at: Key): Promise<Row | undefined> =>
  (await get(world, at, { consistent: false })) ?? (await get(world, at));

/** In the order asked, undefined where there is no row. */
export async function getAll(world: World, keys: readonly Key[], { consistent = true } = {}): Promise<(Row | undefined)[]> {
  const distinct = [...new Map(keys.map((at) => [`${at.pk}|${at.sk}`, at])).values()];
  const found = new Map<string, Row>();
  for (let from = 0; from < distinct.length; from += 100) {
    for (const row of await getBatch(world, distinct.slice(from, from + 100), consistent)) found.set(`${row.pk}|${row.sk}`, row);
  }
  return keys.map((at) => alive(world, found.get(`${at.pk}|${at.sk}`)));
}

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
  /** Per page; `listAll` reads all rows. */
  readonly limit: number;
  readonly newestFirst?: boolean;
  readonly consistent?: boolean;
}

/** In key order: rows whose sort key has the prefix, past `after` in the direction of reading. */
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

/** Limits what one page reads of a long partition in which little matches. */
const ROUNDS = 10;

/** Reads on until the page is full or nothing follows. A page with a successor is never empty; `last` is the sort key of the last row read. */
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

const PAGE = 1000;

/** For lists with a limit of their own: reads every page. */
export async function listAll(world: World, range: Omit<Range, "limit" | "after" | "before">): Promise<Row[]> {
  const rows: Row[] = [];
  for (let after: string | undefined; ; ) {
    const page = await list(world, { ...range, after, limit: PAGE });
    rows.push(...page.rows);
    if (page.last === undefined) return rows;
    after = page.last;
  }
}

/** Sparse index of due rows: `duePk` names the shard, `dueAt` the time. */
export const DUE_INDEX = "due";
const DUE_PAGE = 100;

/** Earliest first; without `by` all rows. The cost depends on their number alone. The index lags, so a row that moves meanwhile may come twice. */
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

export async function allDue(world: World, shard: string): Promise<Row[]> {
  const rows: Row[] = [];
  for await (const row of listDue(world, shard)) rows.push(row);
  return rows;
}
