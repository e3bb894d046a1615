import type { Comparator, Condition } from "./condition.ts";
import { invalid } from "./error.ts";
import { type Bindings, knownType, type Operand, operandValue, resolvePath, resolveValue, samePath } from "./operand.ts";
import { type AttributeValue, compare, equal, type Item, type Type } from "./value.ts";

const ordered: ReadonlySet<Type> = new Set(["S", "N", "B"]);
const sized: ReadonlySet<Type> = new Set(["S", "B", "SS", "NS", "BS", "L", "M"]);
const prefixed: ReadonlySet<Type> = new Set(["S", "B"]);
const typeNames: ReadonlySet<string> = new Set(["S", "N", "B", "NULL", "BOOL", "SS", "NS", "BS", "L", "M"]);

/** Refuse what DynamoDB refuses whatever the item holds: undefined placeholders, operands of types the operator has no meaning for. */
export function checkCondition(condition: Condition, bindings: Bindings): void {
  switch (condition.kind) {
    case "and":
    case "or":
      checkCondition(condition.left, bindings);
      checkCondition(condition.right, bindings);
      return;
    case "not":
      checkCondition(condition.of, bindings);
      return;
    case "compare": {
      const { operator, left, right } = condition;
      checkOperands([left, right], operator, bindings);
      if (operator !== "=" && operator !== "<>")
        for (const operand of [left, right]) checkType(operand, ordered, operator, bindings);
      return;
    }
    case "between": {
      const { operand, low, high } = condition;
      checkOperands([operand, low, high], "BETWEEN", bindings);
      for (const each of [operand, low, high]) checkType(each, ordered, "BETWEEN", bindings);
      checkBounds(low, high, bindings);
      return;
    }
    case "in":
      if (condition.list.length > 100)
        throw invalid("Invalid number of operands for operator or function; operator or function: IN");
      checkOperands([condition.operand, ...condition.list], "IN", bindings);
      return;
    case "test":
      checkTest(condition.name, condition.args, bindings);
  }
}

function checkOperands(operands: readonly Operand[], operator: string, bindings: Bindings): void {
  for (const operand of operands) {
    if (operand.kind === "path") resolvePath(operand.path, bindings.names);
    else if (operand.kind === "value") resolveValue(operand.ref, bindings.values);
    else {
      checkOperands(operand.args, operand.name, bindings);
      checkType(operand.args[0]!, sized, "size", bindings);
    }
  }
  const [first, ...others] = operands;
  if (first?.kind !== "path") return;
  const path = resolvePath(first.path, bindings.names);
  if (others.some((other) => other.kind === "path" && samePath(path, resolvePath(other.path, bindings.names)))) {
    throw invalid(
      `The first operand must be distinct from the remaining operands for this operator or function; operator: ${operator}`,
    );
  }
}

function checkType(operand: Operand, allowed: ReadonlySet<Type>, operator: string, bindings: Bindings): void {
  const type = knownType(operand, bindings);
  if (type !== undefined && !allowed.has(type)) {
    throw invalid(`Incorrect operand type for operator or function; operator or function: ${operator}, operand type: ${type}`);
  }
}

function checkBounds(low: Operand, high: Operand, bindings: Bindings): void {
  if (low.kind !== "value" || high.kind !== "value") return;
  const order = compare(resolveValue(low.ref, bindings.values), resolveValue(high.ref, bindings.values));
  if (order === undefined) throw invalid("The BETWEEN operator requires same data type for lower and upper bounds");
  if (order > 0) throw invalid("The BETWEEN operator requires upper bound to be greater than or equal to lower bound");
}

function checkTest(name: string, args: readonly Operand[], bindings: Bindings): void {
  checkOperands(args, name, bindings);
  const [first, second] = args;
  if (name === "attribute_exists" || name === "attribute_not_exists") {
    if (first?.kind !== "path") throw invalid(`Operator or function requires a document path; operator or function: ${name}`);
  } else if (name === "begins_with") {
    for (const operand of args) checkType(operand, prefixed, name, bindings);
  } else if (name === "attribute_type") {
    if (second?.kind !== "value")
      throw invalid("Incorrect operand type for operator or function; operator or function: attribute_type");
    checkType(second, new Set(["S"]), name, bindings);
    const type = resolveValue(second.ref, bindings.values).S!;
    if (!typeNames.has(type)) throw invalid(`Invalid attribute type name found; type: ${type}`);
  }
}

/** Whether an item (empty where there is none) meets a checked condition. */
export function holds(condition: Condition, item: Item, bindings: Bindings): boolean {
  switch (condition.kind) {
    case "and":
      return holds(condition.left, item, bindings) && holds(condition.right, item, bindings);
    case "or":
      return holds(condition.left, item, bindings) || holds(condition.right, item, bindings);
    case "not":
      return !holds(condition.of, item, bindings);
    case "compare":
      return compares(
        condition.operator,
        operandValue(condition.left, item, bindings),
        operandValue(condition.right, item, bindings),
      );
    case "between": {
      const value = operandValue(condition.operand, item, bindings);
      return (
        compares(">=", value, operandValue(condition.low, item, bindings)) &&
        compares("<=", value, operandValue(condition.high, item, bindings))
      );
    }
    case "in": {
      const value = operandValue(condition.operand, item, bindings);
      return condition.list.some((each) => compares("=", value, operandValue(each, item, bindings)));
    }
    case "test":
      return passes(
        condition.name,
        condition.args.map((each) => operandValue(each, item, bindings)),
      );
  }
}

function compares(operator: Comparator, left: AttributeValue | undefined, right: AttributeValue | undefined): boolean {
  if (left === undefined || right === undefined) return operator === "<>";
  if (operator === "=") return equal(left, right);
  if (operator === "<>") return !equal(left, right);
  const order = compare(left, right);
  if (order === undefined) return false;
  if (operator === "<") return order < 0;
  if (operator === "<=") return order <= 0;
  return operator === ">" ? order > 0 : order >= 0;
}

function passes(name: string, [value, other]: readonly (AttributeValue | undefined)[]): boolean {
  if (name === "attribute_exists") return value !== undefined;
  if (name === "attribute_not_exists") return value === undefined;
  if (value === undefined || other === undefined) return false;
  if (name === "attribute_type") return value[other.S as Type] !== undefined;
  if (name === "begins_with") return beginsWith(value, other);
  return contains(value, other);
}

function beginsWith(value: AttributeValue, prefix: AttributeValue): boolean {
  if (value.S !== undefined && prefix.S !== undefined) return value.S.startsWith(prefix.S);
  if (value.B === undefined || prefix.B === undefined) return false;
  const start = Buffer.from(prefix.B, "base64");
  return Buffer.from(value.B, "base64").subarray(0, start.length).equals(start);
}

function contains(value: AttributeValue, other: AttributeValue): boolean {
  if (value.L !== undefined) return value.L.some((element) => equal(element, other));
  if (other.S !== undefined) return (value.S ?? value.SS)?.includes(other.S) ?? false;
  if (other.N !== undefined) return value.NS?.includes(other.N) ?? false;
  if (other.B === undefined) return false;
  return (
    value.BS?.includes(other.B) ??
    (value.B !== undefined && Buffer.from(value.B, "base64").includes(Buffer.from(other.B, "base64")))
  );
}
