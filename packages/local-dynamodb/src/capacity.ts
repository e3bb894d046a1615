import type { Table } from "./table.ts";

/** What one request has consumed of one table. Units of reads are 4 KB, of writes 1 KB; half units are eventually consistent reads. */
interface Spent {
  read: number;
  write: number;
  readonly indexReads: Map<string, number>;
  readonly indexWrites: Map<string, number>;
}

/** What one request has consumed, by table, whether it succeeds or not. */
export type Usage = Map<Table, Spent>;

export const readUnits = (size: number, consistent: boolean) => Math.max(1, Math.ceil(size / 4096)) * (consistent ? 1 : 0.5);

function of(usage: Usage, table: Table): Spent {
  const known = usage.get(table);
  if (known) return known;
  const made: Spent = { read: 0, write: 0, indexReads: new Map(), indexWrites: new Map() };
  usage.set(table, made);
  return made;
}

export function spendRead(usage: Usage, table: Table, units: number, index?: string): void {
  const spent = of(usage, table);
  if (index === undefined) spent.read += units;
  else spent.indexReads.set(index, (spent.indexReads.get(index) ?? 0) + units);
}

export function spendWrite(usage: Usage, table: Table, units: number, indexes?: ReadonlyMap<string, number>, factor = 1): void {
  const spent = of(usage, table);
  spent.write += units * factor;
  for (const [index, more] of indexes ?? []) spent.indexWrites.set(index, (spent.indexWrites.get(index) ?? 0) + more * factor);
}

const sum = (units: ReadonlyMap<string, number>) => [...units.values()].reduce((total, each) => total + each, 0);

export const totals = (spent: Spent) => ({
  read: spent.read + sum(spent.indexReads),
  write: spent.write + sum(spent.indexWrites),
});

/** The ConsumedCapacity entries of an answer. Transactions name the kind of unit besides the sum. */
export function consumed(usage: Usage, mode: unknown, kind?: "Read" | "Write"): Record<string, unknown>[] {
  const units = (count: number) => ({ CapacityUnits: count, ...(kind && { [`${kind}CapacityUnits`]: count }) });
  return [...usage].map(([table, spent]) => {
    const { read, write } = totals(spent);
    const total = { TableName: table.name, ...units(read + write) };
    if (mode !== "INDEXES") return total;
    const indexes = [...spent.indexReads, ...spent.indexWrites].map(([name, count]) => [name, units(count)] as const);
    return {
      ...total,
      Table: units(spent.read + spent.write),
      ...(indexes.length > 0 && { GlobalSecondaryIndexes: Object.fromEntries(indexes) }),
    };
  });
}

export const wanted = (mode: unknown) => mode === "TOTAL" || mode === "INDEXES";
