import { whoIs } from "@berth/domain/audit/who.ts";
import { ANY_APP, allow, scopes } from "@berth/domain/context.ts";
import { entitlement, getAccount, logDays, planLogDays, restrictedBy, restrictions } from "@berth/domain/entitlement/account.ts";
import { planNames, planOf } from "@berth/domain/plan/plan.ts";
import { Hono } from "hono";
import * as z from "zod";
import { contract } from "../contract.ts";
import type { Env } from "../request.ts";

const Me = z.object({
  tenant: z.string(),
  actor: z.object({
    kind: z.enum(["user", "token", "system"]),
    id: z.string(),
    /** A person's address, a token's name. */
    name: z.string().optional(),
    scopes: z.array(z.enum(scopes)),
    app: z.string().optional(),
  }),
  /** Of the person: who is signed in, or who issued the token. */
  email: z.string().optional(),
  /** The address to write to. */
  support: z.string(),
});

const Usage = z.object({
  plan: z.enum(planNames).nullable(),
  entitlement: z.enum(["none", "active", "grace", "restricted"]),
  /** Why it is restricted: a bill is open, the plan has ended, or the subscription is paused. */
  because: z.enum(restrictions).nullable(),
  graceUntil: z.string().nullable(),
  slots: z.object({ used: z.number().int(), limit: z.number().int() }),
  targets: z.object({ used: z.number().int(), limit: z.number().int() }),
  concurrent: z.number().int(),
  /** For how many days logs written now are kept. */
  logDays: z.number().int(),
  /** From when on it is fewer days, where that is coming. */
  logsShorter: z.object({ days: z.number().int(), at: z.string() }).nullable(),
});

export const me = new Hono<Env>()
  .get(
    "/me",
    contract({
      operationId: "getMe",
      summary: "Who this credential is",
      tag: "Account",
      scope: "session",
      needs: "read",
      answers: { 200: { description: "You", schema: Me } },
    }),
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
    contract({
      operationId: "getUsage",
      summary: "What the plan allows and what is used of it",
      tag: "Account",
      scope: "read",
      needs: "read",
      answers: { 200: { description: "Usage", schema: Usage } },
    }),
    async (c) => {
      allow(c.var.ctx, "read", ANY_APP);
      const account = await getAccount(c.var.ctx);
      const plan = account.plan ? planOf(account.plan) : undefined;
      const now = c.var.ctx.now();
      const shorter = account.logs && now.toISOString() < account.logs.until ? account.logs : undefined;
      const usage: z.infer<typeof Usage> = {
        plan: account.plan,
        entitlement: entitlement(account, now),
        because: restrictedBy(account, now),
        graceUntil: account.graceUntil,
        slots: { used: account.slots, limit: account.slotLimit },
        targets: { used: account.targets, limit: account.targetLimit },
        concurrent: plan?.concurrent ?? 0,
        logDays: plan || shorter ? logDays(account, now) : 0,
        logsShorter: shorter ? { days: planLogDays(account.plan), at: shorter.until } : null,
      };
      return c.json(usage, 200);
    },
  );
