import { type Bindings, resolvePath, separate } from "./operand.ts";
import { ended, type Path, remembered, syntaxError, taken, takePath, tokenise } from "./token.ts";
import { type AttributeValue, emptyItem, type Item } from "./value.ts";

export interface ParsedProjection {
  readonly paths: readonly Path[];
  readonly names: ReadonlySet<string>;
  readonly nested: ReadonlySet<string>;
}

export const parseProjection = remembered((text: string): ParsedProjection => {
  const tokens = tokenise(text);
  const paths = [takePath(tokens)];
  while (taken(tokens, ",")) paths.push(takePath(tokens));
  if (!ended(tokens)) throw syntaxError(tokens);
  return { paths, names: tokens.names, nested: tokens.nested };
});

/** The resolved paths of a projection. Throws ValidationException where two overlap. */
export function projectionPaths(parsed: ParsedProjection, names: Bindings["names"]): readonly Path[] {
  const paths = parsed.paths.map((path) => resolvePath(path, names));
  separate(paths);
  return paths;
}

/** The wanted parts below one point of an item; `true` wants it whole. */
type Wanted = true | Map<string | number, Wanted>;

/** The parts of an item that separate paths name, with the containers around them. Elements of a list keep their order and close up. */
export function project(item: Item, paths: readonly Path[]): Item {
  if (paths.every((path) => path.length === 1)) {
    const part = emptyItem();
    for (const [name] of paths) if (item[name as string] !== undefined) part[name as string] = item[name as string]!;
    return part;
  }
  const wanted: Map<string | number, Wanted> = new Map();
  for (const path of paths) {
    let level = wanted;
    for (const step of path.slice(0, -1)) {
      const next = level.get(step);
      if (next instanceof Map) level = next;
      else {
        const made: Map<string | number, Wanted> = new Map();
        level.set(step, made);
        level = made;
      }
    }
    level.set(path.at(-1)!, true);
  }
  return pick({ M: item }, wanted)?.M ?? emptyItem();
}

function pick(value: AttributeValue | undefined, wanted: Wanted): AttributeValue | undefined {
  if (value === undefined || wanted === true) return value;
  if (value.M !== undefined) {
    const part = emptyItem();
    let found = false;
    for (const [step, below] of wanted) {
      const child = typeof step === "string" ? pick(value.M[step], below) : undefined;
      if (child === undefined) continue;
      part[step] = child;
      found = true;
    }
    return found ? { M: part } : undefined;
  }
  if (value.L === undefined) return undefined;
  const steps = [...wanted.keys()].filter((step) => typeof step === "number").sort((a, b) => a - b);
  const elements = steps.map((step) => pick(value.L![step], wanted.get(step)!)).filter((element) => element !== undefined);
  return elements.length > 0 ? { L: elements } : undefined;
}
