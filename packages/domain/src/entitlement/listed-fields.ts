/**
 * What the due index has of an account, besides its keys, so that a comparison with Stripe reads no row. The cloud's table is made with it; other
 * rows in the index have those of the same names.
 */
export const listedFields = {
  kind: true,
  reason: true,
  plan: true,
  slotLimit: true,
  targetLimit: true,
  graceUntil: true,
  anchor: true,
  hold: true,
  periodEnd: true,
  cancelAt: true,
  pendingPlan: true,
  subscription: true,
  anomalies: true,
  customer: true,
} as const;
