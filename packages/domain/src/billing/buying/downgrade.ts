import type Stripe from "stripe";
import type { Context } from "../../context.ts";
import { Problem } from "../../error.ts";
import { priceIdOf } from "../stripe/catalogue.ts";
import { atStripe } from "../stripe/errors.ts";
import type { PlanChange, Request, Subject } from "./plan-change.ts";

type Done = Pick<PlanChange, "status">;

/** Reuses an existing schedule: it holds an earlier choice, or a process died between the two calls. */
export async function planDowngrade(ctx: Context, subject: Subject, request: Request): Promise<Done> {
  const { stripe, subscription, item } = subject;
  if (subscription.pending_update) throw new Problem("billing.change_pending");
  const schedule = attached(subscription) ?? (await make(ctx, subject, request));
  const current = schedule.current_phase;
  if (!current) throw new Error(`the schedule ${schedule.id} has no current phase`);
  await atStripe(async () =>
    stripe.subscriptionSchedules.update(
      schedule.id,
      {
        end_behavior: "release",
        metadata: { tenant: ctx.tenant, plan: request.plan },
        proration_behavior: "none",
        phases: [
          { items: [{ price: item.price.id, quantity: 1 }], start_date: current.start_date, end_date: current.end_date },
          {
            items: [{ price: await priceIdOf(ctx, request.plan), quantity: 1 }],
            duration: { interval: "month", interval_count: 1 },
            proration_behavior: "none",
          },
        ],
      },
      { idempotencyKey: `dn2:${ctx.tenant}:${request.id}` },
    ),
  );
  return { status: "planned" };
}

export async function withdrawChange(ctx: Context, subject: Subject, request: Request): Promise<Done> {
  if (subject.subscription.pending_update) throw new Problem("billing.change_pending");
  await detachSchedule(subject, `rel:${ctx.tenant}:${request.id}`);
  return { status: "done" };
}

export async function detachSchedule({ stripe, subscription }: Subject, idempotencyKey: string): Promise<void> {
  const schedule = attached(subscription);
  if (schedule) await atStripe(() => stripe.subscriptionSchedules.release(schedule.id, {}, { idempotencyKey }));
}

const make = (ctx: Context, { stripe, subscription }: Subject, request: Request) =>
  atStripe(() =>
    stripe.subscriptionSchedules.create(
      { from_subscription: subscription.id },
      { idempotencyKey: `dn1:${ctx.tenant}:${request.id}` },
    ),
  );

/** Subjects are read with their schedule expanded. */
const attached = ({ schedule }: Stripe.Subscription) => (typeof schedule === "object" ? schedule : null);
