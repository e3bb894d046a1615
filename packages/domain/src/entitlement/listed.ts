import type * as z from "zod";
import { type Row, tenantOf } from "../table.ts";
import { Account } from "./account.ts";

const Fields = Account.pick({
  kind: true,
  reason: true,
  plan: true,
  slotLimit: true,
  targetLimit: true,
  graceUntil: true,
  anchor: true,
  hold: true,
  periodEnd: true,
  cancelAt: true,
  pendingPlan: true,
  subscription: true,
  anomalies: true,
  customer: true,
});

/**
 * What the due index holds of an account: what Stripe decides of it and who it is there, so that to compare it with Stripe reads no row. A
 * moment behind the row.
 */
export type Listed = z.infer<typeof Fields> & { readonly tenant: string };
export type Payer = Listed & { readonly customer: string };

/** The attributes that the index carries besides the keys; of other rows than accounts it carries those that have the names. */
export const listedFields: readonly string[] = Object.keys(Fields.shape);

export const listed = (row: Row): Listed => ({ ...Fields.parse(row), tenant: tenantOf(row) });

export const pays = (account: Listed): account is Payer => account.customer !== undefined;
