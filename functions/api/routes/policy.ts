import { getPolicy, PolicyView, setPolicy } from "@berth/domain/app/policy.ts";
import { Policy } from "@berth/domain/entitlement/policy.ts";
import { Hono } from "hono";
import * as z from "zod";
import { contract } from "../contract.ts";
import type { Env } from "../request.ts";

const tag = "Policy";
const app = z.string().min(1).max(60).optional().describe("That of an app; otherwise that of the account, for all its apps");

export const policy = new Hono<Env>()
  .get(
    "/policy",
    contract(() => ({
      operationId: "getPolicy",
      summary: "What deployments may have that reaches beyond their own containers and folder",
      tag,
      scope: "read",
      needs: "read",
      query: z.object({ app }),
      answers: { 200: { description: "Its rules, and what holds", schema: PolicyView } },
      problems: ["app.not_found"],
    })),
    async (c) => c.json(await getPolicy(c.var.ctx, c.req.valid("query")), 200),
  )
  .post(
    "/policy",
    contract(() => ({
      operationId: "setPolicy",
      summary: "Replace the rules; they hold for deployments accepted from then on",
      tag,
      scope: "admin",
      needs: "check",
      body: z.object({ app, rules: Policy.strict() }),
      answers: { 200: { description: "Its rules, and what holds", schema: PolicyView } },
      problems: ["app.not_found"],
    })),
    async (c) => c.json(await setPolicy(c.var.ctx, c.req.valid("json")), 200),
  );
