import type Stripe from "stripe";

/** Pinned in four places: here (and so the SDK's calls), the webhook endpoint, the SDK's own types and the local Stripe. */
export const API_VERSION = "2026-10-28.endive";

/**
 * The events the webhook endpoint is subscribed to, exactly. `invoice.created` is not among them on purpose: an endpoint that is slow or
 * failing there delays the finalization of every invoice by up to 72 hours. `invoice.payment_succeeded` does not come for payments made
 * outside Stripe; `invoice.paid` does.
 */
export const eventTypes = [
  "checkout.session.completed",
  "checkout.session.async_payment_succeeded",
  "checkout.session.async_payment_failed",
  "checkout.session.expired",
  "customer.deleted",
  "customer.subscription.created",
  "customer.subscription.updated",
  "customer.subscription.deleted",
  "customer.subscription.paused",
  "customer.subscription.resumed",
  "customer.subscription.pending_update_applied",
  "customer.subscription.pending_update_expired",
  "invoice.paid",
  "invoice.payment_failed",
  "invoice.payment_action_required",
  "invoice.finalization_failed",
  "invoice.voided",
  "invoice.marked_uncollectible",
  "subscription_schedule.released",
  "subscription_schedule.canceled",
  "subscription_schedule.aborted",
  "subscription_schedule.completed",
  "charge.dispute.created",
  "charge.dispute.closed",
  "refund.created",
] as const satisfies readonly Stripe.WebhookEndpointCreateParams.EnabledEvent[];

/** Whether a deployment handles real money. Only the stage `prod` does. */
export const livemodeOf = ({ stage }: { readonly stage: string }) => stage === "prod";

const heard = new Set<string>(eventTypes);
export const isHeard = (type: string) => heard.has(type);

/**
 * An event is only a doorbell: it says at whose account to look again and nothing of what is there. This is what the billing queue carries.
 * Without `event`, somebody of ours rings.
 */
export interface Doorbell {
  readonly event?: string | undefined;
  readonly type?: string | undefined;
  /** The object the event is about. */
  readonly object?: string | undefined;
  readonly customer?: string | undefined;
  /** Disputes and refunds name no customer, only their charge. */
  readonly charge?: string | undefined;
  /** Looks again even if the event was done with. */
  readonly again?: boolean | undefined;
}

type Part = Readonly<Record<string, unknown>>;

/** An id that stands by itself or in the object it names, if there is one. */
const idIn = (thing: unknown): string | undefined =>
  typeof thing === "string" ? thing : typeof thing === "object" && thing !== null ? idIn((thing as Part).id) : undefined;

/** The doorbell that a genuine event is, and the group in which one customer's keep their order. @throws Error for what is no event */
export function doorbellOf(event: Part): { bell: Doorbell; group: string } {
  const about = (event.data as Part | undefined)?.object as Part | undefined;
  const object = idIn(about);
  if (!about || object === undefined || typeof event.id !== "string" || typeof event.type !== "string")
    throw new Error("this is not an event of Stripe");
  const customer = about.object === "customer" ? object : idIn(about.customer);
  const charge = customer === undefined ? idIn(about.charge) : undefined;
  const bell = { event: event.id, type: event.type, object, ...(customer && { customer }), ...(charge && { charge }) };
  return { bell, group: customer ?? object };
}
