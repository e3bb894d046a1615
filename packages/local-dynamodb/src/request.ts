import { invalid, notFound, unreadable } from "./error.ts";
import type { Bindings } from "./operand.ts";
import { parseProjection, projectionPaths } from "./projection.ts";
import type { Table } from "./table.ts";
import type { Path } from "./token.ts";
import { emptyItem, type Item, readValue } from "./value.ts";

export type Input = Readonly<Record<string, unknown>>;

/** The members of the API before expressions. Nothing here speaks them, so they are refused rather than overlooked. */
const legacy = [
  "AttributesToGet",
  "AttributeUpdates",
  "Expected",
  "ConditionalOperator",
  "KeyConditions",
  "QueryFilter",
  "ScanFilter",
];

export function refuseLegacy(input: Input): void {
  for (const name of legacy)
    if (input[name] !== undefined) throw invalid(`${name} is a legacy parameter that this engine does not take; use expressions`);
}

export function findTable(tables: ReadonlyMap<string, Table>, name: unknown): Table {
  if (typeof name !== "string") throw invalid("Value null at 'tableName' failed to satisfy constraint: Member must not be null");
  // A table may be named by its ARN wherever it may be named.
  const table = tables.get(name) ?? (name.startsWith("arn:") ? tables.get(name.slice(name.lastIndexOf("/") + 1)) : undefined);
  if (!table) throw notFound();
  return table;
}

export function objectAt(input: Input, name: string): Input {
  const value = input[name];
  if (value === undefined || value === null)
    throw invalid(`Value null at '${name}' failed to satisfy constraint: Member must not be null`);
  if (typeof value !== "object" || Array.isArray(value)) throw unreadable("Start of structure or map found where not expected");
  return value as Input;
}

export function listAt(input: Input, name: string, most: number): readonly Input[] {
  const value = input[name];
  if (!Array.isArray(value)) throw invalid(`Value null at '${name}' failed to satisfy constraint: Member must not be null`);
  if (value.length < 1)
    throw invalid(`Value '[]' at '${name}' failed to satisfy constraint: Member must have length greater than or equal to 1`);
  if (value.length > most)
    throw invalid(`Value at '${name}' failed to satisfy constraint: Member must have length less than or equal to ${most}`);
  return value as readonly Input[];
}

export function textAt(input: Input, name: string): string | undefined {
  const value = input[name];
  if (value === undefined || value === null) return undefined;
  if (typeof value !== "string") throw unreadable("Unexpected value type in payload");
  return value;
}

export function oneOf<T extends string>(input: Input, name: string, allowed: readonly T[]): T | undefined {
  const value = textAt(input, name);
  if (value !== undefined && !allowed.includes(value as T)) {
    throw invalid(
      `Value '${value}' at '${name}' failed to satisfy constraint: Member must satisfy enum value set: [${allowed.join(", ")}]`,
    );
  }
  return value as T | undefined;
}

interface Used {
  readonly names: ReadonlySet<string>;
  readonly values?: ReadonlySet<string>;
  readonly nested: ReadonlySet<string>;
}

const noNames: Bindings["names"] = {};
const noValues = emptyItem();

/** Read a request's placeholders. Throws ValidationException for a bad or unused one, and for a path into a key attribute. */
export function bind(input: Input, table: Table, used: readonly (Used | undefined)[]): Bindings {
  const { ExpressionAttributeNames: given, ExpressionAttributeValues: values } = input;
  if (given !== undefined && given !== null) readNames(given, used);
  const names = (given as Bindings["names"] | undefined | null) ?? noNames;
  for (const each of used) {
    if (!each || each.nested.size === 0) continue;
    for (const head of each.nested) {
      if (table.scalars.has(names[head] ?? head))
        throw invalid(
          `Key attributes must be scalars; list random access '[]' and map lookup '.' are not allowed: Key: ${names[head] ?? head}`,
        );
    }
  }
  return { names, values: values === undefined || values === null ? noValues : readValues(values, used) };
}

function readNames(names: object, used: readonly (Used | undefined)[]): void {
  const entries = Object.entries(names);
  if (entries.length === 0) throw invalid("ExpressionAttributeNames must not be empty");
  for (const [ref, name] of entries) {
    if (!/^#[A-Za-z0-9_]+$/.test(ref))
      throw invalid(`ExpressionAttributeNames contains invalid key: Syntax error; key: "${ref}"`);
    if (typeof name !== "string") throw unreadable("Unexpected value type in payload");
    if (name === "") throw invalid("ExpressionAttributeNames contains invalid value");
    if (!used.some((each) => each?.names.has(ref)))
      throw invalid(`Value provided in ExpressionAttributeNames unused in expressions: keys: {${ref}}`);
  }
}

function readValues(given: object, used: readonly (Used | undefined)[]): Item {
  const values = emptyItem();
  let count = 0;
  for (const [ref, value] of Object.entries(given)) {
    if (!/^:[A-Za-z0-9_]+$/.test(ref))
      throw invalid(`ExpressionAttributeValues contains invalid key: Syntax error; key: "${ref}"`);
    values[ref] = readValue(value);
    if (!used.some((each) => each?.values?.has(ref)))
      throw invalid(`Value provided in ExpressionAttributeValues unused in expressions: keys: {${ref}}`);
    count += 1;
  }
  if (count === 0) throw invalid("ExpressionAttributeValues must not be empty");
  return values;
}

/** The parsed projection of a request that takes no other expression. */
export function readProjection(input: Input, table: Table): readonly Path[] | undefined {
  const text = textAt(input, "ProjectionExpression");
  const parsed = text === undefined ? undefined : parseProjection(text);
  const { names } = bind({ ExpressionAttributeNames: input.ExpressionAttributeNames }, table, [parsed]);
  return parsed && projectionPaths(parsed, names);
}
