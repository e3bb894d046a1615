import type Stripe from "stripe";
import { requireProof } from "../../auth/proved.ts";
import { allow, type Context } from "../../context.ts";
import { getAccount } from "../../entitlement/account.ts";
import { Problem } from "../../error.ts";
import { atStripe } from "../stripe/errors.ts";

/** The configuration is found by this version, so raise it with every change. Plans change only in our own flow. */
const VERSION = "1";
export const portalConfiguration = (origin: string): Stripe.BillingPortal.ConfigurationCreateParams => ({
  features: {
    customer_update: { enabled: true, allowed_updates: ["email", "name", "address", "tax_id"] },
    invoice_history: { enabled: true },
    payment_method_update: { enabled: true },
    subscription_cancel: { enabled: true, mode: "at_period_end" },
    subscription_update: { enabled: false },
    subscription_pause: { enabled: false },
  },
  business_profile: { headline: "Berth" },
  default_return_url: `${origin}/billing/return`,
  metadata: { berth: VERSION },
});

const found = new WeakMap<Stripe, string>();

export async function openPortal(ctx: Context): Promise<{ url: string }> {
  allow(ctx, "billing");
  const { customer, kind, closingAt } = await getAccount(ctx);
  // A customer who never paid has nothing to manage, even after opening a payment page.
  if (customer === undefined || kind === "none")
    throw new Problem("billing.no_customer", { facts: { fix_url: `${ctx.origin}/plans` } });
  if (closingAt !== undefined) throw new Problem("account.closing");
  requireProof(ctx);
  const stripe = await ctx.stripe();
  const configuration = await configurationOf(ctx, stripe);
  const { url } = await atStripe(() =>
    stripe.billingPortal.sessions.create({ customer, configuration, return_url: `${ctx.origin}/billing/return` }),
  );
  return { url };
}

export async function portalConfigurationOf(stripe: Stripe): Promise<Stripe.BillingPortal.Configuration | undefined> {
  const { data } = await stripe.billingPortal.configurations.list({ active: true, limit: 100 });
  return data.find(({ metadata }) => metadata?.berth === VERSION);
}

async function configurationOf(ctx: Context, stripe: Stripe): Promise<string> {
  const known = found.get(stripe);
  if (known) return known;
  const { id } = await atStripe(
    async () =>
      (await portalConfigurationOf(stripe)) ??
      (await stripe.billingPortal.configurations.create(portalConfiguration(ctx.origin), {
        idempotencyKey: `portal:${VERSION}:${ctx.stage}`,
      })),
  );
  found.set(stripe, id);
  return id;
}
