import { type Assignment, assign } from "./assign.ts";
import { invalid } from "./error.ts";
import { add } from "./number.ts";
import { type Bindings, type Operand, resolvePath, resolveValue, separate, valueAt } from "./operand.ts";
import {
  ended,
  expect,
  type Path,
  peek,
  remembered,
  syntaxError,
  type Tokens,
  taken,
  takePath,
  takeValue,
  tokenise,
} from "./token.ts";
import { type AttributeValue, type Item, type Type, typeOf } from "./value.ts";

type Source = { readonly kind: "sum"; readonly sign: 1 | -1; readonly left: Operand; readonly right: Operand } | Operand;
type Action =
  | { readonly kind: "set"; readonly path: Path; readonly source: Source }
  | { readonly kind: "remove"; readonly path: Path }
  | { readonly kind: "add" | "delete"; readonly path: Path; readonly ref: string };

export interface ParsedUpdate {
  readonly actions: readonly Action[];
  readonly names: ReadonlySet<string>;
  readonly values: ReadonlySet<string>;
  readonly nested: ReadonlySet<string>;
}

const clauses = { SET: takeSet, REMOVE: takeRemove, ADD: takeAdd, DELETE: takeDelete } as const;

/** Parse an update expression: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.UpdateExpressions.html */
export const parseUpdate = remembered((text: string): ParsedUpdate => {
  const tokens = tokenise(text);
  const actions: Action[] = [];
  const seen = new Set<string>();
  while (!ended(tokens)) {
    const keyword = (peek(tokens) ?? "").toUpperCase();
    if (!Object.hasOwn(clauses, keyword)) throw syntaxError(tokens);
    if (seen.has(keyword)) throw invalid(`The "${keyword}" section can only be used once in an update expression;`);
    seen.add(keyword);
    tokens.at += 1;
    do actions.push(clauses[keyword as keyof typeof clauses](tokens));
    while (taken(tokens, ","));
  }
  return { actions, names: tokens.names, values: tokens.values, nested: tokens.nested };
});

function takeSet(tokens: Tokens): Action {
  const path = takePath(tokens);
  expect(tokens, "=");
  return { kind: "set", path, source: takeSource(tokens) };
}

function takeRemove(tokens: Tokens): Action {
  return { kind: "remove", path: takePath(tokens) };
}

function takeAdd(tokens: Tokens): Action {
  return { kind: "add", path: takePath(tokens), ref: takeValue(tokens) };
}

function takeDelete(tokens: Tokens): Action {
  return { kind: "delete", path: takePath(tokens), ref: takeValue(tokens) };
}

/** `(a + b)` and `(a) + b` differ only after the closing parenthesis. */
function takeSource(tokens: Tokens): Source {
  const first = takeWrapped(tokens);
  if (first.kind === "sum") return first;
  const sign = taken(tokens, "+") ? 1 : taken(tokens, "-") ? -1 : undefined;
  return sign === undefined ? first : { kind: "sum", sign, left: first, right: takeOperand(tokens) };
}

function takeWrapped(tokens: Tokens): Source {
  if (!taken(tokens, "(")) return takeBare(tokens);
  if (peek(tokens) === "(") {
    const inner = takeSource(tokens);
    expect(tokens, ")");
    if (inner.kind !== "sum") throw invalid("The expression has redundant parentheses;");
    return inner;
  }
  const source = takeSource(tokens);
  expect(tokens, ")");
  return source;
}

function takeOperand(tokens: Tokens): Operand {
  if (!taken(tokens, "(")) return takeBare(tokens);
  const operand = takeBare(tokens);
  expect(tokens, ")");
  return operand;
}

function takeBare(tokens: Tokens): Operand {
  const next = peek(tokens);
  if (next?.startsWith(":")) return { kind: "value", ref: takeValue(tokens) };
  if (next === undefined || !/^[A-Za-z]/.test(next) || tokens.list[tokens.at + 1] !== "(")
    return { kind: "path", path: takePath(tokens) };
  if (next !== "if_not_exists" && next !== "list_append") throw invalid(`Invalid function name; function: ${next}`);
  tokens.at += 2;
  const args = [takeOperand(tokens)];
  while (taken(tokens, ",")) args.push(takeOperand(tokens));
  expect(tokens, ")");
  if (args.some((argument) => argument.kind === "call" && argument.name === "list_append")) {
    throw invalid("The function is not allowed to be used this way in an expression; function: list_append");
  }
  if (args.length !== 2)
    throw invalid(
      `Incorrect number of operands for operator or function; operator or function: ${next}, number of operands: ${args.length}`,
    );
  if (next === "if_not_exists" && args[0]?.kind !== "path")
    throw invalid("Operator or function requires a document path; operator or function: if_not_exists");
  return { kind: "call", name: next, args };
}

const addable: ReadonlySet<Type> = new Set(["N", "SS", "NS", "BS"]);
const deletable: ReadonlySet<Type> = new Set(["SS", "NS", "BS"]);

/** Refuse what DynamoDB refuses whatever the item holds. Returns the resolved paths, one per action. */
export function checkUpdate(parsed: ParsedUpdate, bindings: Bindings): readonly Path[] {
  const paths = parsed.actions.map((action) => resolvePath(action.path, bindings.names));
  separate(paths);
  for (const action of parsed.actions) {
    if (action.kind === "set") checkSource(action.source, bindings);
    else if (action.kind !== "remove") {
      const type = typeOf(resolveValue(action.ref, bindings.values));
      const allowed = action.kind === "add" ? addable : deletable;
      if (!allowed.has(type))
        throw invalid(
          `Incorrect operand type for operator or function; operator: ${action.kind.toUpperCase()}, operand type: ${type}`,
        );
    }
  }
  return paths;
}

function checkSource(source: Source, bindings: Bindings, wanted?: Type): void {
  if (source.kind === "sum") {
    checkSource(source.left, bindings, "N");
    checkSource(source.right, bindings, "N");
    return;
  }
  if (source.kind === "path") {
    resolvePath(source.path, bindings.names);
    return;
  }
  if (source.kind === "call") {
    const within = source.name === "list_append" ? "L" : undefined;
    if (wanted === "N" && within === "L") throw incorrect("L");
    for (const argument of source.args) checkSource(argument, bindings, within);
    return;
  }
  const type = typeOf(resolveValue(source.ref, bindings.values));
  if (wanted !== undefined && type !== wanted) throw incorrect(type);
}

const incorrect = (type: Type) => invalid(`Incorrect operand type for operator or function; operand type: ${type}`);

/**
 * The item after a checked update. Everything is read from the item as it was. Throws ValidationException where the
 * item's own types or missing attributes forbid an action.
 */
export function applyUpdate(parsed: ParsedUpdate, paths: readonly Path[], item: Item, bindings: Bindings): Item {
  const assignments: Assignment[] = parsed.actions.map((action, at) => {
    const path = paths[at]!;
    if (action.kind === "remove") return { path, value: undefined };
    if (action.kind === "set") return { path, value: sourceValue(action.source, item, bindings) };
    const operand = bindings.values[action.ref]!;
    const old = valueAt(path, item);
    return { path, value: action.kind === "add" ? added(old, operand) : without(old, operand) };
  });
  return assign(item, assignments);
}

const mismatch = () => invalid("An operand in the update expression has an incorrect data type");

function sourceValue(source: Source, item: Item, bindings: Bindings): AttributeValue {
  if (source.kind === "value") return bindings.values[source.ref]!;
  if (source.kind === "path") {
    const value = valueAt(resolvePath(source.path, bindings.names), item);
    if (value === undefined) throw invalid("The provided expression refers to an attribute that does not exist in the item");
    return value;
  }
  if (source.kind === "sum") {
    const left = sourceValue(source.left, item, bindings);
    const right = sourceValue(source.right, item, bindings);
    if (left.N === undefined || right.N === undefined) throw mismatch();
    return { N: add(left.N, right.N, source.sign) };
  }
  const [first, second] = source.args as [Operand, Operand];
  if (source.name === "if_not_exists") {
    const value = valueAt(resolvePath((first as { path: Path }).path, bindings.names), item);
    return value ?? sourceValue(second, item, bindings);
  }
  const left = sourceValue(first, item, bindings);
  const right = sourceValue(second, item, bindings);
  if (left.L === undefined || right.L === undefined) throw mismatch();
  return { L: [...left.L, ...right.L] };
}

function added(old: AttributeValue | undefined, operand: AttributeValue): AttributeValue {
  if (old === undefined) return operand;
  const type = typeOf(operand);
  if (old[type] === undefined) throw mismatch();
  if (type === "N") return { N: add(old.N!, operand.N!, 1) };
  return { [type]: [...new Set([...(old[type] as string[]), ...(operand[type] as string[])])] };
}

function without(old: AttributeValue | undefined, operand: AttributeValue): AttributeValue | undefined {
  if (old === undefined) return undefined;
  const type = typeOf(operand);
  if (old[type] === undefined) throw mismatch();
  const gone = operand[type] as string[];
  const left = (old[type] as string[]).filter((element) => !gone.includes(element));
  return left.length > 0 ? { [type]: left } : undefined;
}
