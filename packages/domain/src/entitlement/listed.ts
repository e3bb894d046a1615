import type * as z from "zod";
import { type Row, tenantOf } from "../table.ts";
import { Account } from "./account.ts";
import { listedFields } from "./listed-fields.ts";

const Fields = Account.pick(listedFields);

/** As the due index has it, which lags slightly behind the row. */
export type Listed = z.infer<typeof Fields> & { readonly tenant: string };
export type Payer = Listed & { readonly customer: string };

export const listed = (row: Row): Listed => ({ ...Fields.parse(row), tenant: tenantOf(row) });

export const pays = (account: Listed): account is Payer => account.customer !== undefined;
