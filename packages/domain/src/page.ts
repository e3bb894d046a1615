/** Which part of a list is asked for: `cursor` is what the page before gave as `next`. */
export interface Paging {
  readonly cursor?: string | undefined;
  readonly limit: number;
}

/** A part of a list. `next` is null at the end. */
export interface Page<Item> {
  items: Item[];
  next: string | null;
}
