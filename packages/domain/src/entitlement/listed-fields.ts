/** What the due index holds of an account, so that a comparison with Stripe reads no row. */
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
