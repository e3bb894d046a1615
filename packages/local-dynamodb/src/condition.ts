import { invalid } from "./error.ts";
import type { Operand } from "./operand.ts";
import { ended, expect, peek, remembered, syntaxError, type Tokens, taken, takePath, takeValue, tokenise } from "./token.ts";

export type Comparator = "=" | "<>" | "<" | "<=" | ">" | ">=";

/** A condition, filter or key condition as it was written. */
export type Condition =
  | { readonly kind: "and" | "or"; readonly left: Condition; readonly right: Condition }
  | { readonly kind: "not"; readonly of: Condition }
  | { readonly kind: "compare"; readonly operator: Comparator; readonly left: Operand; readonly right: Operand }
  | { readonly kind: "between"; readonly operand: Operand; readonly low: Operand; readonly high: Operand }
  | { readonly kind: "in"; readonly operand: Operand; readonly list: readonly Operand[] }
  | { readonly kind: "test"; readonly name: string; readonly args: readonly Operand[] };

export interface ParsedCondition {
  readonly condition: Condition;
  readonly names: ReadonlySet<string>;
  readonly values: ReadonlySet<string>;
  readonly nested: ReadonlySet<string>;
}

/** What stands between two parentheses may be either; which one shows only after the closing one. */
type Unit = { readonly node: Condition | Operand; readonly wrapped: boolean };

const functions: Readonly<Record<string, number>> = {
  attribute_exists: 1,
  attribute_not_exists: 1,
  attribute_type: 2,
  begins_with: 2,
  contains: 2,
  size: 1,
};
const comparators: ReadonlySet<string> = new Set(["=", "<>", "<", "<=", ">", ">="]);

/** Parse a condition; the grammar is DynamoDB's: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.OperatorsAndFunctions.html */
export const parseCondition = remembered((text: string): ParsedCondition => {
  const tokens = tokenise(text);
  const condition = asCondition(takeOr(tokens), tokens);
  if (!ended(tokens)) throw syntaxError(tokens);
  return { condition, names: tokens.names, values: tokens.values, nested: tokens.nested };
});

const isOperand = (node: Condition | Operand): node is Operand =>
  node.kind === "path" || node.kind === "value" || node.kind === "call";

function asCondition(unit: Unit, tokens: Tokens): Condition {
  const { node } = unit;
  if (!isOperand(node)) return node;
  if (node.kind !== "call") throw syntaxError(tokens);
  if (node.name === "size") throw misused(node.name);
  return { kind: "test", name: node.name, args: node.args };
}

function asOperand(unit: Unit, tokens: Tokens): Operand {
  const { node } = unit;
  if (!isOperand(node)) throw syntaxError(tokens);
  if (node.kind === "call" && node.name !== "size") throw misused(node.name);
  return node;
}

const misused = (name: string) => invalid(`The function is not allowed to be used this way in an expression; function: ${name}`);

function takeOr(tokens: Tokens): Unit {
  let left = takeAnd(tokens);
  while (taken(tokens, "OR")) {
    const node: Condition = { kind: "or", left: asCondition(left, tokens), right: asCondition(takeAnd(tokens), tokens) };
    left = { node, wrapped: false };
  }
  return left;
}

function takeAnd(tokens: Tokens): Unit {
  let left = takeNot(tokens);
  while (taken(tokens, "AND")) {
    const node: Condition = { kind: "and", left: asCondition(left, tokens), right: asCondition(takeNot(tokens), tokens) };
    left = { node, wrapped: false };
  }
  return left;
}

function takeNot(tokens: Tokens): Unit {
  if (!taken(tokens, "NOT")) return takeComparison(tokens);
  return { node: { kind: "not", of: asCondition(takeNot(tokens), tokens) }, wrapped: false };
}

function takeComparison(tokens: Tokens): Unit {
  const first = takeUnit(tokens);
  const next = peek(tokens);
  if (next !== undefined && comparators.has(next)) {
    tokens.at += 1;
    const left = asOperand(first, tokens);
    return { node: { kind: "compare", operator: next as Comparator, left, right: takeOperand(tokens) }, wrapped: false };
  }
  if (taken(tokens, "BETWEEN")) {
    const operand = asOperand(first, tokens);
    const low = takeOperand(tokens);
    expect(tokens, "AND");
    return { node: { kind: "between", operand, low, high: takeOperand(tokens) }, wrapped: false };
  }
  if (taken(tokens, "IN")) {
    const operand = asOperand(first, tokens);
    expect(tokens, "(");
    return { node: { kind: "in", operand, list: takeOperands(tokens) }, wrapped: false };
  }
  return first;
}

function takeUnit(tokens: Tokens): Unit {
  if (!taken(tokens, "(")) return { node: takeBare(tokens), wrapped: false };
  const inner = takeOr(tokens);
  expect(tokens, ")");
  if (inner.wrapped) throw invalid("The expression has redundant parentheses;");
  return { node: inner.node, wrapped: true };
}

function takeBare(tokens: Tokens): Operand {
  const next = peek(tokens);
  if (next?.startsWith(":")) return { kind: "value", ref: takeValue(tokens) };
  if (next !== undefined && /^[A-Za-z]/.test(next) && tokens.list[tokens.at + 1] === "(") return takeCall(tokens, next);
  return { kind: "path", path: takePath(tokens) };
}

function takeCall(tokens: Tokens, name: string): Operand {
  const wanted = Object.hasOwn(functions, name) ? functions[name] : undefined;
  if (wanted === undefined) throw invalid(`Invalid function name; function: ${name}`);
  tokens.at += 2;
  const args = takeOperands(tokens);
  if (args.length !== wanted)
    throw invalid(
      `Incorrect number of operands for operator or function; operator or function: ${name}, number of operands: ${args.length}`,
    );
  return { kind: "call", name, args };
}

const takeOperand = (tokens: Tokens) => asOperand(takeUnit(tokens), tokens);

function takeOperands(tokens: Tokens): Operand[] {
  const list = [takeOperand(tokens)];
  while (taken(tokens, ",")) list.push(takeOperand(tokens));
  expect(tokens, ")");
  return list;
}
