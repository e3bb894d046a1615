import * as z from "zod";

/** A message of the billing queue: which customer to sync, not what changed. Without `event` it is our own request. */
export const SyncRequest = z.object({
  event: z.string().optional(),
  type: z.string().optional(),
  object: z.string().optional(),
  customer: z.string().optional(),
  /** Disputes and refunds name a charge, not a customer. */
  charge: z.string().optional(),
  again: z.boolean().optional(),
});
export type SyncRequest = z.infer<typeof SyncRequest>;
