import type { StripeEvent } from "../objects/event.ts";

/**
 * An endpoint hears events in the version it was made with, whatever the SDK speaks. Before `2025-03-31.basil` a subscription had its
 * period at the top, and an invoice named its subscription there; a receiver built for the pinned version has to notice.
 */
const basil = "2025-03-31";

type Wire = Record<string, unknown>;

/** An event as an endpoint of a version gets it. */
export function inVersion(event: StripeEvent, version: string | null): StripeEvent {
  const spoken = version ?? event.api_version;
  if (spoken === null || spoken >= basil) return { ...event, api_version: spoken };
  const object = structuredClone(event.data.object);
  if (object.object === "subscription") olderSubscription(object);
  if (object.object === "invoice") olderInvoice(object);
  return { ...event, api_version: spoken, data: { ...event.data, object } };
}

function olderSubscription(subscription: Wire): void {
  const items = (subscription.items as { data: Wire[] }).data;
  subscription.current_period_start = items[0]?.current_period_start;
  subscription.current_period_end = items[0]?.current_period_end;
  for (const item of items) {
    delete item.current_period_start;
    delete item.current_period_end;
  }
  delete subscription.billing_mode;
}

function olderInvoice(invoice: Wire): void {
  const parent = invoice.parent as { subscription_details?: { subscription: string } } | null;
  invoice.subscription = parent?.subscription_details?.subscription ?? null;
  invoice.paid = invoice.status === "paid";
  delete invoice.parent;
  for (const line of (invoice.lines as { data: Wire[] }).data) {
    const details = line.parent as {
      subscription_item_details: { proration: boolean; subscription: string; subscription_item: string } | null;
    };
    line.subscription = details.subscription_item_details?.subscription ?? null;
    line.subscription_item = details.subscription_item_details?.subscription_item ?? null;
    line.proration = details.subscription_item_details?.proration ?? false;
    line.type = details.subscription_item_details ? "subscription" : "invoiceitem";
    delete line.parent;
    delete line.pricing;
  }
}
