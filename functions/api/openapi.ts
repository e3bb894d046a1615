import { type Code, catalogue } from "@berth/domain/error.ts";
import type { Hono } from "hono";
import * as z from "zod";
import { type Contract, contractOf, problemsOf, statusOf } from "./contract.ts";
import type { Env } from "./request.ts";

const problemSchema = {
  type: "object",
  required: ["type", "code", "title", "status", "next", "request"],
  properties: {
    type: { type: "string" },
    code: { type: "string", enum: Object.keys(catalogue) },
    title: { type: "string" },
    status: { type: "integer" },
    detail: { type: "string" },
    hint: { type: "string" },
    next: { type: "array", items: { type: "string" }, description: "Commands worth trying." },
    request: { type: "string" },
  },
};

const schemaOf = (schema: z.ZodType, io: "input" | "output") => {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io, unrepresentable: "any" });
  return rest;
};

const parameters = (spec: Contract) =>
  (["params", "query"] as const).flatMap((where) =>
    Object.entries(spec[where]?.shape ?? {}).map(([name, schema]) => ({
      name,
      in: where === "params" ? "path" : "query",
      required: where === "params" || !(schema as z.ZodType).safeParse(undefined).success,
      schema: schemaOf(schema as z.ZodType, "input"),
    })),
  );

function responses(spec: Contract) {
  const answers: Record<string, unknown> = {};
  for (const [status, { description, schema }] of Object.entries(spec.answers))
    answers[status] = { description, ...(schema && { content: { "application/json": { schema: schemaOf(schema, "output") } } }) };
  const byStatus = Map.groupBy(problemsOf(spec), statusOf);
  for (const [status, codes] of byStatus)
    answers[status] = {
      description: codes.map((code: Code) => `\`${code}\` ${catalogue[code].title}`).join(". "),
      content: { "application/problem+json": { schema: { $ref: "#/components/schemas/Problem" } } },
      "x-problems": codes,
    };
  return answers;
}

const security = (spec: Contract) =>
  spec.scope === "public" ? [] : spec.scope === "session" ? [{ session: [] }] : [{ token: [] }, { session: [] }];

export function openapi(api: Hono<Env, never, never> | { routes: Hono["routes"] }) {
  const paths: Record<string, Record<string, unknown>> = {};
  for (const route of api.routes) {
    const spec = contractOf(route.handler);
    if (!spec) continue;
    const path = `/v1${route.path === "/" ? "" : route.path}`.replaceAll(/:(\w+)/g, "{$1}");
    paths[path] = {
      ...paths[path],
      [route.method.toLowerCase()]: {
        operationId: spec.operationId,
        summary: spec.summary,
        tags: [spec.tag],
        "x-scope": spec.scope,
        security: security(spec),
        parameters: [
          ...parameters(spec),
          ...(route.method === "POST" && spec.scope !== "public"
            ? [{ name: "Idempotency-Key", in: "header", required: false, schema: { type: "string", maxLength: 255 } }]
            : []),
        ],
        ...(spec.body && {
          requestBody: { required: true, content: { "application/json": { schema: schemaOf(spec.body, "input") } } },
        }),
        responses: responses(spec),
      },
    };
  }
  return {
    openapi: "3.1.0",
    info: { title: "Berth", version: "1", description: "Deploys Docker Compose apps onto your own servers." },
    paths,
    components: {
      schemas: { Problem: problemSchema },
      securitySchemes: {
        token: { type: "http", scheme: "bearer", description: "An API token: berth_<stage>_..." },
        session: { type: "apiKey", in: "cookie", name: "__Host-berth" },
      },
    },
  };
}
