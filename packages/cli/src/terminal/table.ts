import type { Paint } from "./paint.ts";
import { clean, cut, pad, padLeft, widthOf, wrap } from "./text.ts";

/** What a view is drawn with. */
export interface Layout {
  readonly width: number;
  readonly paint: Paint;
  readonly now: Date;
}

export interface Column<Row> {
  readonly title: string;
  readonly cell: (row: Row) => string;
  readonly paint?: (paint: Paint, text: string, row: Row) => string;
  /** Where room is short, the column with the lowest number goes first. One without a number stays. */
  readonly keep?: number;
  /** May be cut short, down to this many columns. */
  readonly least?: number;
  readonly right?: boolean;
}

const GAP = 2;
const PLACE = "  ";

/**
 * Rows as lines that fit the width: what may be cut is cut, then columns go, and where even that is too wide each row becomes a small
 * block of its own.
 */
export function table<Row>(
  columns: readonly Column<Row>[],
  rows: readonly Row[],
  to: { readonly width: number; readonly paint: Paint },
): string[] {
  const all = columns.map((column) => {
    const cells = rows.map((row) => clean(column.cell(row)) || "-");
    const natural = Math.max(widthOf(column.title), ...cells.map(widthOf));
    return { column, cells, natural, least: Math.min(natural, Math.max(column.least ?? natural, widthOf(column.title))) };
  });
  type Laid = (typeof all)[number];
  const total = (laid: readonly Laid[]) => laid.reduce((sum, { least }) => sum + least, GAP * (laid.length - 1));
  let kept: Laid[] = all;
  while (total(kept) > to.width) {
    const lowest = Math.min(...kept.map(({ column }) => column.keep ?? Number.POSITIVE_INFINITY));
    if (lowest === Number.POSITIVE_INFINITY) return stacked(all, rows, to);
    kept = kept.filter(({ column }) => column.keep !== lowest);
  }
  const widths = spread(kept, to.width - total(kept));
  const line = (text: (laid: Laid, i: number) => string) =>
    kept
      .map((laid, i) => text(laid, i))
      .join(PLACE)
      .trimEnd();
  const fit = (text: string, { column }: Laid, i: number) =>
    (column.right ? padLeft : pad)(cut(text, widths[i] ?? 0), widths[i] ?? 0);
  const painted = (text: string, { column }: Laid, row: Row) => (column.paint ? column.paint(to.paint, text, row) : text);
  return [
    to.paint.dim(line((laid, i) => fit(laid.column.title, laid, i))),
    ...rows.map((row, r) =>
      line((laid, i) => {
        const cell = fit(laid.cells[r] ?? "", laid, i);
        const last = i === kept.length - 1;
        return painted(last ? cell.trimEnd() : cell, laid, row);
      }),
    ),
  ];
}

/** Gives the room that is left to the columns that were cut, first come first served. */
function spread(laid: readonly { natural: number; least: number }[], room: number): number[] {
  let left = room;
  return laid.map(({ natural, least }) => {
    const more = Math.min(natural - least, left);
    left -= more;
    return least + more;
  });
}

function stacked<Row>(
  laid: readonly { column: Column<Row>; cells: readonly string[] }[],
  rows: readonly Row[],
  { width, paint }: { readonly width: number; readonly paint: Paint },
): string[] {
  const [head, ...rest] = laid;
  const titles = Math.max(...rest.map(({ column }) => widthOf(column.title)));
  const room = Math.max(8, width - titles - 2 * PLACE.length);
  return rows.flatMap((row, r) => [
    ...(r > 0 ? [""] : []),
    paint.bold(cut(head?.cells[r] ?? "", width)),
    ...rest
      .filter(({ cells }) => cells[r] !== "-")
      .flatMap(({ column, cells }) =>
        wrap(cells[r] ?? "", room).map((text, i) => {
          const shown = column.paint ? column.paint(paint, cut(text, room), row) : cut(text, room);
          return `${PLACE}${paint.dim(pad(i === 0 ? column.title : "", titles))}${PLACE}${shown}`;
        }),
      ),
  ]);
}

/** Names and values, one a line; what is undefined is left out. */
export function facts(
  pairs: readonly (readonly [string, string | undefined])[],
  to: { readonly width: number; readonly paint: Paint },
): string[] {
  const shown = pairs.filter((pair): pair is readonly [string, string] => pair[1] !== undefined && pair[1] !== "");
  const names = Math.max(0, ...shown.map(([name]) => widthOf(name)));
  return shown.flatMap(([name, value]) =>
    wrap(value, Math.max(20, to.width - names - GAP)).map(
      (text, i) => `${to.paint.dim(pad(i === 0 ? name : "", names))}${PLACE}${text}`,
    ),
  );
}
