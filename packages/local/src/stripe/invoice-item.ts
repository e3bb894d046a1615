import type { Line } from "./line.ts";
import type { Subscription } from "./subscription.ts";
import type { World } from "./world.ts";

export interface InvoiceItem {
  id: string;
  object: "invoiceitem";
}

/** Take what waits to be billed with a subscription's next invoice. */
export function takePendingItems(_world: World, _subscription: Subscription): Line[] {
  return [];
}
