import { scopes } from "@berth/domain/scope.ts";
import { listTokens, revokeToken, Token } from "@berth/domain/token/token.ts";
import { Hono } from "hono";
import * as z from "zod";
import { contract, lineOf, name, page, paging } from "../contract.ts";
import type { Env } from "../request.ts";

const tag = "Tokens";

export const tokens = new Hono<Env>()
  .get(
    "/tokens",
    contract(() => ({
      operationId: "listTokens",
      summary: "Tokens that have not expired or been revoked, newest first",
      tag,
      scope: "admin",
      needs: "identity",
      query: z.object(paging),
      answers: { 200: { description: "A page", schema: page(Token) } },
    })),
    async (c) => c.json(await listTokens(c.var.ctx, c.req.valid("query")), 200),
  )
  .post(
    "/tokens",
    contract(() => ({
      operationId: "createToken",
      summary: "Issue a token",
      tag,
      scope: "admin",
      needs: "identity",
      body: z.object({
        name: lineOf(1, 80),
        scopes: z.array(z.enum(scopes)).min(1).max(scopes.length),
        app: name.optional(),
        days: z.number().int().min(1).max(366).default(90),
      }),
      answers: {
        201: {
          description: "Issued. The secret is shown here only; a repeat of the request has null",
          schema: Token.extend({ secret: z.string().nullable() }),
        },
      },
      problems: ["auth.proof", "token.too_many", "idempotency.mismatch", "idempotency.busy", "account.closing"],
    })),
    async (c) => {
      const { issueToken } = await import("@berth/domain/token/issue.ts");
      return c.json(await issueToken(c.var.ctx, c.req.valid("json")), 201);
    },
  )
  .delete(
    "/tokens/:token",
    contract(() => ({
      operationId: "revokeToken",
      summary: "Revoke a token; it and those made with it stop working at once",
      tag,
      scope: "admin",
      needs: "identity",
      params: z.object({ token: z.string().max(60) }),
      answers: { 204: { description: "Revoked" } },
      problems: ["token.not_found"],
    })),
    async (c) => {
      await revokeToken(c.var.ctx, c.req.valid("param").token);
      return c.body(null, 204);
    },
  );
