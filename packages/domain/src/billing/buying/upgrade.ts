import type Stripe from "stripe";
import type { Context } from "../../context.ts";
import { Problem } from "../../error.ts";
import type { PricingPlanName } from "../../pricing/plans.ts";
import { priceIdOf } from "../stripe/catalogue.ts";
import { atStripe } from "../stripe/errors.ts";
import { detachSchedule } from "./downgrade.ts";
import type { PlanChange, Request, Subject } from "./plan-change.ts";

export async function previewUpgrade(
  ctx: Context,
  subject: Subject,
  plan: PricingPlanName,
): Promise<Pick<PlanChange, "due" | "currency">> {
  const { stripe, customer, subscription, item } = subject;
  const price = await priceIdOf(ctx, plan);
  const preview = await atStripe(() =>
    stripe.invoices.createPreview({
      customer,
      subscription: subscription.id,
      subscription_details: {
        items: [{ id: item.id, price, quantity: 1 }],
        proration_behavior: "always_invoice",
        proration_date: Math.floor(ctx.now().getTime() / 1000),
      },
    }),
  );
  return { due: preview.amount_due, currency: preview.currency };
}

/** `pending_if_incomplete`: the price changes only when the difference is paid; the change waits at the invoice's page for a day. */
export async function upgrade(
  ctx: Context,
  subject: Subject,
  request: Request,
): Promise<Pick<PlanChange, "status" | "due" | "url">> {
  const { stripe, subscription, item } = subject;
  const price = await priceIdOf(ctx, request.plan);
  const waiting = subscription.pending_update?.subscription_items?.[0]?.price.id;
  if (waiting === price) return outcome(subscription);
  if (waiting !== undefined) throw new Problem("billing.change_pending", { facts: { url: pageOf(subscription) } });
  // Stripe rejects a price change while a schedule is attached; the upgrade supersedes a scheduled downgrade.
  if (subscription.schedule) await detachSchedule(subject, `rel:${ctx.tenant}:${request.id}`);
  const updated = await atStripe(() =>
    stripe.subscriptions.update(
      subscription.id,
      {
        items: [{ id: item.id, price, quantity: 1 }],
        proration_behavior: "always_invoice",
        payment_behavior: "pending_if_incomplete",
        proration_date: request.at,
        expand: ["latest_invoice"],
      },
      { idempotencyKey: `up:${ctx.tenant}:${request.id}` },
    ),
  );
  return outcome(updated);
}

function outcome(subscription: Stripe.Subscription): Pick<PlanChange, "status" | "due" | "url"> {
  const invoice = invoiceOf(subscription);
  const due = invoice?.amount_due ?? 0;
  if (subscription.pending_update) return { status: "payment_needed", due, url: pageOf(subscription) };
  return { status: "done", due, url: null };
}

const invoiceOf = ({ latest_invoice: invoice }: Stripe.Subscription) => (typeof invoice === "object" ? invoice : null);
const pageOf = (subscription: Stripe.Subscription) => invoiceOf(subscription)?.hosted_invoice_url ?? null;
