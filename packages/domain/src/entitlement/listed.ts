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

/** What the due index has of an account, so that a comparison with Stripe reads no row. It lags slightly behind the row. */
export type Listed = z.infer<typeof Fields> & { readonly tenant: string };
export type Payer = Listed & { readonly customer: string };

/** Attributes of the index besides its keys. Other rows in it have those of the same names. */
export const listedFields: readonly string[] = Object.keys(Fields.shape);

export const listed = (row: Row): Listed => ({ ...Fields.parse(row), tenant: tenantOf(row) });

export const pays = (account: Listed): account is Payer => account.customer !== undefined;
