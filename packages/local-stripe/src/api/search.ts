import { invalid } from "../errors.ts";

interface Found {
  id: string;
  metadata: Record<string, string>;
}

/**
 * A page of what a search finds, newest first. The language is the part of Stripe's that a back office uses: `field:'value'` and
 * `metadata['key']:'value'`, joined by AND.
 */
export function search<T extends Found>(
  url: string,
  rows: readonly T[],
  { query, limit = 10, page }: { query: string; limit?: number; page?: string },
) {
  const terms = query.split(/\s+AND\s+/i).map((term) => {
    const found = /^(?:metadata\[["']([^"']+)["']\]|(\w+))\s*:\s*["']([^"']*)["']$/.exec(term.trim());
    if (!found) throw invalid(`We were unable to parse your search query: ${query}`, { param: "query" });
    const [, key, field, value] = found;
    return (row: T) =>
      key === undefined ? (row as unknown as Record<string, unknown>)[field!] === value : row.metadata[key] === value;
  });
  const found = rows.filter((row) => terms.every((fits) => fits(row))).reverse();
  const start = page === undefined ? 0 : Number(page);
  if (!Number.isInteger(start) || start < 0) throw invalid("Invalid page token.", { param: "page" });
  const more = found.length > start + limit;
  return {
    object: "search_result",
    data: found.slice(start, start + limit),
    has_more: more,
    next_page: more ? String(start + limit) : null,
    url,
  };
}
