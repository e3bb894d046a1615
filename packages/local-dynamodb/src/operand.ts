import { invalid } from "./error.ts";
import type { Path, Step } from "./token.ts";
import { type AttributeValue, binaryLength, type Item, type Type, typeOf } from "./value.ts";

/** What a request's placeholders stand for. */
export interface Bindings {
  readonly names: Readonly<Record<string, string>>;
  readonly values: Item;
}

export type Operand =
  | { readonly kind: "path"; readonly path: Path }
  | { readonly kind: "value"; readonly ref: string }
  | { readonly kind: "call"; readonly name: string; readonly args: readonly Operand[] };

/** Replace `#placeholders` by the names they stand for. Throws ValidationException for one that is not defined. */
export function resolvePath(path: Path, names: Bindings["names"]): Path {
  const first = path[0] as string;
  if (path.length === 1) return first.charCodeAt(0) === 35 ? [resolveName(first, names)] : path;
  return path.map((step) => (typeof step === "string" ? resolveName(step, names) : step));
}

function resolveName(step: string, names: Bindings["names"]): string {
  if (step.charCodeAt(0) !== 35) return step;
  const name = names[step];
  if (name === undefined)
    throw invalid(`An expression attribute name used in the document path is not defined; attribute name: ${step}`);
  return name;
}

export function resolveValue(ref: string, values: Item): AttributeValue {
  const value = values[ref];
  if (value === undefined)
    throw invalid(`An expression attribute value used in expression is not defined; attribute value: ${ref}`);
  return value;
}

/** The value at a resolved path, or undefined. */
export function valueAt(path: Path, item: Item): AttributeValue | undefined {
  let value = item[path[0] as string];
  for (let at = 1; at < path.length && value !== undefined; at++) value = child(value, path[at]!);
  return value;
}

const child = (parent: AttributeValue, step: Step): AttributeValue | undefined =>
  typeof step === "number" ? parent.L?.[step] : parent.M?.[step];

/** The value of a condition's operand for an item, or undefined where there is none. */
export function operandValue(operand: Operand, item: Item, bindings: Bindings): AttributeValue | undefined {
  if (operand.kind === "value") return bindings.values[operand.ref];
  if (operand.kind === "path") return valueAt(resolvePath(operand.path, bindings.names), item);
  const value = operandValue(operand.args[0]!, item, bindings);
  const size = value && lengthOf(value);
  return size === undefined ? undefined : { N: String(size) };
}

/** What `size()` says: of a string its length in UTF-16 code units, though its bytes in UTF-8 are what capacity counts. */
function lengthOf(value: AttributeValue): number | undefined {
  if (value.S !== undefined) return value.S.length;
  if (value.B !== undefined) return binaryLength(value.B);
  if (value.M !== undefined) return Object.keys(value.M).length;
  return (value.L ?? value.SS ?? value.NS ?? value.BS)?.length;
}

/** The type an operand has whatever the item: a placeholder's, or a number for `size()`. Undefined for a path. */
export function knownType(operand: Operand, bindings: Bindings): Type | undefined {
  if (operand.kind === "value") return typeOf(resolveValue(operand.ref, bindings.values));
  return operand.kind === "call" ? "N" : undefined;
}

export const samePath = (left: Path, right: Path) => left.length === right.length && left.every((step, at) => step === right[at]);

/** Throws ValidationException when one path is, or leads through, another, or takes a list for a map. */
export function separate(paths: readonly Path[]): void {
  for (let second = 1; second < paths.length; second++) {
    for (let first = 0; first < second; first++) {
      const [left, right] = [paths[first]!, paths[second]!];
      const shared = Math.min(left.length, right.length);
      let at = 0;
      while (at < shared && left[at] === right[at]) at += 1;
      if (at === shared) throw invalid("Two document paths overlap with each other; must remove or rewrite one of these paths");
      if (typeof left[at] !== typeof right[at])
        throw invalid("Two document paths conflict with each other; must remove or rewrite one of these paths");
    }
  }
}
