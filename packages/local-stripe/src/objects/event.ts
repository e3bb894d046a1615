/**
 * An event is a snapshot of one object at the moment something happened to it. Events are kept in the order they were generated;
 * they are delivered in no order at all.
 */
export interface StripeEvent {
  id: string;
  object: "event";
  api_version: string | null;
  created: number;
  data: { object: Record<string, unknown>; previous_attributes?: Record<string, unknown> };
  livemode: false;
  pending_webhooks: number;
  request: { id: string | null; idempotency_key: string | null } | null;
  type: string;
}
