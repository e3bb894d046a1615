import { Invoice, listInvoices } from "@berth/domain/billing/buying/invoices.ts";
import { PlanChange } from "@berth/domain/billing/buying/plan-change.ts";
import { BillingState, billingState } from "@berth/domain/billing/standing/state.ts";
import { pricingPlanNames } from "@berth/domain/pricing/plans.ts";
import { Hono } from "hono";
import * as z from "zod";
import { contract, page, paging } from "../contract.ts";
import type { Env } from "../request.ts";

const tag = "Billing";
const Link = z.object({ url: z.url() });

/** Loaded at first use: they bring everything about Stripe, and most requests are not about money. */
const verbs = {
  change: () => import("@berth/domain/billing/buying/change.ts"),
  checkout: () => import("@berth/domain/billing/buying/checkout.ts"),
  portal: () => import("@berth/domain/billing/buying/portal.ts"),
  refresh: () => import("@berth/domain/billing/standing/refresh.ts"),
};

export const billing = new Hono<Env>()
  .get(
    "/billing",
    contract(() => ({
      operationId: "getBilling",
      summary: "Plan, entitlement, grace and dates",
      tag,
      scope: "read",
      needs: "read",
      answers: { 200: { description: "The state", schema: BillingState } },
    })),
    async (c) => c.json(await billingState(c.var.ctx), 200),
  )
  .post(
    "/billing/checkout",
    contract(() => ({
      operationId: "startCheckout",
      summary: "Begin to pay for a plan; open the answer's address in a browser",
      tag,
      scope: "billing",
      needs: "checkout",
      body: z.object({ plan: z.enum(pricingPlanNames) }),
      answers: { 200: { description: "The payment page", schema: Link } },
      problems: ["account.closing", "billing.subscribed", "billing.currency", "billing.unavailable", "service.busy"],
    })),
    async (c) => {
      const { startCheckout } = await verbs.checkout();
      return c.json(await startCheckout(c.var.ctx, c.req.valid("json").plan), 200);
    },
  )
  .post(
    "/billing/plan",
    contract(() => ({
      operationId: "changePlan",
      summary:
        "Change the plan: a larger one at once, a smaller one at the end of the period; the current one takes a change back",
      tag,
      scope: "billing",
      needs: "plan-change",
      body: z.object({ plan: z.enum(pricingPlanNames), preview: z.boolean().optional() }),
      answers: { 200: { description: "What was done, or would be", schema: PlanChange } },
      problems: [
        "account.closing",
        "billing.no_subscription",
        "billing.same_plan",
        "billing.change_pending",
        "billing.canceling",
        "billing.unavailable",
        "idempotency.mismatch",
        "version.stale",
      ],
    })),
    async (c) => {
      const { changePlan } = await verbs.change();
      return c.json(await changePlan(c.var.ctx, c.req.valid("json")), 200);
    },
  )
  .get(
    "/billing/invoices",
    contract(() => ({
      operationId: "listInvoices",
      summary: "Bills, newest first",
      tag,
      scope: "billing",
      needs: "read",
      query: z.object(paging),
      answers: { 200: { description: "A page", schema: page(Invoice) } },
      problems: ["billing.unavailable"],
    })),
    async (c) => c.json(await listInvoices(c.var.ctx, c.req.valid("query")), 200),
  )
  .post(
    "/billing/portal",
    contract(() => ({
      operationId: "openPortal",
      summary: "A page to change the card, see invoices or cancel",
      tag,
      scope: "billing",
      needs: "portal",
      answers: { 200: { description: "The page", schema: Link } },
      problems: ["auth.proof", "account.closing", "billing.no_customer", "billing.unavailable"],
    })),
    async (c) => {
      const { openPortal } = await verbs.portal();
      return c.json(await openPortal(c.var.ctx), 200);
    },
  )
  .post(
    "/billing/refresh",
    contract(() => ({
      operationId: "refreshBilling",
      summary: "Look at Stripe again now, as after a payment",
      tag,
      scope: "billing",
      needs: "checkout",
      body: z.object({ session: z.string().max(200).optional() }),
      answers: { 200: { description: "The state after it", schema: BillingState } },
      problems: ["rate.limited", "billing.unavailable"],
    })),
    async (c) => {
      const { refreshBilling } = await verbs.refresh();
      return c.json(await refreshBilling(c.var.ctx, c.req.valid("json")), 200);
    },
  );
