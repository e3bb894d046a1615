import type Stripe from "stripe";
import type { SyncRequest } from "./sync-request.ts";

/** Pinned in four places: here (for the SDK's calls), the webhook endpoint, the SDK's types and the local Stripe. */
export const API_VERSION = "2026-10-28.endive";

/**
 * `invoice.created` is missing on purpose: an endpoint that is slow or fails on it delays the finalization of every invoice by up to 72
 * hours. `invoice.payment_succeeded` is not sent for payments outside Stripe; `invoice.paid` is.
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

export const livemodeOf = ({ stage }: { readonly stage: string }) => stage === "prod";

const heard = new Set<string>(eventTypes);
export const isHeard = (type: string) => heard.has(type);

type Part = Readonly<Record<string, unknown>>;

const idIn = (thing: unknown): string | undefined =>
  typeof thing === "string" ? thing : typeof thing === "object" && thing !== null ? idIn((thing as Part).id) : undefined;

/** What an event becomes on the billing queue. `group` keeps one customer's messages in order. @throws Error for anything but an event */
export function syncRequestOf(event: Part): { request: SyncRequest; group: string } {
  const about = (event.data as Part | undefined)?.object as Part | undefined;
  const object = idIn(about);
  if (!about || object === undefined || typeof event.id !== "string" || typeof event.type !== "string")
    throw new Error("this is not an event of Stripe");
  const customer = about.object === "customer" ? object : idIn(about.customer);
  const charge = customer === undefined ? idIn(about.charge) : undefined;
  const request = { event: event.id, type: event.type, object, ...(customer && { customer }), ...(charge && { charge }) };
  return { request, group: customer ?? object };
}
