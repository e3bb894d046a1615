import type { Code } from "@berth/domain/error.ts";
import { catalogue, Problem } from "@berth/domain/error.ts";
import { recall } from "@berth/domain/once.ts";
import type { Context as HonoContext, MiddlewareHandler } from "hono";
import type { ContentfulStatusCode } from "hono/utils/http-status";
import * as z from "zod";
import type { Env } from "./app.ts";

/**
 * What a route takes and gives: one constant that validates requests, types the client (`hc<Api>`) and becomes openapi.json. `scope` is
 * what a credential needs; "public" routes need none.
 */
export interface Contract {
  readonly operationId: string;
  readonly summary: string;
  readonly tag: string;
  readonly scope: "public" | "session" | "read" | "deploy" | "admin" | "billing";
  readonly params?: z.ZodObject;
  readonly query?: z.ZodObject;
  readonly body?: z.ZodType;
  readonly answers: Readonly<Record<number, { readonly description: string; readonly schema?: z.ZodType }>>;
  readonly problems?: readonly Code[];
  /** True where the verb itself remembers requests by their Idempotency-Key. */
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

const contracts = new WeakMap<MiddlewareHandler, Contract>();

/** The contract of a route's middleware, for openapi.ts. */
export const contractOf = (handler: unknown) => contracts.get(handler as MiddlewareHandler);

/** Middleware that holds a request to the contract. @throws Problem input.invalid naming every field */
export function contract<const C extends Contract>(spec: C): MiddlewareHandler<Env, string, Taken<C>> {
  const middleware: MiddlewareHandler<Env> = async (c, next) => {
    if (spec.scope !== "public" && !c.var.ctx) throw new Problem("auth.required");
    if (spec.params) c.req.addValidatedData("param", valid(spec.params, c.req.param(), "path"));
    if (spec.query) c.req.addValidatedData("query", valid(spec.query, c.req.query(), "query"));
    if (spec.body) c.req.addValidatedData("json", valid(spec.body, await readJson(c), "body") as object);
    const known = c.var.ctx?.once && spec.scope !== "public" && !spec.remembers ? await recall(c.var.ctx) : undefined;
    if (known) return c.json(known, Number(Object.keys(spec.answers)[0]) as ContentfulStatusCode);
    await next();
  };
  contracts.set(middleware, spec);
  return middleware as MiddlewareHandler<Env, string, Taken<C>>;
}

const BODY_BYTES = 1024 * 1024;

async function readJson(c: HonoContext): Promise<unknown> {
  const text = await c.req.text();
  if (Buffer.byteLength(text) > BODY_BYTES) throw new Problem("input.too_large");
  if (text === "") return {};
  try {
    return JSON.parse(text);
  } catch {
    throw new Problem("input.invalid", { detail: "The body is not JSON." });
  }
}

function valid<S extends z.ZodType>(schema: S, value: unknown, where: string): z.output<S> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const fields = parsed.error.issues.slice(0, 10).map((issue) => `${[where, ...issue.path].join(".")}: ${issue.message}`);
  throw new Problem("input.invalid", { detail: fields.join("; ") });
}

/** Problems every route can give, by what it needs. */
export const commonProblems = (spec: Contract): Code[] => [
  ...(spec.params || spec.query || spec.body ? (["input.invalid"] as const) : []),
  ...(spec.scope === "public" ? [] : (["auth.required"] as const)),
  ...(spec.scope === "public" || spec.scope === "session" ? [] : (["token.scope"] as const)),
];

export const problemsOf = (spec: Contract): Code[] => [...new Set([...commonProblems(spec), ...(spec.problems ?? [])])];
export const statusOf = (code: Code) => catalogue[code].status;

/** One page of a list: give `next` back as `cursor` for the page after; null at the end. */
export const page = <S extends z.ZodType>(item: S) => z.object({ items: z.array(item), next: z.string().nullable() });

export const paging = {
  cursor: z
    .string()
    .regex(/^[!-~]{1,200}$/, "as `next` gave it")
    .optional(),
  limit: z.coerce.number().int().min(1).max(100).default(50),
};

export const name = z
  .string()
  .regex(/^[a-z]([a-z0-9-]{0,37}[a-z0-9])?$/, "lower-case letters, digits and dashes, starting with a letter, at most 39");
