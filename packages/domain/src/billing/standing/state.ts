import * as z from "zod";
import { ANY_APP, allow, type Context } from "../../context.ts";
import { type Account, entitlement, getAccount, restrictedBy, restrictions } from "../../entitlement/account.ts";
import { entitlements } from "../../entitlement/permission.ts";
import { pricingPlanNames } from "../../pricing/plans.ts";

export const BillingState = z.object({
  plan: z.enum(pricingPlanNames).nullable(),
  entitlement: z.enum(entitlements),
  because: z.enum(restrictions).nullable(),
  reason: z.string().nullable(),
  graceUntil: z.string().nullable(),
  periodEnd: z.string().nullable(),
  cancelAt: z.string().nullable(),
  pendingPlan: z.enum(pricingPlanNames).nullable(),
  hold: z.boolean(),
  over: z.boolean(),
  syncedAt: z.string().nullable(),
});
export type BillingState = z.infer<typeof BillingState>;

export const stateOf = (ctx: Context, account: Account): BillingState => ({
  plan: account.plan,
  entitlement: entitlement(account, ctx.now()),
  because: restrictedBy(account, ctx.now()),
  reason: account.reason ?? null,
  graceUntil: account.graceUntil,
  periodEnd: account.periodEnd ?? null,
  cancelAt: account.cancelAt ?? null,
  pendingPlan: account.pendingPlan ?? null,
  hold: account.hold ?? false,
  over: account.kind === "good" && (account.slots > account.slotLimit || account.targets > account.targetLimit),
  syncedAt: account.syncedAt ?? null,
});

export async function billingState(ctx: Context): Promise<BillingState> {
  allow(ctx, "read", ANY_APP);
  return stateOf(ctx, await getAccount(ctx));
}
