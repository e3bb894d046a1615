import type { Context } from "../../context.ts";
import { type Account, entitlement, getAccount } from "../../entitlement/account.ts";
import { Problem } from "../../error.ts";
import { type BillingStanding, billingStanding, derive } from "../standing/derive.ts";
import { type Outcome, syncCustomer } from "../standing/sync.ts";
import { getCatalogue } from "../stripe/catalogue.ts";
import { fetchSnapshot, type Snapshot } from "../stripe/snapshot.ts";
import { driftOf } from "./account.ts";

export interface Inspection {
  readonly account: Account;
  readonly entitlement: string;
  readonly snapshot: Snapshot | null;
  readonly should: BillingStanding | null;
  readonly drift: readonly string[];
}

export async function inspectBilling(ctx: Context): Promise<Inspection> {
  const account = await getAccount(ctx);
  const state = entitlement(account, ctx.now());
  if (account.customer === undefined) return { account, entitlement: state, snapshot: null, should: null, drift: [] };
  const snapshot = await fetchSnapshot(ctx, account.customer);
  const should = derive(snapshot, await getCatalogue(ctx, { fresh: true }), billingStanding(account));
  return { account, entitlement: state, snapshot, should, drift: driftOf(billingStanding(account), should) };
}

export async function resyncBilling(ctx: Context): Promise<Outcome> {
  const { customer } = await getAccount(ctx);
  if (customer === undefined) throw new Problem("billing.no_customer");
  return syncCustomer(ctx, customer);
}
