import { audit } from "../../audit/audit.ts";
import { allow, type Context } from "../../context.ts";
import { type Account, assertPermitted, getAccount, limitsOf } from "../../entitlement/account.ts";
import { Problem } from "../../error.ts";
import { ulid } from "../../id.ts";
import { recall, remember } from "../../once.ts";
import { type PricingPlanName, pricingPlanNames } from "../../pricing/plans.ts";
import { get } from "../../query.ts";
import { commit, insert, key } from "../../table.ts";
import { syncCustomer } from "../standing/sync.ts";
import { getCatalogue, planOfPrice } from "../stripe/catalogue.ts";
import { atStripe } from "../stripe/errors.ts";
import { idOf } from "../stripe/objects.ts";
import { planDowngrade, withdrawChange } from "./downgrade.ts";
import { type PlanChange, Request, type Subject } from "./plan-change.ts";
import { previewUpgrade, upgrade } from "./upgrade.ts";

/** Stripe keeps idempotency keys for at least a day, so a repeat within this time is the same request there. */
const REPEAT_SECONDS = 23 * 3600;
/** Longer than REPEAT_SECONDS, so that a late repeat is refused, not charged again. */
const KEEP_SECONDS = 3 * 86_400;

/** Upgrades once the difference is paid, downgrades at the end of the period. The current plan withdraws a scheduled change. */
export async function changePlan(
  ctx: Context,
  input: { plan: PricingPlanName; preview?: boolean | undefined },
): Promise<PlanChange> {
  allow(ctx, "billing");
  const account = await getAccount(ctx);
  // With an open invoice, Stripe would add the difference to the unpaid amount.
  assertPermitted(ctx, account, "grow");
  const { plan, preview = false } = input;
  const known = preview ? undefined : await recallRequest(ctx, plan);
  const found = await subjectOf(ctx, account);
  // A repeat refers to the plan at the time of the first request.
  const subject = { ...found, from: known?.from ?? found.from };
  const grows = pricingPlanNames.indexOf(plan) - pricingPlanNames.indexOf(subject.from);
  if (!known && grows === 0 && !subject.subscription.schedule && !subject.subscription.pending_update)
    throw new Problem("billing.same_plan");
  const answer = about(ctx, account, subject, plan);
  if (preview) return { ...answer, ...(grows > 0 && (await previewUpgrade(ctx, subject, plan))) };
  const request = known ?? (await recordRequest(ctx, subject, plan));
  const done =
    grows > 0
      ? await upgrade(ctx, subject, request)
      : grows < 0
        ? await planDowngrade(ctx, subject, request)
        : await withdrawChange(ctx, subject, request);
  await syncCustomer(ctx, subject.customer);
  const result = { ...answer, ...done };
  if (ctx.once && !(await recall(ctx))) await commit(ctx, remember(ctx, result));
  return result;
}

async function subjectOf(ctx: Context, { customer, subscription: id }: Account): Promise<Subject> {
  if (!customer || !id) throw new Problem("billing.no_subscription");
  const stripe = await ctx.stripe();
  const subscription = await atStripe(() => stripe.subscriptions.retrieve(id, { expand: ["schedule", "latest_invoice"] }));
  const [item] = subscription.items.data;
  const product = item && idOf(item.price.product);
  const from = item && planOfPrice(await getCatalogue(ctx), { id: item.price.id, product: product ?? "" });
  if (subscription.status !== "active" || !item || !from) {
    await syncCustomer(ctx, customer);
    throw new Problem("version.stale");
  }
  if (subscription.cancel_at !== null || subscription.cancel_at_period_end)
    throw new Problem("billing.canceling", { facts: { fix_url: `${ctx.origin}/billing` } });
  return { stripe, customer, subscription, item, from };
}

function about(ctx: Context, account: Account, { item, from }: Subject, plan: PricingPlanName): PlanChange {
  const grows = pricingPlanNames.indexOf(plan) - pricingPlanNames.indexOf(from);
  const limits = limitsOf(plan);
  const later = grows < 0 ? new Date(item.current_period_end * 1000) : ctx.now();
  return {
    from,
    plan,
    kind: grows > 0 ? "upgrade" : grows < 0 ? "downgrade" : "keep",
    status: "preview",
    at: later.toISOString(),
    due: 0,
    currency: item.price.currency,
    url: null,
    over: {
      slots: Math.max(0, account.slots - limits.slotLimit),
      targets: Math.max(0, account.targets - limits.targetLimit),
    },
  };
}

const requestKey = (ctx: Context, id: string) => key(ctx, `CHG#${id}`);

async function recallRequest(ctx: Context, plan: PricingPlanName): Promise<Request | undefined> {
  const found = ctx.once && (await get(ctx, requestKey(ctx, ctx.once.key)));
  if (!found) return undefined;
  const request = Request.parse(found);
  if (request.plan !== plan) throw new Problem("idempotency.mismatch");
  if (ctx.now().getTime() / 1000 - request.at > REPEAT_SECONDS) throw new Problem("version.stale");
  return request;
}

async function recordRequest(ctx: Context, { from, subscription }: Subject, plan: PricingPlanName): Promise<Request> {
  const request: Request = { id: ctx.once?.key ?? ulid(ctx), from, plan, at: Math.floor(ctx.now().getTime() / 1000) };
  const ttl = request.at + KEEP_SECONDS;
  await commit(
    ctx,
    insert(ctx, requestKey(ctx, request.id), { ...request, ttl }, new Problem("idempotency.busy")),
    audit(ctx, "billing.plan", plan, { detail: `from ${from}, ${subscription.id}` }),
  );
  return request;
}
