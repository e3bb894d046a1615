/**
 * Whether a record matches an event filter pattern (the part of EventBridge's language that event sources take): a field's list is matched
 * by any of its values, an object by all of its fields.
 */
export function matches(pattern: object, record: unknown): boolean {
  return Object.entries(pattern).every(([name, wanted]) => {
    const value = (record as Record<string, unknown> | undefined)?.[name];
    if (Array.isArray(wanted)) return wanted.some((rule) => fits(rule, value));
    return matches(wanted as object, value);
  });
}

function fits(rule: unknown, value: unknown): boolean {
  if (typeof rule !== "object" || rule === null) return rule === (value ?? null);
  const [[operator, operand] = []] = Object.entries(rule);
  switch (operator) {
    case "prefix":
      return typeof value === "string" && value.startsWith(String(operand));
    case "suffix":
      return typeof value === "string" && value.endsWith(String(operand));
    case "exists":
      return (value !== undefined) === operand;
    case "anything-but":
      return value !== undefined && !(Array.isArray(operand) ? operand : [operand]).includes(value);
    default:
      throw new Error(`the local event source does not know the filter rule ${operator}`);
  }
}
