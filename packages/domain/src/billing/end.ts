import type Stripe from "stripe";
import type { World } from "../context.ts";
import { stripeFault } from "./stripe.ts";

/** A status of tomorrow counts as living. */
const over = new Set(["canceled", "incomplete_expired"]);

/**
 * Ends all that could ever bill a customer: open payment pages, planned changes, subscriptions. At once and without a refund of the period
 * that was paid. What was billed stays with Stripe. @throws Error while anything is seen to live
 */
export async function endSubscriptions(world: World, customer: string): Promise<void> {
  const stripe = await world.stripe();
  if ((await stripe.customers.retrieve(customer)).deleted) return;
  for await (const session of stripe.checkout.sessions.list({ customer, status: "open", limit: 100 }))
    await closeSession(stripe, session.id);
  for (const { id, schedule } of await living(stripe, customer)) {
    const attached = typeof schedule === "string" ? schedule : schedule?.id;
    // Stripe does not cancel what a schedule holds.
    if (attached) await stripe.subscriptionSchedules.release(attached, {}, { idempotencyKey: `rel:${attached}` });
    await stripe.subscriptions.cancel(id, { prorate: false, invoice_now: false });
  }
  const left = await living(stripe, customer);
  if (left.length > 0) throw new Error(`${left.map(({ id }) => id).join(", ")} of ${customer} did not end`);
}

async function living(stripe: Stripe, customer: string): Promise<Stripe.Subscription[]> {
  const found: Stripe.Subscription[] = [];
  for await (const subscription of stripe.subscriptions.list({ customer, status: "all", limit: 100 }))
    if (!over.has(subscription.status)) found.push(subscription);
  return found;
}

/** Deletes the customer, and with it the address and the cards; Stripe keeps invoices and payments. Done already is done. @throws Error unless it is seen to be gone */
export async function deleteCustomer(world: World, customer: string): Promise<void> {
  const stripe = await world.stripe();
  if ((await stripe.customers.retrieve(customer)).deleted) return;
  await stripe.customers.del(customer);
  if (!(await stripe.customers.retrieve(customer)).deleted) throw new Error(`${customer} was not deleted`);
}

/** Closes a payment page. One that was paid or ran out meanwhile is closed already. */
export async function closeSession(stripe: Stripe, session: string): Promise<void> {
  try {
    await stripe.checkout.sessions.expire(session);
  } catch (error) {
    if (stripeFault(error)?.type !== "StripeInvalidRequestError") throw error;
  }
}
