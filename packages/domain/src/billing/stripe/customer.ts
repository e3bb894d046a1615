import { audit } from "../../audit/audit.ts";
import type { Context, World } from "../../context.ts";
import { type Account, accountKey, getAccount } from "../../entitlement/account.ts";
import { Problem } from "../../error.ts";
import { getImmutable } from "../../query.ts";
import { globalKey, insert, overtaken, tryCommit, update } from "../../table.ts";
import { owners } from "../../tenant/tenant.ts";
import { atStripe } from "./errors.ts";

export const customerKey = (customer: string) => globalKey("CUS", customer);

/** Read from our own row, never from e-mail or metadata, which others can write. */
export async function tenantOfCustomer(world: World, customer: string): Promise<string | undefined> {
  const row = await getImmutable(world, customerKey(customer));
  return row && String(row.tenant);
}

/** Recorded before any page exists on which the customer could pay. The idempotency key gives concurrent calls the same one. */
export async function ensureCustomer(ctx: Context, account: Account): Promise<string> {
  if (account.customer) return account.customer;
  const [email] = await owners(ctx);
  const count = account.customers ?? 0;
  const stripe = await ctx.stripe();
  const { id } = await atStripe(() =>
    stripe.customers.create(
      { ...(email && { email }), metadata: { tenant: ctx.tenant } },
      { idempotencyKey: `cus:${ctx.tenant}:${count}` },
    ),
  );
  const first = await tryCommit(
    ctx,
    insert(ctx, customerKey(id), { tenant: ctx.tenant, createdAt: ctx.now().toISOString() }, overtaken),
    update(
      ctx,
      accountKey(ctx),
      {
        change: "SET customer = :customer, customers = :count",
        condition:
          "attribute_exists(pk) AND attribute_not_exists(closingAt) AND attribute_not_exists(customer) AND (attribute_not_exists(customers) OR customers = :seen)",
        values: { ":customer": id, ":count": count + 1, ":seen": count },
      },
      overtaken,
    ),
    audit(ctx, "billing.customer", id),
  );
  if (first) return id;
  const { customer } = await getAccount(ctx);
  if (customer === undefined) throw new Problem("version.stale");
  return customer;
}
