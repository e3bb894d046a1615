import type Stripe from "stripe";
import { invalid } from "../errors.ts";
import { update } from "../event.ts";
import { mergeMetadata } from "../metadata.ts";
import type { Invoice } from "../objects/invoice.ts";
import type { Line } from "../objects/line.ts";
import type { Subscription } from "../objects/subscription.ts";
import { timeOf, type World } from "../world.ts";
import { collect } from "./collect.ts";
import { getCustomer } from "./customer.ts";
import { draftInvoice, finalizeInvoice } from "./invoice.ts";
import { lineOf, recordPortions, takePendingItems } from "./invoice-item.ts";
import { periodLine } from "./line.ts";
import { resolvePaymentMethod } from "./payment-method.ts";
import { applyItems, expirePending, holdPending } from "./pending-update.ts";
import { type AskedItem, type Change, changedItems, type Portion, portions } from "./proration.ts";
import { currentPhase, phaseItem, scheduleOf } from "./schedule.ts";
import { paidUntil } from "./subscription.ts";
import { refuseIfUnpayable } from "./subscription-create.ts";

/** Change a subscription as a request asks: its plain fields first, then its items with their proration. */
export function updateSubscription(world: World, subscription: Subscription, input: Stripe.SubscriptionUpdateParams): void {
  const at = input.proration_date ?? timeOf(world, subscription.test_clock);
  const restart = input.billing_cycle_anchor?.type === "now";
  const change =
    input.items || restart ? changedItems(world, subscription, (input.items ?? []) as AskedItem[], at, restart) : undefined;
  if (change && input.payment_behavior === "error_if_incomplete") {
    const method =
      subscription.default_payment_method ?? getCustomer(world, subscription.customer).invoice_settings.default_payment_method;
    if (method) refuseIfUnpayable(world, getCustomer(world, subscription.customer), method);
  }
  if (input.payment_behavior !== "pending_if_incomplete") applyPlainFields(world, subscription, input);
  if (!change) return;
  changePlan(world, subscription, change, at, input);
  carryIntoSchedule(world, subscription);
}

// A subscription changed by hand goes on with the change: the phase that runs takes it up.
function carryIntoSchedule(world: World, subscription: Subscription): void {
  const schedule = scheduleOf(world, subscription);
  const running = schedule && currentPhase(schedule);
  if (!schedule || !running) return;
  update(world, "subscription_schedule.updated", schedule, () => {
    running.phase.items = subscription.items.data.map(phaseItem);
  });
}

function changePlan(
  world: World,
  subscription: Subscription,
  change: Change,
  at: number,
  input: Stripe.SubscriptionUpdateParams,
): void {
  const behavior = input.proration_behavior ?? "create_prorations";
  const parts =
    behavior === "none" && change.restartsAt === null
      ? []
      : portions(subscription, change, at).filter((part) => behavior !== "none" || part.kind === "period");
  const bills = behavior === "always_invoice" || change.restartsAt !== null;
  const pending = input.payment_behavior === "pending_if_incomplete";
  if (subscription.pending_update) expirePending(world, subscription);
  if (!bills || parts.length === 0) {
    update(world, "customer.subscription.updated", subscription, () => applyItems(subscription, change.items, change.restartsAt));
    recordPortions(world, subscription, parts, at);
    return;
  }
  const invoice = bill(world, subscription, parts, at);
  const notes = world.state.notes.get(subscription.id)!;
  if (pending) {
    notes.pending = { invoice: invoice.id, items: change.items, restartsAt: change.restartsAt };
    if (collect(world, invoice) !== "paid") holdPending(world, subscription, notes.pending);
    return;
  }
  update(world, "customer.subscription.updated", subscription, () => applyItems(subscription, change.items, change.restartsAt));
  collect(world, invoice);
}

/** Bill the portions of a change at once, with everything else that waits. */
function bill(world: World, subscription: Subscription, parts: readonly Portion[], at: number): Invoice {
  const now = timeOf(world, subscription.test_clock);
  const waiting = takePendingItems(world, subscription);
  const rows = recordPortions(world, subscription, parts, at);
  const invoice = draftInvoice(world, {
    customer: getCustomer(world, subscription.customer),
    subscription,
    currency: subscription.currency,
    reason: "subscription_update",
    lines: [...waiting.lines, ...rows.map((row) => lineOf(world, row)), ...periodLines(world, subscription, parts)],
    period: { start: now, end: now },
  });
  waiting.claim(invoice.id);
  for (const row of rows) row.invoice = invoice.id;
  finalizeInvoice(world, invoice);
  return invoice;
}

/** The lines for whole periods that a change begins. */
export function periodLines(world: World, subscription: Subscription, parts: readonly Portion[]): Line[] {
  return parts
    .filter(({ kind }) => kind === "period")
    .map(({ item, period }) =>
      periodLine(world, subscription.id, item, world.state.products.get(item.price.product)!.name, period),
    );
}

function applyPlainFields(world: World, subscription: Subscription, input: Stripe.SubscriptionUpdateParams): void {
  const method = input.default_payment_method
    ? resolvePaymentMethod(world, input.default_payment_method, subscription.customer, "default_payment_method").id
    : undefined;
  const now = timeOf(world, subscription.test_clock);
  update(world, "customer.subscription.updated", subscription, () => {
    subscription.metadata = mergeMetadata(subscription.metadata, input.metadata);
    if (method) subscription.default_payment_method = method;
    if (input.description !== undefined) subscription.description = input.description || null;
    if (input.pause_collection !== undefined)
      subscription.pause_collection = input.pause_collection
        ? { behavior: input.pause_collection.behavior as "void", resumes_at: input.pause_collection.resumes_at ?? null }
        : null;
    const { comment, feedback } = input.cancellation_details ?? {};
    if (comment !== undefined) subscription.cancellation_details.comment = comment || null;
    if (feedback !== undefined) subscription.cancellation_details.feedback = feedback || null;
    if (input.cancel_at_period_end !== undefined)
      setEnd(subscription, input.cancel_at_period_end ? paidUntil(subscription) : null, now, input.cancel_at_period_end);
    if (input.cancel_at !== undefined) setEnd(subscription, endAsked(subscription, input.cancel_at), now, false);
  });
}

function setEnd(subscription: Subscription, end: number | null, now: number, atPeriodEnd: boolean): void {
  subscription.cancel_at = end;
  subscription.cancel_at_period_end = atPeriodEnd;
  subscription.canceled_at = end === null ? null : now;
  subscription.cancellation_details.reason = end === null ? null : "cancellation_requested";
}

function endAsked(subscription: Subscription, asked: number | string | null): number | null {
  if (asked === "" || asked === null) return null;
  if (typeof asked === "number") return asked;
  const ends = subscription.items.data.map((item) => item.current_period_end);
  return asked === "max_period_end" ? Math.max(...ends) : Math.min(...ends);
}

/** The refusal of what only the attached schedule may decide. */
export function managed(subscription: Subscription): Error {
  return invalid(
    `The subscription is managed by the subscription schedule \`${subscription.schedule}\`, and updating any cancelation behavior directly is not allowed. Please update the schedule instead.`,
  );
}
