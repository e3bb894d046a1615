import { readAll } from "@berth/api-client/client.ts";
import type { Command } from "commander";
import { countOf, type Flags, isSet, textOf } from "../command.ts";

/** How much of a list is asked for. */
export interface Paging {
  readonly limit: number | undefined;
  readonly cursor: string | undefined;
  readonly all: boolean;
}

export interface Page<T> {
  readonly items: readonly T[];
  readonly next: string | null;
}

const MOST = 100;

export const pagingOptions = (command: Command): Command =>
  command
    .option("-n, --limit <count>", "how many at most (default: 20)")
    .option("--cursor <cursor>", "go on after an earlier page")
    .option("--all", "all of them");

export const parsePaging = (flags: Flags): Paging => ({
  limit: countOf(flags, "limit", 1, MOST),
  cursor: textOf(flags, "cursor"),
  all: isSet(flags, "all"),
});

/** A page as it was asked for, or all of them in one. */
export async function readPages<T>(
  { limit, cursor, all }: Paging,
  read: (query: { limit: string; cursor?: string }) => Promise<Page<T>>,
): Promise<Page<T>> {
  const query = (next: string | undefined) => ({
    limit: String(limit ?? (all ? MOST : 20)),
    ...(next !== undefined && { cursor: next }),
  });
  if (all) return { items: await readAll((next) => read(query(next)), cursor), next: null };
  const { items, next } = await read(query(cursor));
  return { items, next };
}

/** How to see the rest of a list. */
export const more = (next: string | null, command: string) => (next === null ? [] : ["", `More: ${command} --cursor '${next}'`]);
