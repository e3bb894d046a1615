import { Deployer, listDeployers, removeDeployer } from "@berth/domain/deployer/deployer.ts";
import { Token } from "@berth/domain/token/token.ts";
import { Hono } from "hono";
import * as z from "zod";
import { contract, name, page, paging } from "../contract.ts";
import type { Env } from "../request.ts";

const tag = "Deployers";
const providerId = z
  .string()
  .max(20)
  .regex(/^\d{1,20}$/, "a number");

export const deployers = new Hono<Env>()
  .get(
    "/deployers",
    contract(() => ({
      operationId: "listDeployers",
      summary: "Repositories whose jobs may deploy an app, newest first",
      tag,
      scope: "admin",
      needs: "identity",
      query: z.object(paging),
      answers: { 200: { description: "A page", schema: page(Deployer) } },
    })),
    async (c) => c.json(await listDeployers(c.var.ctx, c.req.valid("query")), 200),
  )
  .post(
    "/deployers",
    contract(() => ({
      operationId: "addDeployer",
      summary: "Let jobs of a repository deploy an app without a stored secret",
      tag,
      scope: "admin",
      needs: "identity",
      body: z.object({
        provider: z.literal("github"),
        app: name,
        repository: z
          .string()
          .max(140)
          .regex(/^[A-Za-z0-9][A-Za-z0-9-]{0,38}\/[A-Za-z0-9._-]{1,100}$/, "owner/name, as GitHub writes it"),
        repositoryId: providerId.optional(),
        ref: z
          .string()
          .max(260)
          .regex(/^refs\/(heads|tags)\/[!-~]{1,249}$/, "a branch like refs/heads/main or a tag like refs/tags/v1")
          .optional(),
        jobEnvironment: z
          .string()
          .max(255)
          .regex(/^[^\p{C}]{1,255}$/u, "the name of an environment")
          .optional(),
        pullRequests: z.boolean().optional(),
      }),
      answers: { 201: { description: "Added", schema: Deployer } },
      problems: [
        "auth.proof",
        "app.not_found",
        "deployer.too_many",
        "idempotency.mismatch",
        "idempotency.busy",
        "account.closing",
      ],
    })),
    async (c) => {
      const { addDeployer } = await import("@berth/domain/deployer/add.ts");
      return c.json(await addDeployer(c.var.ctx, c.req.valid("json")), 201);
    },
  )
  .delete(
    "/deployers/:deployer",
    contract(() => ({
      operationId: "removeDeployer",
      summary: "Remove a deployer; the tokens that its jobs hold stop working at once",
      tag,
      scope: "admin",
      needs: "identity",
      params: z.object({ deployer: z.string().max(60) }),
      answers: { 204: { description: "Removed" } },
      problems: ["deployer.not_found"],
    })),
    async (c) => {
      await removeDeployer(c.var.ctx, c.req.valid("param").deployer);
      return c.body(null, 204);
    },
  )
  .post(
    "/auth/oidc",
    contract(() => ({
      operationId: "exchangeIdentity",
      summary: "Exchange a job's OpenID Connect token for a token that may deploy the deployer's app for 15 minutes",
      tag,
      scope: "public",
      needs: "identity",
      body: z.object({ deployer: z.string().max(60), token: z.string().min(1).max(8192) }),
      answers: { 200: { description: "The token; its secret is shown here only", schema: Token.extend({ secret: z.string() }) } },
      problems: [
        "deployer.token_invalid",
        "deployer.refused",
        "deployer.token_used",
        "deployer.unavailable",
        "account.closing",
        "rate.limited",
      ],
    })),
    async (c) => {
      const { exchangeIdentity } = await import("@berth/domain/deployer/exchange.ts");
      return c.json(await exchangeIdentity(c.var.world, { ...c.req.valid("json"), ip: c.var.ip }), 200);
    },
  );
