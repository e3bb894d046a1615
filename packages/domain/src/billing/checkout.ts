import { allow, type Context } from "../context.ts";
import { Problem } from "../error.ts";
import type { PlanName } from "../plan/plan.ts";

export async function startCheckout(ctx: Context, _plan: PlanName): Promise<{ url: string }> {
  allow(ctx, "billing");
  throw new Problem("billing.unavailable");
}
