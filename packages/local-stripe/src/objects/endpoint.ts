import type { Metadata } from "./parts.ts";

/** An address that hears of events: which, and in which version. Its secret is shown once, when it is made. */
export interface Endpoint {
  id: string;
  object: "webhook_endpoint";
  api_version: string | null;
  application: null;
  created: number;
  description: string | null;
  enabled_events: string[];
  livemode: false;
  metadata: Metadata;
  status: "enabled" | "disabled";
  url: string;
}

/**
 * The delivery of one event to one endpoint: `waiting` until an attempt is answered 2xx (`delivered`) or none is left (`failed`).
 * Deliveries run side by side and in no order. A dropped one never left, though the account cannot tell.
 */
export interface Delivery {
  id: string;
  event: string;
  type: string;
  endpoint: string;
  status: "waiting" | "delivered" | "failed" | "dropped";
  attempts: { at: number; status: number | null; error: string | null }[];
  /** When the next attempt is made, epoch milliseconds of the process's clock. */
  nextAt: number | null;
}
