import type Stripe from "stripe";
import { audit } from "../../audit/audit.ts";
import { allow, type Context } from "../../context.ts";
import { type Account, accountKey, assertPermitted, getAccount } from "../../entitlement/account.ts";
import { Problem } from "../../error.ts";
import type { PricingPlanName } from "../../pricing/plans.ts";
import { overtaken, tryCommit, tryUpdate, update } from "../../table.ts";
import { isoIn } from "../../time.ts";
import { dueShard, syncCustomer } from "../standing/sync.ts";
import { priceIdOf } from "../stripe/catalogue.ts";
import { ensureCustomer } from "../stripe/customer.ts";
import { closeSession } from "../stripe/end.ts";
import { atStripe, stripeFault } from "../stripe/errors.ts";
import { isLive } from "../stripe/objects.ts";

/** Stripe accepts 30 minutes to 24 hours. */
const OPEN_SECONDS = 31 * 60;
/** A sync this long after a page was created finds a payment whose event never arrived. */
const SYNC_AFTER_SECONDS = 3600;
const MIN_REMAINING_SECONDS = 5 * 60;
const TRIES = 6;

type Checkout = NonNullable<Account["checkout"]>;

/** Concurrent calls get the same payment page; a customer with a subscription is refused. */
export async function startCheckout(ctx: Context, plan: PricingPlanName): Promise<{ url: string }> {
  allow(ctx, "billing");
  const stripe = await ctx.stripe();
  const known = await getAccount(ctx);
  assertPermitted(ctx, known, "checkout");
  const customer = await ensureCustomer(ctx, known);
  await refuseSubscribed(ctx, stripe, customer);
  for (let attempt = 0; attempt < TRIES; attempt++) {
    const account = await getAccount(ctx);
    if (account.closingAt !== undefined) throw new Problem("account.closing");
    const url = await step(ctx, stripe, customer, account, plan);
    if (url !== undefined) return { url };
  }
  throw new Problem("service.busy");
}

/** One step towards an open page: claim an attempt, create its page, or close one that does not fit. Undefined: call again. */
async function step(
  ctx: Context,
  stripe: Stripe,
  customer: string,
  account: Account,
  plan: PricingPlanName,
): Promise<string | undefined> {
  const { checkout } = account;
  if (!checkout) return claim(ctx, account, plan);
  if (checkout.session === "") return make(ctx, stripe, customer, checkout);
  const session = await atStripe(() => stripe.checkout.sessions.retrieve(checkout.session));
  const left = (Date.parse(checkout.expiresAt) - ctx.now().getTime()) / 1000;
  const open = session.status === "open" && session.url;
  if (open && checkout.plan === plan && left > MIN_REMAINING_SECONDS) return open;
  if (session.status === "open") await atStripe(() => closeSession(stripe, checkout.session));
  if (session.status === "complete") await syncCustomer(ctx, customer);
  // It may have been paid just before it was closed.
  await refuseSubscribed(ctx, stripe, customer);
  return claim(ctx, account, plan);
}

async function refuseSubscribed(ctx: Context, stripe: Stripe, customer: string): Promise<void> {
  const { data } = await atStripe(() => stripe.subscriptions.list({ customer, status: "all", limit: 100 }));
  if (data.some(isLive)) throw new Problem("billing.subscribed", { facts: { fix_url: `${ctx.origin}/billing` } });
}

/** Records the attempt before Stripe is called, so that a repeat sends the same key and parameters and gets the same page. */
async function claim(ctx: Context, account: Account, plan: PricingPlanName): Promise<undefined> {
  const attempt = (account.checkouts ?? 0) + 1;
  const expiresAt = isoIn(ctx, OPEN_SECONDS);
  const sync = isoIn(ctx, SYNC_AFTER_SECONDS);
  const dueAt = account.dueAt !== undefined && account.dueAt < sync ? account.dueAt : sync;
  const checkout: Checkout = { session: "", plan, url: "", expiresAt, attempt };
  await tryUpdate(ctx, accountKey(ctx), {
    change: "SET checkout = :checkout, checkouts = :attempt, duePk = :shard, dueAt = :due",
    condition: `attribute_not_exists(closingAt) AND ${account.checkouts === undefined ? "attribute_not_exists(checkouts)" : "checkouts = :seen"}`,
    values: {
      ":checkout": checkout,
      ":attempt": attempt,
      ":shard": dueShard(ctx.tenant),
      ":due": dueAt,
      ...(account.checkouts !== undefined && { ":seen": account.checkouts }),
    },
  });
}

async function make(ctx: Context, stripe: Stripe, customer: string, checkout: Checkout): Promise<undefined> {
  const { attempt, plan, expiresAt } = checkout;
  const price = await atStripe(() => priceIdOf(ctx, plan));
  const session = await create(ctx, stripe, { customer, price, attempt, expiresAt });
  const mine = { ":attempt": attempt, ":none": "" };
  if (session === undefined) {
    const change = {
      change: "SET checkout = :null",
      condition: "checkout.attempt = :attempt",
      values: { ":attempt": attempt, ":null": null },
    };
    await tryUpdate(ctx, accountKey(ctx), change);
    return undefined;
  }
  const made: Checkout = { ...checkout, session: session.id, url: session.url ?? "" };
  await tryCommit(
    ctx,
    update(
      ctx,
      accountKey(ctx),
      {
        change: "SET checkout = :checkout",
        condition: "checkout.attempt = :attempt AND checkout.#session = :none",
        values: { ":checkout": made, ...mine },
      },
      overtaken,
    ),
    audit(ctx, "billing.checkout", plan, { detail: session.id }),
  );
}

/** Undefined when the attempt is so old that Stripe rejects its `expires_at`. */
async function create(
  ctx: Context,
  stripe: Stripe,
  { customer, price, attempt, expiresAt }: { customer: string; price: string; attempt: number; expiresAt: string },
): Promise<Stripe.Checkout.Session | undefined> {
  const about = { tenant: ctx.tenant };
  try {
    return await atStripe(() =>
      stripe.checkout.sessions.create(
        {
          mode: "subscription",
          customer,
          client_reference_id: ctx.tenant,
          metadata: about,
          subscription_data: { metadata: about },
          line_items: [{ price, quantity: 1 }],
          expires_at: Math.floor(Date.parse(expiresAt) / 1000),
          success_url: `${ctx.origin}/billing/return?session_id={CHECKOUT_SESSION_ID}`,
          cancel_url: `${ctx.origin}/plans`,
        },
        { idempotencyKey: `co:${ctx.tenant}:${attempt}` },
      ),
    );
  } catch (error) {
    if (stripeFault(error)?.param === "expires_at") return undefined;
    throw error;
  }
}
