import { readFileSync } from "node:fs";
import { unreadable } from "./errors.ts";
import { type FormBag, type FormNode, paramName } from "./form.ts";

/**
 * The pinned API version's own description decides what a request may carry and what an answer must look like. The file is
 * derived from the types of the `stripe` package, so it moves with the version of that package.
 */
export interface Schema {
  $ref?: string;
  type?: string;
  enum?: unknown[];
  anyOf?: Schema[];
  nullable?: boolean;
  items?: Schema;
  properties?: Record<string, Schema>;
  required?: string[];
  additionalProperties?: boolean | Schema;
  maxLength?: number;
  pattern?: string;
}

interface Operation {
  parameters?: { name: string; in: string; required?: boolean; schema: Schema }[];
  requestBody?: { content: Record<string, { schema: Schema }> };
  responses: Record<string, { content: Record<string, { schema: Schema }> }>;
}

interface Document {
  info: { version: string };
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, Schema> };
}

const document = JSON.parse(readFileSync(new URL("./openapi.min.json", import.meta.url), "utf8")) as Document;

/** The API version that every answer and event has. */
export const apiVersion = document.info.version;

/** Every path of the description with its methods. */
export const paths: Readonly<Record<string, readonly string[]>> = Object.fromEntries(
  Object.entries(document.paths).map(([path, operations]) => [path, Object.keys(operations)]),
);

function operation(method: string, path: string): Operation {
  const found = document.paths[path]?.[method];
  if (!found) throw new Error(`The API description has no ${method} ${path}`);
  return found;
}

/** What a request's query (GET) or body (POST, DELETE) may carry. */
export function requestSchema(method: string, path: string): Schema {
  const { parameters = [], requestBody } = operation(method, path);
  if (method !== "get")
    return requestBody ? Object.values(requestBody.content)[0]!.schema : { type: "object", additionalProperties: false };
  const query = parameters.filter((parameter) => parameter.in === "query");
  return {
    type: "object",
    properties: Object.fromEntries(query.map((parameter) => [parameter.name, parameter.schema])),
    required: query.filter((parameter) => parameter.required).map((parameter) => parameter.name),
    additionalProperties: false,
  };
}

/** What the answer must look like. */
export function answerSchema(method: string, path: string): Schema {
  return Object.values(operation(method, path).responses["200"]!.content)[0]!.schema;
}

/** The schema of a resource by the name in its `object` field, if the description has it. */
export function resourceSchema(object: string): Schema | undefined {
  return document.components.schemas[object];
}

function resolve(schema: Schema): Schema {
  let found = schema;
  while (found.$ref) found = document.components.schemas[found.$ref.slice("#/components/schemas/".length)]!;
  return found;
}

/** Turn decoded text into the types the schema asks for, or refuse as Stripe refuses. */
export function coerce(schema: Schema, node: FormNode, keys: readonly string[] = []): unknown {
  const found = resolve(schema);
  if (found.anyOf) return coerceAny(found.anyOf, node, keys);
  if (typeof node !== "string") {
    if (found.type === "array") return coerceArray(found, node, keys);
    if (found.type === "object" || found.properties || found.additionalProperties) return coerceObject(found, node, keys);
    throw unreadable(`Invalid ${found.type ?? "value"}`, paramName(keys));
  }
  return coerceText(found, node, keys);
}

function coerceAny(choices: Schema[], node: FormNode, keys: readonly string[]): unknown {
  const composite = (schema: Schema) => {
    const found = resolve(schema);
    return found.type === "array" || found.type === "object" || found.properties !== undefined;
  };
  const nested = (schema: Schema) => resolve(schema).anyOf !== undefined;
  const fitting = choices.filter((choice) => nested(choice) || composite(choice) === (typeof node !== "string"));
  let refusal: unknown = unreadable(`Invalid ${typeof node === "string" ? "object" : "string"}`, paramName(keys));
  for (const choice of fitting) {
    try {
      return coerce(choice, node, keys);
    } catch (error) {
      refusal = error;
    }
  }
  throw refusal;
}

function coerceArray(schema: Schema, node: FormBag, keys: readonly string[]): unknown[] {
  const indices = Object.keys(node);
  const stray = indices.find((key) => !/^\d+$/.test(key));
  if (stray !== undefined) throw unreadable("Invalid array", paramName(keys));
  return indices.map((index) => coerce(schema.items ?? {}, node[index]!, [...keys, index]));
}

function coerceObject(schema: Schema, node: FormBag, keys: readonly string[]): Record<string, unknown> {
  const { properties = {}, additionalProperties } = schema;
  const unknown = Object.keys(node).filter((key) => !Object.hasOwn(properties, key));
  if (unknown.length && !additionalProperties) {
    const names = unknown.map((key) => paramName([...keys, key]));
    throw unreadable(
      `Received unknown parameter${names.length > 1 ? "s" : ""}: ${names.join(", ")}`,
      names[0]!,
      "parameter_unknown",
    );
  }
  const absent = (schema.required ?? []).find((key) => !Object.hasOwn(node, key));
  if (absent)
    throw unreadable(
      `Missing required param: ${paramName([...keys, absent])}.`,
      paramName([...keys, absent]),
      "parameter_missing",
    );
  const extra = typeof additionalProperties === "object" ? additionalProperties : {};
  return Object.fromEntries(
    Object.entries(node).map(([key, child]) => [
      key,
      coerce(Object.hasOwn(properties, key) ? properties[key]! : extra, child, [...keys, key]),
    ]),
  );
}

function coerceText(schema: Schema, text: string, keys: readonly string[]): unknown {
  const param = paramName(keys);
  if (schema.enum && !schema.enum.map(String).includes(text)) {
    const choices = schema.enum.filter((choice) => choice !== "").map(String);
    throw unreadable(`Invalid ${param}: must be one of ${oneOf(choices)}`, param);
  }
  switch (schema.type) {
    case "integer":
      if (!/^-?\d+$/.test(text)) throw unreadable(`Invalid integer: ${text}`, param, "parameter_invalid_integer");
      return Number(text);
    case "number":
      if (!/^-?\d+(\.\d+)?$/.test(text)) throw unreadable(`Invalid decimal: ${text}`, param);
      return Number(text);
    case "boolean":
      if (text !== "true" && text !== "false") throw unreadable(`Invalid boolean: ${text}`, param);
      return text === "true";
    case "array":
      if (text !== "") throw unreadable("Invalid array", param);
      return [];
    case "object":
      throw unreadable("Invalid object", param);
    default:
      if (schema.maxLength !== undefined && text.length > schema.maxLength)
        throw unreadable(`Invalid string: ${text.slice(0, 8)}...; must be at most ${schema.maxLength} characters`, param);
      return text;
  }
}

function oneOf(choices: string[]): string {
  if (choices.length < 2) return choices.join("");
  return `${choices.slice(0, -1).join(", ")}, or ${choices.at(-1)}`;
}

/** Where a value departs from a schema: one line a departure, none if it fits. */
export function departures(schema: Schema, value: unknown, path = ""): string[] {
  const found = resolve(schema);
  if (value === null && (schema.nullable || found.nullable)) return [];
  if (found.anyOf) {
    const attempts = found.anyOf.map((choice) => departures(choice, value, path));
    if (attempts.some((attempt) => attempt.length === 0)) return [];
    return attempts.reduce((best, attempt) => (deepest(attempt) > deepest(best) ? attempt : best));
  }
  const here = path || "(answer)";
  if (found.enum && !found.enum.includes(value)) return [`${here}: ${JSON.stringify(value)} is none of ${found.enum.join(", ")}`];
  if (found.type && !isOfType(found.type, value))
    return [`${here}: expected ${found.type}, found ${value === null ? "null" : typeof value}`];
  if (typeof value === "string") {
    if (found.pattern && !new RegExp(found.pattern).test(value)) return [`${here}: ${value} does not match ${found.pattern}`];
    if (found.maxLength !== undefined && value.length > found.maxLength) return [`${here}: longer than ${found.maxLength}`];
    return [];
  }
  if (Array.isArray(value))
    return found.items ? value.flatMap((item, index) => departures(found.items!, item, `${path}[${index}]`)) : [];
  if (typeof value === "object" && value !== null) return objectDepartures(found, value as Record<string, unknown>, path);
  return [];
}

function objectDepartures(schema: Schema, value: Record<string, unknown>, path: string): string[] {
  const below = (key: string) => (path ? `${path}.${key}` : key);
  const absent = (schema.required ?? [])
    .filter((key) => value[key] === undefined)
    .map((key) => `${below(key)}: required, but absent`);
  const extra = typeof schema.additionalProperties === "object" ? schema.additionalProperties : undefined;
  const wrong = Object.entries(value).flatMap(([key, child]) => {
    const rule = schema.properties && Object.hasOwn(schema.properties, key) ? schema.properties[key] : extra;
    if (!rule || child === undefined) return [];
    return departures(rule, child, below(key));
  });
  return [...absent, ...wrong];
}

function isOfType(type: string, value: unknown): boolean {
  if (type === "integer") return Number.isInteger(value);
  if (type === "array") return Array.isArray(value);
  if (type === "object") return typeof value === "object" && value !== null && !Array.isArray(value);
  return typeof value === type;
}

// The alternative that got furthest is the one that was meant, so its departures are the ones worth reading.
function deepest(lines: string[]): number {
  return Math.max(...lines.map((line) => line.split(":")[0]!.split(".").length));
}
