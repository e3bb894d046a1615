import { allow, type Context } from "../context.ts";
import { getAccount } from "../entitlement/account.ts";
import { type BillingState, stateOf } from "./state.ts";

export async function refreshBilling(ctx: Context, _input: { session?: string | undefined }): Promise<BillingState> {
  allow(ctx, "billing");
  return stateOf(ctx, await getAccount(ctx));
}
