import { invalid, missing } from "./errors.ts";
import type { List } from "./objects/parts.ts";
import type { World } from "./world.ts";

export interface PageInput {
  limit?: number;
  starting_after?: string;
  ending_before?: string;
  created?: number | { gt?: number; gte?: number; lt?: number; lte?: number };
}

interface Row {
  id: string;
  created?: number;
}

/**
 * A page of rows, newest first. `rows` come oldest first; `filters` name the parameters that must equal a row's own value.
 * A cursor that names nothing is a 400.
 */
export function page<T extends Row>(
  _world: World,
  url: string,
  rows: readonly T[],
  asked: object,
  noun: string,
  filters: Record<string, (row: T) => unknown> = {},
): List<T> {
  const input = asked as PageInput & Record<string, unknown>;
  const { limit = 10, starting_after: after, ending_before: before } = input;
  if (limit < 1 || limit > 100)
    throw invalid("Invalid integer: must be between 1 and 100", { param: "limit", code: "parameter_invalid_integer" });
  if (after !== undefined && before !== undefined)
    throw invalid("Received both starting_after and ending_before parameters. Please pass in only one.");
  const newestFirst = rows
    .filter((row) => within(row.created ?? 0, input.created))
    .filter((row) => Object.entries(filters).every(([name, read]) => input[name] === undefined || read(row) === input[name]))
    .reverse();
  const place = (id: string, param: string) => {
    const index = newestFirst.findIndex((row) => row.id === id);
    if (index < 0 && !rows.some((row) => row.id === id)) throw missing(noun, id, param);
    return index;
  };
  if (before !== undefined) {
    const end = Math.max(0, place(before, "ending_before"));
    const start = Math.max(0, end - limit);
    return { object: "list", data: newestFirst.slice(start, end), has_more: start > 0, url };
  }
  const start = after === undefined ? 0 : place(after, "starting_after") + 1;
  return { object: "list", data: newestFirst.slice(start, start + limit), has_more: newestFirst.length > start + limit, url };
}

/** A list that is whole, as inside an object. */
export function whole<T>(url: string, data: T[]): List<T> {
  return { object: "list", data, has_more: false, total_count: data.length, url };
}

function within(created: number, range: PageInput["created"]): boolean {
  if (range === undefined) return true;
  if (typeof range === "number") return created === range;
  const { gt = -Infinity, gte = -Infinity, lt = Infinity, lte = Infinity } = range;
  return created > gt && created >= gte && created < lt && created <= lte;
}
