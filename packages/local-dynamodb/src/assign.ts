import { invalid } from "./error.ts";
import type { Path, Step } from "./token.ts";
import { type AttributeValue, emptyItem, type Item } from "./value.ts";

/** One place of an item and what becomes of it; undefined takes it away. */
export interface Assignment {
  readonly path: Path;
  readonly value: AttributeValue | undefined;
}

/** A list while it is assigned to: holes where elements went, and what is set beyond its end. */
interface Draft {
  readonly list: (AttributeValue | undefined)[];
  readonly beyond: { readonly index: number; readonly value: AttributeValue }[];
}

/**
 * Assign at separate paths, leaving the given item untouched and sharing what does not change. List indexes are the old
 * list's; what is set beyond its end is appended in order of index. Throws ValidationException where a container is missing.
 */
export function assign(item: Item, assignments: readonly Assignment[]): Item {
  const root = Object.assign(emptyItem(), item);
  const copied = new Set<object>([root]);
  const drafts = new Map<AttributeValue[], Draft>();
  for (const { path, value } of assignments) place(root, path, value, copied, drafts);
  for (const [array, draft] of drafts) close(array, draft);
  return root;
}

function place(
  root: Item,
  path: Path,
  value: AttributeValue | undefined,
  copied: Set<object>,
  drafts: Map<AttributeValue[], Draft>,
): void {
  let container: AttributeValue = { M: root };
  for (const step of path.slice(0, -1)) container = descend(container, step, copied, drafts);
  const last = path.at(-1)!;
  if (typeof last === "string") {
    if (container.M === undefined) throw unreachable();
    if (value === undefined) delete container.M[last];
    else container.M[last] = value;
    return;
  }
  if (container.L === undefined) throw unreachable();
  const draft = drafts.get(container.L) ?? { list: [...container.L], beyond: [] };
  drafts.set(container.L, draft);
  if (last < container.L.length) draft.list[last] = value;
  else if (value !== undefined) draft.beyond.push({ index: last, value });
}

/** The container at a step, copied the first time it is entered. */
function descend(parent: AttributeValue, step: Step, copied: Set<object>, drafts: Map<AttributeValue[], Draft>): AttributeValue {
  const list = parent.L;
  const value = typeof step === "number" ? ((list && drafts.get(list)?.list[step]) ?? list?.[step]) : parent.M?.[step];
  if (value === undefined || (value.M === undefined && value.L === undefined)) throw unreachable();
  if (copied.has(value)) return value;
  const copy: AttributeValue = value.M ? { M: Object.assign(emptyItem(), value.M) } : { L: [...value.L!] };
  copied.add(copy);
  if (typeof step === "string") parent.M![step] = copy;
  else {
    list![step] = copy;
    const draft = drafts.get(list!);
    if (draft) draft.list[step] = copy;
  }
  return copy;
}

function close(array: AttributeValue[], draft: Draft): void {
  const kept = draft.list.filter((element) => element !== undefined);
  const appended = draft.beyond.sort((a, b) => a.index - b.index).map(({ value }) => value);
  array.splice(0, array.length, ...kept, ...appended);
}

const unreachable = () => invalid("The document path provided in the update expression is invalid for update");
