import type { Comparator, Condition } from "./condition.ts";
import type { Keys } from "./entries.ts";
import { invalid } from "./error.ts";
import { checkCondition } from "./evaluate.ts";
import { compareNumbers } from "./number.ts";
import { type Bindings, type Operand, resolvePath, resolveValue } from "./operand.ts";
import { scalar } from "./table.ts";
import { type AttributeValue, compareBinary, compareText } from "./value.ts";

/** How a range key lies to a bound: negative before it, zero on the side of it that is inside, positive past it. */
type Bound = (range: string, keys: Keys) => number;

/**
 * One partition, and the stretch of it from `low` (first range not before it) to `high` (first range past it). `lowest` and
 * `highest` are the range keys that nothing in the stretch can lie beyond.
 */
export interface KeyCondition {
  readonly hash: string;
  readonly lowest?: string | undefined;
  readonly highest?: string | undefined;
  readonly low?: Bound;
  readonly high?: Bound;
}

interface Part {
  readonly name: string;
  readonly operator: Comparator | "BETWEEN" | "begins_with";
  readonly values: readonly AttributeValue[];
}

const flipped: Readonly<Record<Comparator, Comparator>> = { "=": "=", "<>": "<>", "<": ">", "<=": ">=", ">": "<", ">=": "<=" };
const comparators = { S: compareText, N: compareNumbers, B: compareBinary } as const;

/** Read a key condition: the hash key equal to a value, and at most one condition on the range key. Throws ValidationException. */
export function readKeyCondition(condition: Condition, keys: Keys, bindings: Bindings): KeyCondition {
  const parts = partsOf(condition, bindings);
  if (new Set(parts.map(({ name }) => name)).size < parts.length)
    throw invalid("KeyConditionExpressions must only contain one condition per key");
  checkCondition(condition, bindings);
  const hash = parts.find(({ name }) => name === keys.hash.name);
  const range = parts.find(({ name }) => name === keys.range?.name);
  if (!hash || (parts.length === 2 && !range) || parts.length > 2) throw invalid("Query condition missed key schema element");
  if (hash.operator !== "=") throw invalid("Query key condition not supported");
  checkValues(hash, keys.hash.type);
  if (range) checkValues(range, keys.range!.type);
  return { hash: scalar(hash.values[0]!), ...(range && bounds(range)) };
}

function partsOf(condition: Condition, bindings: Bindings): Part[] {
  switch (condition.kind) {
    case "and":
      return [...partsOf(condition.left, bindings), ...partsOf(condition.right, bindings)];
    case "compare": {
      const { operator, left, right } = condition;
      if (operator === "<>") throw invalid("Invalid operator used in KeyConditionExpression: <>");
      return left.kind === "path"
        ? [part(left, operator, [right], bindings)]
        : [part(right, flipped[operator], [left], bindings)];
    }
    case "between":
      return [part(condition.operand, "BETWEEN", [condition.low, condition.high], bindings)];
    case "test":
      if (condition.name === "begins_with") return [part(condition.args[0]!, "begins_with", condition.args.slice(1), bindings)];
      throw invalid(`Invalid operator used in KeyConditionExpression: ${condition.name}`);
    default:
      throw invalid(`Invalid operator used in KeyConditionExpression: ${condition.kind.toUpperCase()}`);
  }
}

function part(key: Operand, operator: Part["operator"], operands: readonly Operand[], bindings: Bindings): Part {
  if (key.kind !== "path") throw invalid("Invalid condition in KeyConditionExpression: no key attribute specified");
  const path = resolvePath(key.path, bindings.names);
  if (path.length > 1)
    throw invalid("Key attributes must be scalars; list random access '[]' and map lookup '.' are not allowed");
  const values = operands.map((operand) => {
    if (operand.kind !== "value")
      throw invalid("Invalid condition in KeyConditionExpression: Multiple attribute names used in one condition");
    return resolveValue(operand.ref, bindings.values);
  });
  return { name: path[0] as string, operator, values };
}

function checkValues({ name, operator, values }: Part, type: "S" | "N" | "B"): void {
  for (const value of values) {
    if (value[type] === undefined)
      throw invalid("One or more parameter values were invalid: Condition parameter type does not match schema type");
    if (scalar(value) === "")
      throw invalid(
        `One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an empty string value. Key: ${name}`,
      );
  }
  if (operator === "begins_with" && type === "N")
    throw invalid("Invalid operator used in KeyConditionExpression: begins_with on a number");
}

function bounds({ operator, values }: Part): Omit<KeyCondition, "hash"> {
  const [first, second] = values.map(scalar) as [string, string | undefined];
  const from: Bound = (range, keys) => comparators[keys.range!.type](range, first);
  const after: Bound = (range, keys) => from(range, keys) || -1;
  const before: Bound = (range, keys) => from(range, keys) || 1;
  switch (operator) {
    case "=":
      return { low: from, high: from };
    case "<":
      return { high: before };
    case "<=":
      return { high: from, highest: first };
    case ">":
      return { low: after };
    case ">=":
      return { low: from, lowest: first };
    case "BETWEEN":
      return { low: from, high: (range, keys) => comparators[keys.range!.type](range, second!), lowest: first, highest: second };
    default:
      return { low: from, high: (range, keys) => (hasPrefix(range, first, keys.range!.type) ? 0 : from(range, keys)) };
  }
}

function hasPrefix(range: string, prefix: string, type: "S" | "N" | "B"): boolean {
  if (type !== "B") return range.startsWith(prefix);
  const start = Buffer.from(prefix, "base64");
  return Buffer.from(range, "base64").subarray(0, start.length).equals(start);
}

/** Whether a range key lies in the stretch. */
export const within = ({ low, high }: KeyCondition, keys: Keys, range: string) =>
  (low === undefined || low(range, keys) >= 0) && (high === undefined || high(range, keys) <= 0);
