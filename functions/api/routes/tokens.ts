import { scopes } from "@berth/domain/context.ts";
import { issueToken, listTokens, revokeToken, Token } from "@berth/domain/token/token.ts";
import { Hono } from "hono";
import * as z from "zod";
import type { Env } from "../app.ts";
import { contract, name } from "../contract.ts";

const tag = "Tokens";

export const tokens = new Hono<Env>()
  .get(
    "/tokens",
    contract({
      operationId: "listTokens",
      summary: "Tokens that have not expired or been revoked, newest first",
      tag,
      scope: "admin",
      answers: { 200: { description: "All of them", schema: z.object({ items: z.array(Token) }) } },
    }),
    async (c) => c.json({ items: await listTokens(c.var.ctx) }, 200),
  )
  .post(
    "/tokens",
    contract({
      operationId: "createToken",
      summary: "Issue a token",
      tag,
      scope: "admin",
      body: z.object({
        name: z.string().min(1).max(80),
        scopes: z.array(z.enum(scopes)).min(1),
        app: name.optional(),
        days: z.number().int().min(1).max(366).default(90),
      }),
      answers: {
        201: {
          description: "Issued. The secret is shown here only; a repeat of the request has null",
          schema: Token.extend({ secret: z.string().nullable() }),
        },
      },
      problems: ["idempotency.mismatch", "idempotency.busy", "account.closing"],
    }),
    async (c) => c.json(await issueToken(c.var.ctx, c.req.valid("json")), 201),
  )
  .delete(
    "/tokens/:token",
    contract({
      operationId: "revokeToken",
      summary: "Revoke a token; it stops working at once",
      tag,
      scope: "admin",
      params: z.object({ token: z.string().max(60) }),
      answers: { 204: { description: "Revoked" } },
      problems: ["token.not_found"],
    }),
    async (c) => {
      await revokeToken(c.var.ctx, c.req.valid("param").token);
      return c.body(null, 204);
    },
  );
