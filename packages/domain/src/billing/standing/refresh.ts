import { allow, type Context } from "../../context.ts";
import { type Account, getAccount } from "../../entitlement/account.ts";
import { Problem } from "../../error.ts";
import { limit } from "../../rate-limit.ts";
import { atStripe, stripeFault } from "../stripe/errors.ts";
import { idOf } from "../stripe/objects.ts";
import type { SyncRequest } from "../stripe/sync-request.ts";
import { type BillingState, stateOf } from "./state.ts";
import { syncCustomer } from "./sync.ts";

/** Syncs at once, so that a lost event locks nobody out. The return page's address grants nothing. */
export async function refreshBilling(ctx: Context, input: { session?: string | undefined }): Promise<BillingState> {
  allow(ctx, "billing");
  await limit(ctx, `billing-refresh#${ctx.tenant}`, { most: 20, seconds: 60 });
  const account = await getAccount(ctx);
  const request = input.session === undefined ? {} : await completed(ctx, account, input.session);
  if (account.customer !== undefined) {
    const { customer } = account;
    await atStripe(() => syncCustomer(ctx, customer, request));
  }
  return stateOf(ctx, await getAccount(ctx));
}

async function completed(ctx: Context, account: Account, id: string): Promise<SyncRequest> {
  const foreign = new Problem("input.invalid", { detail: "body.session: this is not a payment page of your account." });
  const stripe = await ctx.stripe();
  const session = await atStripe(() => stripe.checkout.sessions.retrieve(id)).catch((error: unknown) => {
    throw stripeFault(error)?.type === "StripeInvalidRequestError" ? foreign : error;
  });
  if (session.client_reference_id !== ctx.tenant || idOf(session.customer) !== account.customer) throw foreign;
  return session.status === "complete" ? { type: "checkout.session.completed", object: id } : {};
}
