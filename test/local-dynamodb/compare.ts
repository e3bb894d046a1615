import type { Item } from "@berth/local-dynamodb/value.ts";
import type { Request, Step } from "./items.ts";

/** What one engine answered: a result, or an error by its name and members. Messages are not compared. */
export type Outcome = { readonly result: Request } | { readonly error: string; readonly members: Request };
export type Ask = (operation: string, input: Request) => Outcome | Promise<Outcome>;

/** Do a step; of a paged one, all its pages as one result. */
export async function perform(ask: Ask, { operation, input, pages }: Step): Promise<Outcome> {
  const first = await ask(operation, input);
  if (!pages || "error" in first) return first;
  const results = [first.result];
  while (results.at(-1)!.LastEvaluatedKey) {
    const next = await ask(operation, { ...input, ExclusiveStartKey: results.at(-1)!.LastEvaluatedKey });
    if ("error" in next) return next;
    results.push(next.result);
  }
  return { result: { pages: results } };
}

type Capacity = {
  CapacityUnits?: number;
  Table?: Capacity;
  GlobalSecondaryIndexes?: Record<string, Capacity>;
};

/**
 * The form in which answers of the two engines are equal. Where DynamoDB Local 1.25.1 is known to differ from the service,
 * its answer is brought to the service's:
 * - it leaves ReadCapacityUnits out of the table's part of a transactional read, and reports a DeleteItem's capacity unasked;
 * - it keeps the trailing zeros of computed and of nested numbers, so numbers are compared by what they amount to;
 * - it charges nothing for reading no item, in a Query, a Scan or a BatchGetItem, where the service charges the least unit;
 * - it answers ValidationException where the service cancels a transaction with the reason ValidationError, because the
 *   refusal depends on the table's schema or the item (the service's list is in the API reference of TransactionCanceledException).
 * A transactional read it cancels without reasons is one it finds invalid.
 * Order is compared where the service defines one: not of sets, of BatchGetItem's items, of a scan, nor of an index's items
 * that share a range key.
 */
export function canonical(outcome: Outcome, step: Step, isOracle: boolean): unknown {
  if ("error" in outcome) return canonicalError(outcome.error, outcome.members, step);
  const result = structuredClone(outcome.result);
  const { pages } = result as { pages?: Request[] };
  if (pages) return canonicalPages(pages, step, isOracle);
  if (isOracle) settleCapacity(result, step);
  if (step.operation === "BatchGetItem") {
    for (const items of Object.values(result.Responses as Record<string, Item[]>)) items.sort(byText);
  }
  // Batches may name their tables in any order.
  if (Array.isArray(result.ConsumedCapacity)) result.ConsumedCapacity.sort(byText);
  return sorted(result);
}

function canonicalError(name: string, members: Request, step: Step): unknown {
  const reasons = members.CancellationReasons as { Code: string; Item?: Item }[] | undefined;
  const transaction = step.operation.startsWith("Transact");
  const refused =
    name === "TransactionCanceledException"
      ? !reasons || reasons.some(({ Code }) => Code === "ValidationError")
      : name === "ValidationException";
  if (transaction && refused) return "ValidationException";
  return sorted({
    error: name,
    ...(members.Item !== undefined && { item: members.Item }),
    ...(reasons && { reasons: reasons.map(({ Code, Item: item }) => ({ Code, item })) }),
  });
}

function settleCapacity(result: Request, step: Step): void {
  if (step.input.ReturnConsumedCapacity === undefined) delete result.ConsumedCapacity;
  const capacities = [result.ConsumedCapacity ?? []].flat() as Capacity[];

  if (step.operation === "TransactGetItems")
    for (const each of capacities) if (each.Table) Object.assign(each.Table, { ReadCapacityUnits: each.Table.CapacityUnits });
  if (step.operation !== "BatchGetItem") return;
  const requests = step.input.RequestItems as Record<string, { Keys: Item[]; ConsistentRead?: boolean }>;
  for (const each of capacities as (Capacity & { TableName: string })[]) {
    const { Keys, ConsistentRead } = requests[each.TableName]!;
    const missing = Keys.length - (result.Responses as Record<string, Item[]>)[each.TableName]!.length;
    add(each, missing * (ConsistentRead ? 1 : 0.5));
  }
}

function add(capacity: Capacity, units: number): void {
  capacity.CapacityUnits = (capacity.CapacityUnits ?? 0) + units;
  if (capacity.Table) add(capacity.Table, units);
}

function canonicalPages(pages: readonly Request[], step: Step, isOracle: boolean): unknown {
  const { IndexName: index, ConsistentRead: consistent } = step.input;
  const items = pages.flatMap((page) => (page.Items as Item[] | undefined) ?? []);
  const ordered = step.operation === "Query" && !index;
  const count = (name: string) => pages.reduce((total, page) => total + (page[name] as number), 0);
  return sorted({
    pages: pages.length,
    // Of an index's items the order of their range keys is compared, where it is projected, and the items as a set.
    ...(ordered
      ? { items }
      : {
          items: items.map((item) => text(item)).sort(),
          ranges: items.map((item) => (index === "keys" ? item.gn : index === "some" ? item.sk : undefined)),
        }),
    count: count("Count"),
    scanned: count("ScannedCount"),
    withItems: pages.map((page) => page.Items !== undefined),
    // Which of an index's tied items comes first decides how much each of several pages reads.
    capacity: (ordered || pages.length === 1) && pages.map((page) => pageCapacity(page, consistent === true, isOracle)),
  });
}

function pageCapacity(page: Request, consistent: boolean, isOracle: boolean): unknown {
  const capacity = page.ConsumedCapacity as Capacity | undefined;
  if (!capacity || !isOracle || page.ScannedCount !== 0) return capacity;
  const least = consistent ? 1 : 0.5;
  const indexes =
    capacity.GlobalSecondaryIndexes &&
    Object.fromEntries(Object.keys(capacity.GlobalSecondaryIndexes).map((name) => [name, { CapacityUnits: least }]));
  return {
    ...capacity,
    CapacityUnits: least,
    ...(capacity.Table && { Table: { CapacityUnits: indexes ? 0 : least } }),
    ...(indexes && { GlobalSecondaryIndexes: indexes }),
  };
}

const byText = (left: unknown, right: unknown) => (text(left) < text(right) ? -1 : 1);
const text = (value: unknown) => JSON.stringify(sorted(value));

/** The same value with members and sets in one order. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (value === null || typeof value !== "object") return value;
  const members = Object.entries(value).filter(([, member]) => member !== undefined);
  return Object.fromEntries(
    members.map(([name, member]) => [name, normal(name, member)] as const).sort(([left], [right]) => (left < right ? -1 : 1)),
  );
}

function normal(name: string, member: unknown): unknown {
  if (name === "N" && typeof member === "string") return amount(member);
  if (name === "NS" && Array.isArray(member)) return member.map(amount).sort();
  return /^[SB]S$/.test(name) && Array.isArray(member) ? [...member].sort() : sorted(member);
}

/** A number as its digits and the power of ten of the last. */
function amount(text: string): string {
  const [, sign, whole = "", , decimals = "", power = "0"] = /^[+]?(-?)(\d*)(\.(\d*))?(?:[eE]([+-]?\d+))?$/.exec(text) ?? [];
  const digits = (whole + decimals).replace(/^0+/, "");
  const kept = digits.replace(/0+$/, "");
  return kept === "" ? "0" : `${sign}${kept}e${Number(power) - decimals.length + digits.length - kept.length}`;
}
