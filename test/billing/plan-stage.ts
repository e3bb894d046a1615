import { changePlan } from "@berth/domain/billing/buying/change.ts";
import type { PricingPlanName } from "@berth/domain/pricing/plans.ts";
import { afterEach, beforeEach } from "vitest";
import type { Payer } from "./payer.ts";
import { DAY, openStripeStage, type StripeStage } from "./stripe-stage.ts";

export let stage: StripeStage;

export const change = async (payer: Payer, plan: PricingPlanName, preview = false) => {
  const done = await changePlan(payer.ctx, { plan, preview });
  await stage.settle();
  return done;
};

/** Someone who bought a plan ten days ago. */
export async function bought(plan: PricingPlanName, card?: string): Promise<Payer> {
  const payer = await stage.signUp();
  await payer.buy(plan, card);
  await stage.advance(10 * DAY);
  return payer;
}

export const post = (url: string, fields: Record<string, string>) =>
  fetch(url, { method: "POST", body: new URLSearchParams(fields), redirect: "manual" });
export const card = (number: string) => ({ number, expiry: "12 / 40", cvc: "123", name: "Ann Example" });

/** A local Stripe and the product, of its own for each test. */
export function usePlanStage(): void {
  beforeEach(async () => {
    stage = await openStripeStage();
  });
  afterEach(() => stage.close());
}
