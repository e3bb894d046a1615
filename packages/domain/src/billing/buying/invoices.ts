import type Stripe from "stripe";
import * as z from "zod";
import { allow, type Context } from "../../context.ts";
import { getAccount } from "../../entitlement/account.ts";
import { Problem } from "../../error.ts";
import type { Page, Paging } from "../../page.ts";
import { atStripe, stripeFault } from "../stripe/errors.ts";

/** Amounts are integer cents. */
export const Invoice = z.object({
  id: z.string(),
  number: z.string().nullable(),
  status: z.string(),
  amount: z.number().int(),
  remaining: z.number().int(),
  currency: z.string(),
  createdAt: z.iso.datetime(),
  paidAt: z.iso.datetime().nullable(),
  lines: z.array(z.string()),
  url: z.string().nullable(),
  pdf: z.string().nullable(),
});
export type Invoice = z.infer<typeof Invoice>;

export async function listInvoices(ctx: Context, input: Paging): Promise<Page<Invoice>> {
  allow(ctx, "billing");
  const { customer } = await getAccount(ctx);
  if (customer === undefined) return { items: [], next: null };
  const stripe = await ctx.stripe();
  for (let after = input.cursor; ; ) {
    const page = await atStripe(() =>
      stripe.invoices.list({ customer, limit: input.limit, ...(after && { starting_after: after }) }),
    ).catch((error: unknown) => {
      if (stripeFault(error)?.param !== "starting_after") throw error;
      throw new Problem("input.invalid", { detail: "query.cursor: this is not a place in your list of invoices." });
    });
    const items = page.data.filter(({ status }) => status !== "draft").map(invoice);
    after = page.has_more ? page.data.at(-1)?.id : undefined;
    if (items.length > 0 || after === undefined) return { items, next: after ?? null };
  }
}

const iso = (seconds: number) => new Date(seconds * 1000).toISOString();

function invoice(bill: Stripe.Invoice): Invoice {
  const { paid_at: paidAt } = bill.status_transitions;
  return {
    id: bill.id,
    number: bill.number,
    status: bill.status ?? "draft",
    amount: bill.total,
    remaining: bill.amount_remaining,
    currency: bill.currency,
    createdAt: iso(bill.created),
    paidAt: paidAt === null ? null : iso(paidAt),
    lines: bill.lines.data.map(({ description }) => description ?? ""),
    url: bill.hosted_invoice_url ?? null,
    pdf: bill.invoice_pdf ?? null,
  };
}
