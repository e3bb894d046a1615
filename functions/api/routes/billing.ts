import { startCheckout } from "@berth/domain/billing/checkout.ts";
import { openPortal } from "@berth/domain/billing/portal.ts";
import { refreshBilling } from "@berth/domain/billing/refresh.ts";
import { BillingState, billingState } from "@berth/domain/billing/state.ts";
import { planNames } from "@berth/domain/plan/plan.ts";
import { Hono } from "hono";
import * as z from "zod";
import type { Env } from "../app.ts";
import { contract } from "../contract.ts";

const tag = "Billing";
const Link = z.object({ url: z.url() });

export const billing = new Hono<Env>()
  .get(
    "/billing",
    contract({
      operationId: "getBilling",
      summary: "Plan, entitlement, grace and dates",
      tag,
      scope: "read",
      answers: { 200: { description: "The state", schema: BillingState } },
    }),
    async (c) => c.json(await billingState(c.var.ctx), 200),
  )
  .post(
    "/billing/checkout",
    contract({
      operationId: "startCheckout",
      summary: "Begin to pay for a plan; open the answer's address in a browser",
      tag,
      scope: "billing",
      body: z.object({ plan: z.enum(planNames) }),
      answers: { 200: { description: "The payment page", schema: Link } },
      problems: ["billing.subscribed", "billing.unavailable"],
    }),
    async (c) => c.json(await startCheckout(c.var.ctx, c.req.valid("json").plan), 200),
  )
  .post(
    "/billing/portal",
    contract({
      operationId: "openPortal",
      summary: "A page to change the card, see invoices or cancel",
      tag,
      scope: "billing",
      answers: { 200: { description: "The page", schema: Link } },
      problems: ["billing.no_customer", "billing.unavailable"],
    }),
    async (c) => c.json(await openPortal(c.var.ctx), 200),
  )
  .post(
    "/billing/refresh",
    contract({
      operationId: "refreshBilling",
      summary: "Look at Stripe again now, as after a payment",
      tag,
      scope: "billing",
      body: z.object({ session: z.string().max(200).optional() }),
      answers: { 200: { description: "The state after it", schema: BillingState } },
      problems: ["rate.limited", "billing.unavailable"],
    }),
    async (c) => c.json(await refreshBilling(c.var.ctx, c.req.valid("json")), 200),
  );
