import { type Permission, permissions, refusalsOf } from "@berth/domain/entitlement/permission.ts";
import type { Code } from "@berth/domain/error.ts";
import { catalogue, Problem } from "@berth/domain/error.ts";
import { recall } from "@berth/domain/once.ts";
import type { Scope } from "@berth/domain/scope.ts";
import type { Context as HonoContext, MiddlewareHandler } from "hono";
import type { ContentfulStatusCode } from "hono/utils/http-status";
import * as z from "zod";
import type { Env } from "./request.ts";

/**
 * What a route takes and gives: validates requests, types the client (`hc<Api>`) and becomes openapi.json. `scope` is what the credential
 * needs; `needs` is what the account's bill must permit, checked by the verb.
 */
export interface Contract {
  readonly operationId: string;
  readonly summary: string;
  readonly tag: string;
  readonly scope: "public" | "session" | Scope;
  readonly needs: Permission;
  readonly params?: z.ZodObject;
  readonly query?: z.ZodObject;
  readonly body?: z.ZodType;
  /** 64 KB by default. */
  readonly bodyBytes?: number;
  readonly answers: Readonly<Record<number, { readonly description: string; readonly schema?: z.ZodType }>>;
  readonly problems?: readonly Code[];
  /** The verb itself stores its answer under the Idempotency-Key. */
  readonly remembers?: true;
}

// biome-ignore lint/complexity/noBannedTypes: {} is the empty part of an intersection
type Nothing = {};
type Part<S, Where extends string, Of extends "in" | "out"> = S extends z.ZodType
  ? { [K in Where]: Of extends "out" ? z.output<S> : z.input<S> }
  : Nothing;
type Inputs<C extends Contract, Of extends "in" | "out"> = Part<C["params"], "param", Of> &
  Part<C["query"], "query", Of> &
  Part<C["body"], "json", Of>;
type Taken<C extends Contract> = C extends { params: z.ZodType } | { query: z.ZodType } | { body: z.ZodType }
  ? { in: Inputs<C, "in">; out: Inputs<C, "out"> }
  : Nothing;

const contracts = new WeakMap<MiddlewareHandler, () => Contract>();

export const contractOf = (handler: unknown) => contracts.get(handler as MiddlewareHandler)?.();

/**
 * Written at its first use: a start makes no schema of a route that nobody asks for.
 * @throws Problem input.invalid naming every field
 */
export function contract<const C extends Contract>(write: () => C): MiddlewareHandler<Env, string, Taken<C>> {
  let written: C | undefined;
  const read = () => (written ??= write());
  const middleware: MiddlewareHandler<Env> = async (c, next) => {
    const spec: Contract = read();
    if (spec.scope !== "public" && !c.var.ctx) throw new Problem("auth.required");
    if (spec.params) c.req.addValidatedData("param", valid(spec.params, c.req.param(), "path"));
    if (spec.query) c.req.addValidatedData("query", valid(spec.query, c.req.query(), "query"));
    if (spec.body)
      c.req.addValidatedData("json", valid(spec.body, await readJson(c, spec.bodyBytes ?? BODY_BYTES), "body") as object);
    const known = c.var.ctx?.once && spec.scope !== "public" && !spec.remembers ? await recall(c.var.ctx) : undefined;
    if (known) return c.json(known, Number(Object.keys(spec.answers)[0]) as ContentfulStatusCode);
    await next();
  };
  contracts.set(middleware, read);
  return middleware as MiddlewareHandler<Env, string, Taken<C>>;
}

const BODY_BYTES = 64 * 1024;
/** Deeper than any of our bodies, and shallow enough to be read fast. */
const DEPTH = 64;

async function readJson(c: HonoContext, most: number): Promise<unknown> {
  const text = await c.req.text();
  if (Buffer.byteLength(text) > most)
    throw new Problem("input.too_large", { detail: `The body may have ${Math.floor(most / 1024)} KB here.` });
  if (text === "") return {};
  if (!/^application\/json\s*(;|$)/i.test(c.req.header("content-type") ?? "")) throw new Problem("input.media_type");
  if (depthOf(text) > DEPTH) throw new Problem("input.invalid", { detail: `The body is nested more than ${DEPTH} deep.` });
  try {
    return JSON.parse(text);
  } catch {
    throw new Problem("input.invalid", { detail: "The body is not JSON." });
  }
}

/** Reads each character once: a regular expression would start again at each quote. */
function depthOf(text: string): number {
  let depth = 0;
  let deepest = 0;
  let quoted = false;
  for (let i = 0; i < text.length; i++) {
    const letter = text[i];
    if (quoted) {
      if (letter === "\\") i++;
      else if (letter === '"') quoted = false;
    } else if (letter === '"') quoted = true;
    else if (letter === "[" || letter === "{") deepest = Math.max(deepest, ++depth);
    else if (letter === "]" || letter === "}") depth--;
  }
  return deepest;
}

/** Control, bidirectional, zero-width and blank characters and lone surrogates: they change how the text around them is shown. */
const HIDDEN =
  /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]|[\u115f\u1160\u2065\u2800\u3164\uffa0]|\u034f|[\u17b4\u17b5]|[\u180b-\u180f]|[\u{e0000}-\u{e0fff}]/gu;
const SHOWN = /[\p{L}\p{N}\p{P}\p{S}]/u;

/** Text that others will read, without characters that disguise it. */
const line = (most: number) =>
  z
    .string()
    .max(most)
    .transform((text) => {
      const shown = text.replaceAll(HIDDEN, " ").replaceAll(/ {2,}/g, " ").trim();
      return SHOWN.test(shown) ? shown : "";
    });

export const lineOf = (least: number, most: number) => line(most).pipe(z.string().min(least).max(most));

/** Checked first: a schema visits every item, and collects its issues, before it counts them. */
function tooMany(schema: z.core.$ZodType, value: unknown, path: string): string | undefined {
  const { def, bag } = (schema as z.core.$ZodTypes)._zod;
  if ("innerType" in def) return tooMany(def.innerType, value, path);
  if (def.type === "pipe") return tooMany(def.in, value, path);
  if (typeof value !== "object" || value === null) return undefined;
  const names = Object.keys(value);
  const most = Number(
    def.type === "array" ? bag.maximum : (z.globalRegistry.get(schema)?.maxProperties ?? Number.POSITIVE_INFINITY),
  );
  if (names.length > most) return `${path}: at most ${most} ${def.type === "array" ? "items" : "members"}`;
  const of = (name: string) =>
    def.type === "array"
      ? def.element
      : def.type === "object"
        ? Object.hasOwn(def.shape, name)
          ? def.shape[name]
          : undefined
        : def.type === "record"
          ? def.valueType
          : undefined;
  for (const name of names) {
    const inner = of(name);
    const found = inner && tooMany(inner, value[name as keyof typeof value], `${path}.${name}`);
    if (found) return found;
  }
  return undefined;
}

function valid<S extends z.ZodType>(schema: S, value: unknown, where: string): z.output<S> {
  const many = tooMany(schema, value, where);
  if (many) throw new Problem("input.invalid", { detail: many });
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const fields = parsed.error.issues.slice(0, 10).map((issue) => `${[where, ...issue.path].join(".")}: ${issue.message}`);
  throw new Problem("input.invalid", { detail: fields.join("; ") });
}

const commonProblems = (spec: Contract): Code[] => [
  ...(spec.params || spec.query || spec.body ? (["input.invalid"] as const) : []),
  ...(spec.body ? (["input.media_type", "input.too_large"] as const) : []),
  ...(spec.scope === "public" ? [] : (["auth.required"] as const)),
  ...(spec.scope === "public" || spec.scope === "session" ? [] : (["token.scope"] as const)),
  ...refusalsOf(permissions[spec.needs].action),
];

export const problemsOf = (spec: Contract): Code[] => [...new Set([...commonProblems(spec), ...(spec.problems ?? [])])];
export const statusOf = (code: Code) => catalogue[code].status;

/** A list that is given whole. */
export const all = <S extends z.ZodType>(item: S) => z.object({ items: z.array(item) });

/** Send `next` as `cursor` for the following page; null at the end. */
export const page = <S extends z.ZodType>(item: S) => z.object({ items: z.array(item), next: z.string().nullable() });

export const paging = {
  cursor: z
    .string()
    .max(200)
    .regex(/^[!-~]{1,200}$/, "as `next` gave it")
    .optional(),
  limit: z.coerce.number().int().min(1).max(100).default(50),
};

export const inApp = z.object({ app: z.string().min(1).max(60) });

export const name = z
  .string()
  .max(39)
  .regex(/^[a-z]([a-z0-9-]{0,37}[a-z0-9])?$/, "lower-case letters, digits and dashes, starting with a letter, at most 39");
