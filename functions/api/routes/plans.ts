import { pricingPlans as catalogue, pricingPlanNames } from "@berth/domain/pricing/plans.ts";
import { Hono } from "hono";
import * as z from "zod";
import { all, contract } from "../contract.ts";
import type { Env } from "../request.ts";

const PricingPlan = z.object({
  name: z.enum(pricingPlanNames),
  title: z.string(),
  for: z.string(),
  price: z.number().int().describe("Cents a month"),
  currency: z.literal("usd"),
  slots: z.number().int(),
  targets: z.number().int(),
  logDays: z.number().int(),
  concurrent: z.number().int(),
});

export const plans = new Hono<Env>().get(
  "/plans",
  contract(() => ({
    operationId: "listPricingPlans",
    summary: "What can be bought, smallest first",
    tag: "Billing",
    scope: "public",
    needs: "read",
    answers: { 200: { description: "The plans", schema: all(PricingPlan) } },
  })),
  (c) => c.json({ items: catalogue.map(({ lookupKey: _, ...plan }) => plan) }, 200),
);
