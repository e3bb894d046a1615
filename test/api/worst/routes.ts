import * as z from "zod";
import { type Contract, contractOf } from "../../../functions/api/contract.ts";
import { v1 } from "../../../functions/api/whole.ts";

export interface Node {
  readonly type?: string;
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly default?: unknown;
  readonly maxLength?: number;
  readonly maxItems?: number;
  readonly minProperties?: number;
  readonly maxProperties?: number;
  readonly minimum?: number;
  readonly properties?: Readonly<Record<string, Node>>;
  readonly required?: readonly string[];
  readonly items?: Node;
  readonly additionalProperties?: Node | boolean;
}

export interface Route {
  readonly id: string;
  readonly method: string;
  readonly path: string;
  readonly scope: Contract["scope"];
  readonly parameters: readonly { readonly name: string; readonly in: "path" | "query"; readonly node: Node }[];
  readonly body: Node | undefined;
  readonly bodyBytes: number;
  /** An event stream is a program of its own. */
}

const nodeOf = (schema: z.ZodType) => z.toJSONSchema(schema, { io: "input", unrepresentable: "any" }) as Node;

/** Every route of the API, by its own contract. */
export const routes: readonly Route[] = v1.routes.flatMap((route) => {
  const spec = contractOf(route.handler);
  if (!spec) return [];
  const named = (where: "path" | "query", shape: Record<string, unknown> = {}) =>
    Object.entries(shape).map(([name, schema]) => ({ name, in: where, node: nodeOf(schema as z.ZodType) }));
  return {
    id: spec.operationId,
    method: route.method,
    path: `/v1${route.path}`,
    scope: spec.scope,
    parameters: [...named("path", spec.params?.shape), ...named("query", spec.query?.shape)],
    body: spec.body && nodeOf(spec.body),
    bodyBytes: spec.bodyBytes ?? 64 * 1024,
  };
});

/** Where a body has a value, and what may be there: `*` is an item of a list or a member of a mapping. */
export interface Place {
  readonly path: readonly string[];
  readonly node: Node;
}

export function placesIn(node: Node, path: readonly string[] = []): Place[] {
  const below = [
    ...Object.entries(node.properties ?? {}).flatMap(([name, each]) => placesIn(each, [...path, name])),
    ...(node.items ? placesIn(node.items, [...path, "*"]) : []),
    ...(isMapping(node) ? placesIn(node.additionalProperties as Node, [...path, "*"]) : []),
  ];
  return [{ path, node }, ...below];
}

export const isMapping = ({ additionalProperties: values }: Node) =>
  typeof values === "object" && values !== null && Object.keys(values).length > 0;

/** Values that their patterns let pass, by the name of the field. */
const known: Record<string, unknown> = {
  email: "visitor@example.com",
  code: "123456",
  deviceCode: "BCDF-GHJK.x",
  client: "a program",
  name: "shop",
  app: "shop",
  host: "127.0.0.1",
  password: "a password",
  repository: "me/shop",
  ref: "refs/heads/main",
  fingerprint: `SHA256:${"f".repeat(43)}`,
  compose: "services:\n  web:\n    image: a\n",
  path: "a.txt",
  content: "YQ==",
  createdAt: "2026-01-01T00:00:00Z",
  since: "2026-01-01T00:00:00Z",
  plan: "0".repeat(64),
  hash: "0".repeat(64),
};

/** Of these a body has to have one though each alone may be missing. */
const oneOf = ["compose", "ref"];

/** The smallest value that a schema takes. */
export function plainOf(node: Node, name = ""): unknown {
  if (node.const !== undefined) return node.const;
  if (node.enum) return node.enum[0];
  if (node.minProperties) return { A: plainOf(node.additionalProperties as Node, name) };
  if (node.type === "object") {
    const held = [...(node.required ?? []), ...oneOf.filter((each) => node.properties?.[each])];
    return Object.fromEntries(held.map((each) => [each, plainOf(node.properties?.[each] ?? {}, each)]));
  }
  if (node.type === "array") return [plainOf(node.items ?? {}, name)];
  if (node.type === "integer" || node.type === "number") return Math.max(1, node.minimum ?? 1);
  if (node.type === "boolean") return false;
  return known[name] ?? "a";
}

/** A body with something at one place, plain elsewhere. The plain values that lie around it are made as they are needed. */
export function bodyWith(node: Node, path: readonly string[], value: unknown, name = ""): unknown {
  const [first, ...rest] = path;
  if (first === undefined) return value;
  if (first === "*" && node.type === "array") return [bodyWith(node.items ?? {}, rest, value, name)];
  if (first === "*") return { A: bodyWith(node.additionalProperties as Node, rest, value, name) };
  const plain = plainOf(node, name) as Record<string, unknown>;
  return { ...plain, [first]: bodyWith(node.properties?.[first] ?? {}, rest, value, first) };
}
