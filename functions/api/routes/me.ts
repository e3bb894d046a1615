import { whoIs } from "@berth/domain/audit/who.ts";
import { getUsage, Usage } from "@berth/domain/entitlement/usage.ts";
import { scopes } from "@berth/domain/scope.ts";
import { Hono } from "hono";
import * as z from "zod";
import { contract } from "../contract.ts";
import type { Env } from "../request.ts";

const Me = z.object({
  tenant: z.string(),
  actor: z.object({
    kind: z.enum(["user", "token", "system"]),
    id: z.string(),
    /** A person's address or a token's name. */
    name: z.string().optional(),
    scopes: z.array(z.enum(scopes)),
    app: z.string().optional(),
  }),
  /** Of the person who is signed in or issued the token. */
  email: z.string().optional(),
  support: z.string(),
});

export const me = new Hono<Env>()
  .get(
    "/me",
    contract(() => ({
      operationId: "getMe",
      summary: "Who this credential is",
      tag: "Account",
      scope: "session",
      needs: "read",
      answers: { 200: { description: "You", schema: Me } },
    })),
    (c) => {
      const { actor, tenant } = c.var.ctx;
      const held = actor.kind === "system" ? [] : [...actor.scopes];
      const app = actor.kind === "token" && actor.app ? { app: actor.app } : {};
      const email = c.var.email ?? (actor.kind === "token" ? actor.email : undefined);
      const body: z.infer<typeof Me> = {
        tenant,
        actor: { ...whoIs(actor), scopes: held, ...app },
        ...(email && { email }),
        support: c.var.world.support,
      };
      return c.json(body, 200);
    },
  )
  .get(
    "/usage",
    contract(() => ({
      operationId: "getUsage",
      summary: "What the plan allows and what is used of it",
      tag: "Account",
      scope: "read",
      needs: "read",
      answers: { 200: { description: "Usage", schema: Usage } },
    })),
    async (c) => c.json(await getUsage(c.var.ctx), 200),
  );
