import type Stripe from "stripe";
import type { World } from "../../context.ts";
import { stripeFault } from "./errors.ts";
import { idOf, isLive } from "./objects.ts";

/** Ends everything that could bill a customer, at once and without a refund. @throws Error while anything is still live */
export async function endSubscriptions(world: World, customer: string): Promise<void> {
  const stripe = await world.stripe();
  if ((await stripe.customers.retrieve(customer)).deleted) return;
  for await (const session of stripe.checkout.sessions.list({ customer, status: "open", limit: 100 }))
    await closeSession(stripe, session.id);
  for (const { id, schedule } of await living(stripe, customer)) {
    const attached = idOf(schedule);
    // Stripe does not cancel a subscription that has a schedule.
    if (attached) await stripe.subscriptionSchedules.release(attached, {}, { idempotencyKey: `rel:${attached}` });
    await stripe.subscriptions.cancel(id, { prorate: false, invoice_now: false });
  }
  const left = await living(stripe, customer);
  if (left.length > 0) throw new Error(`${left.map(({ id }) => id).join(", ")} of ${customer} did not end`);
}

async function living(stripe: Stripe, customer: string): Promise<Stripe.Subscription[]> {
  const found: Stripe.Subscription[] = [];
  for await (const subscription of stripe.subscriptions.list({ customer, status: "all", limit: 100 }))
    if (isLive(subscription)) found.push(subscription);
  return found;
}

/** Stripe keeps invoices and payments. @throws Error unless the customer is gone afterwards */
export async function deleteCustomer(world: World, customer: string): Promise<void> {
  const stripe = await world.stripe();
  if ((await stripe.customers.retrieve(customer)).deleted) return;
  await stripe.customers.del(customer);
  if (!(await stripe.customers.retrieve(customer)).deleted) throw new Error(`${customer} was not deleted`);
}

/** A page that was paid or expired in the meantime is closed already. */
export async function closeSession(stripe: Stripe, session: string): Promise<void> {
  try {
    await stripe.checkout.sessions.expire(session);
  } catch (error) {
    if (stripeFault(error)?.type !== "StripeInvalidRequestError") throw error;
  }
}
