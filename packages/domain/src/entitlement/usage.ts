import * as z from "zod";
import { ANY_APP, allow, type Context } from "../context.ts";
import { pricingPlanNames, pricingPlanOf } from "../pricing/plans.ts";
import { entitlement, getAccount, logDays, planLogDays, restrictedBy, restrictions } from "./account.ts";
import { entitlements } from "./permission.ts";

export const Usage = z.object({
  plan: z.enum(pricingPlanNames).nullable(),
  entitlement: z.enum(entitlements),
  because: z.enum(restrictions).nullable(),
  graceUntil: z.string().nullable(),
  slots: z.object({ used: z.number().int(), limit: z.number().int() }),
  targets: z.object({ used: z.number().int(), limit: z.number().int() }),
  concurrent: z.number().int(),
  logDays: z.number().int(),
  logsShorter: z.object({ days: z.number().int(), at: z.string() }).nullable(),
});
type Usage = z.infer<typeof Usage>;

export async function getUsage(ctx: Context): Promise<Usage> {
  allow(ctx, "read", ANY_APP);
  const account = await getAccount(ctx);
  const plan = account.plan ? pricingPlanOf(account.plan) : undefined;
  const now = ctx.now();
  const shorter = account.logs && now.toISOString() < account.logs.until ? account.logs : undefined;
  return {
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
}
